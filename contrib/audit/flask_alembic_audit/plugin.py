"""The hooks: what is written when, and in which transaction.

Done
    In ``apply_revision``, on the connection of the run, after ``upgrade()`` or
    ``downgrade()`` and before the version row: the three commit together or not at
    all. Where the table is missing it is created in the same transaction. Stamps too.
Failed
    From ``after_command``: the rollback is over, the lock released and the connections
    closed, so the row has a connection of its own even where the pool has only one.
Changed files
    In ``lint_problems``, which ``flask db check`` and ``flask db lint`` call, and in
    ``diagnose``, which ``flask db doctor`` calls.

MySQL and MariaDB commit each DDL statement by itself, so a revision is not atomic
there. What holds: the row and the version row are written in one transaction after the
last statement, so there is a row with ``done`` exactly when the version has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from flask_alembic.hooks import Veto, hookimpl

from .settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.cli import AlembicGroup, Writer
    from flask_alembic.hooks import (
        Finding,
        LintTarget,
        Problem,
        Report,
        Run,
        Step,
        StepResult,
    )


def _writing(app: Flask, run: Run) -> Settings | None:
    """Return the settings, where rows are to be written for a run."""
    settings = load(app)
    if settings is None or not settings.write or run.mode != "online":
        return None
    return settings


@hookimpl
def before_upgrade(app: Flask) -> None:
    """Refuse an upgrade whose history could not be written as it is set."""
    _check(app)


@hookimpl
def before_downgrade(app: Flask) -> None:
    """Refuse a downgrade whose history could not be written as it is set."""
    _check(app)


@hookimpl
def before_stamp(app: Flask) -> None:
    """Refuse a stamp whose history could not be written as it is set."""
    _check(app)


def _check(app: Flask) -> None:
    try:
        load(app)
    except SettingsError as error:
        raise Veto(str(error)) from error


@hookimpl(wrapper=True, tryfirst=True)
def apply_revision(
    app: Flask, run: Run, step: Step, connection: Connection | None
) -> Generator[None, StepResult, StepResult]:
    """Write a row in the transaction of the revision."""
    settings = _writing(app, run)
    if settings is None or connection is None:
        return (yield)
    from .history import History

    history = History.of(app, settings, run)
    table = history.begin(connection, step)
    try:
        result = yield
    finally:
        history.end(step)
    table.add(history.entry(step))
    return result


@hookimpl
def after_command(report: Report) -> None:
    """Write the row of a failure, and forget what the command has read."""
    from .changes import forget

    forget()
    run, result = report.run, report.result
    if run is None or result is None or result.failure is None:
        return
    from .history import STASH, History

    history = run.stash.get(STASH)  # only there where rows are written
    if isinstance(history, History):
        history.failed(result.failure)


@hookimpl
def before_command() -> None:
    """Forget what a command before has read in the same app context."""
    from .changes import forget

    forget()


@hookimpl
def include_name(
    app: Flask,
    name: str | None,
    type_: str,
    parent_names: MutableMapping[str, str | None],
) -> bool | None:
    """Keep the table out of autogenerate, which would drop it."""
    if type_ != "table":
        return None
    settings = load(app)
    if settings is None or name != settings.table:
        return None
    schema = parent_names.get("schema_name")
    return None if schema and settings.schema and schema != settings.schema else False


@hookimpl
def lint_problems(app: Flask, target: LintTarget) -> Iterable[Problem]:
    """Report a file that has changed since it was applied."""
    settings = load(app)
    if settings is None:
        return ()
    from .changes import problems

    return problems(app, settings, target)


@hookimpl
def diagnose(
    app: Flask, database: str | None, connection: Connection | None
) -> Iterable[Finding]:
    """Report files that have changed since they were applied, for ``flask db doctor``."""
    settings = load(app)
    if settings is None or database is None or connection is None:
        return ()
    from .changes import findings

    return findings(app, settings, database, connection)


@hookimpl
def register_commands(cli: AlembicGroup) -> None:
    """Add ``flask db audit`` and ``flask db audit-accept``."""
    module = "flask_alembic_audit.commands"
    cli.add_lazy(
        "audit", f"{module}:audit", help="Show what was done to the databases."
    )
    cli.add_lazy(
        "audit-accept",
        f"{module}:audit_accept",
        help="Take files of applied revisions as they are now.",
    )


@hookimpl
def report_views() -> Mapping[str, Callable[[Report, Writer], None]]:
    """Return what the terminal prints for ``audit`` and ``audit-accept``."""
    from .commands import show_audit, show_audit_accept

    return {"audit": show_audit, "audit-accept": show_audit_accept}
