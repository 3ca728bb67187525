"""The hooks: when a backup is taken.

In ``run_migrations``: the guards have consented, the locks are held, and no transaction is
open, so that no other migration runs between the backup and the run. What the application
itself writes in that time is not in the backup: the lock does not keep it away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING

from flask_alembic.hooks import Veto, hookimpl

from .errors import SettingsError
from .settings import Settings, load

if TYPE_CHECKING:
    from flask import Flask

    from flask_alembic.cli import AlembicGroup, Writer
    from flask_alembic.hooks import Report, Run, RunResult


@hookimpl
def before_upgrade(app: Flask) -> None:
    """Refuse an upgrade where the settings are wrong."""
    _check(app)


@hookimpl
def before_downgrade(app: Flask) -> None:
    """Refuse a downgrade where the settings are wrong."""
    _check(app)


def _check(app: Flask) -> None:
    try:
        load(app)
    except SettingsError as error:
        raise Veto(str(error)) from error


@hookimpl(wrapper=True)
def run_migrations(app: Flask, run: Run) -> Generator[None, RunResult, RunResult]:
    """Take a backup of each database in which the run loses data."""
    settings = load(app) if run.mode == "online" else None
    if settings is not None:
        _back_up(app, run, settings)
    return (yield)


def _back_up(app: Flask, run: Run, settings: Settings) -> None:
    from .operations import losses

    reasons: dict[str, str] = {}
    for step in run.plan:
        for loss in losses(step) if step.database not in reasons else ():
            if loss.known or settings.unknown:
                reasons[step.database] = f"{step.revision}: {loss.reason}"
                break
    if not reasons:
        return
    import click

    from .files import has_tables, take

    for database, reason in reasons.items():
        if has_tables(app, database):
            backup = take(app, settings, database, run.id)
            held = "not read back: it was written by your command"
            if backup.tables is not None:
                held = f"{backup.tables} tables"
                held += f", {backup.rows} rows" if backup.rows is not None else ""
            click.echo(
                f"Backup of {database} ({reason}): {backup.path} ({held})", err=True
            )


@hookimpl
def register_commands(cli: AlembicGroup) -> None:
    """Add ``flask db restore``."""
    cli.add_lazy(
        "restore", "flask_alembic_backup.commands:restore", help="Restore a backup."
    )


@hookimpl
def report_views() -> Mapping[str, Callable[[Report, Writer], None]]:
    """Return what the terminal prints for ``restore``."""
    from .commands import show_restore

    return {"restore": show_restore}
