"""A signal receiver: the app's log tells of each upgrade that changed something."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_alembic.hooks import RunResult
from flask_alembic.signals import after_upgrade


def tell_the_log(app: Flask, result: RunResult, **extra: Any) -> None:
    if result.applied:
        newest = result.applied[-1].step
        count = len(result.applied)
        app.logger.info("New revisions: %d, the last is: %s", count, newest.doc)


def init_app(app: Flask) -> None:
    # blinker keeps weak references: connect a function that stays, not a lambda.
    after_upgrade.connect(tell_the_log, sender=app)
