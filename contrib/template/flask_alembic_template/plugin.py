"""The hooks. Each takes the arguments it wants, by name, in any number."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask_alembic.hooks import Veto, hookimpl

from .settings import SETTING, SettingError, limit

if TYPE_CHECKING:
    import click
    from flask import Flask
    from flask_alembic.hooks import Run, RunResult

logger = logging.getLogger("flask_alembic_template")


@hookimpl
def before_upgrade(app: Flask, run: Run) -> None:
    """Refuse a run that is too long: a guard may, and nothing has begun yet."""
    try:
        allowed = limit(app)
    except SettingError as error:
        raise Veto(error.message) from error
    if allowed is not None and len(run.plan) > allowed:
        raise Veto(
            f"it would apply {len(run.plan)} revisions, and {SETTING} allows {allowed}"
        )


@hookimpl
def after_upgrade(app: Flask, result: RunResult) -> None:
    """Hear what was done: too late to change anything, and certain to be true."""
    if limit(app) is not None:
        logger.info("%s revisions applied", len(result.applied))


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add a command to the group."""
    from .command import command

    cli.add_command(command)
