"""An app that uses the extension, its results and its signals, fully typed."""

from __future__ import annotations

from typing import Any

from alembic.script import Script
from flask import Flask
from sample_plugin import plugin
from typing_extensions import assert_type

from flask_alembic import Alembic, AlembicError
from flask_alembic.errors import MigrationFailed
from flask_alembic.hooks import Run, RunResult
from flask_alembic.hooks.signals import after_upgrade, before_upgrade

alembic = Alembic(plugins=[plugin])


def create_app() -> Flask:
    app = Flask("sample")
    alembic.init_app(app)
    before_upgrade.connect(announce, app)
    return app


def announce(app: Flask, run: Run, **extra: Any) -> None:
    print(app.name, run.target, [step.revision for step in run.plan])


@after_upgrade.connect
def count(app: Flask, run: Run, result: RunResult, **extra: Any) -> None:
    print(f"{len(result.applied)} applied")


def migrate(app: Flask) -> int:
    with app.app_context():
        try:
            result = alembic.upgrade()
            assert_type(result, RunResult)
            assert_type(alembic.current(), list[Script])
            assert_type(alembic.needs_upgrade(), bool)
            alembic.op.drop_table("old")
            return len(result.applied)
        except MigrationFailed as failed:
            print(failed, failed.advice)
        except AlembicError as error:
            return error.exit_code
    return 0
