"""The hooks: what is written when, in which transaction, and when it is delivered.

Written
    In ``apply_revision``, on the connection of the run, after ``upgrade()`` or
    ``downgrade()`` and before the version row: a message ``revision_applied`` for each
    revision, and after the last one of a database a message ``run_finished``. They commit
    with the version row or not at all.
Delivered
    In ``after_command``: the lock is released and the connections are closed. What goes
    wrong there changes nothing and stays in the table for ``flask db outbox deliver``, as
    does what a process that was killed had not delivered.

MySQL and MariaDB commit each DDL statement by itself. What holds there: messages and version
row are written in one transaction after the last statement, so there is a message exactly
when the version has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from flask_alembic.hooks import Veto, hookimpl

from .errors import SettingsError
from .settings import Settings, load

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.cli import AlembicGroup, Writer
    from flask_alembic.hooks import Finding, Report, Run, Step, StepResult

STASH = "outbox.done"
"""Where a run keeps the steps that it has done."""


def _writing(app: Flask, run: Run) -> Settings | None:
    """Return the settings, where messages are to be written for a run."""
    return load(app) if run.mode == "online" else None


@hookimpl
def before_upgrade(app: Flask) -> None:
    """Refuse an upgrade whose messages could not be written as it is set."""
    _check(app)


@hookimpl
def before_downgrade(app: Flask) -> None:
    """Refuse a downgrade whose messages could not be written as it is set."""
    _check(app)


@hookimpl
def before_stamp(app: Flask) -> None:
    """Refuse a stamp whose messages could not be written as it is set."""
    _check(app)


def _check(app: Flask) -> None:
    try:
        load(app)
    except SettingsError as error:
        raise Veto(str(error)) from error


@hookimpl(wrapper=True)
def apply_revision(
    app: Flask, run: Run, step: Step, connection: Connection | None
) -> Generator[None, StepResult, StepResult]:
    """Write what the revision says, in its own transaction."""
    settings = _writing(app, run)
    if settings is None or connection is None:
        return (yield)
    from .message import REVISION_APPLIED, RUN_FINISHED, body_of
    from .table import OutboxTable

    table = OutboxTable(settings, connection, step.database)
    table.create()
    result = yield
    done = run.stash.setdefault(STASH, [])
    done.append((step, result.elapsed))
    mine = [each for each in done if each[0].database == step.database]
    table.add(REVISION_APPLIED, run.id, body_of(run, mine[-1:]))
    last = [each for each in run.plan if each.database == step.database][-1]
    if step == last:
        table.add(RUN_FINISHED, run.id, body_of(run, mine))
    return result


@hookimpl
def after_command(app: Flask, report: Report) -> None:
    """Deliver what the run has committed, and what was left from before."""
    run = report.run
    if run is None:
        return
    settings = _writing(app, run)
    if settings is None or not settings.deliver:
        return
    if report.error is not None and not (report.result and report.result.changed):
        return
    from .delivery import deliver

    deliver(app, settings, run.databases).require_all()


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
def diagnose(
    app: Flask, database: str | None, connection: Connection | None
) -> Iterable[Finding]:
    """Report messages that were not delivered, for ``flask db doctor``."""
    settings = load(app)
    if settings is None or database is None or connection is None:
        return ()
    from flask_alembic.hooks import Finding

    from .table import OutboxTable

    table = OutboxTable(settings, connection, database)
    number = len(table.undelivered()) if table.exists() else 0
    if not number:
        return ()
    what = "1 message is" if number == 1 else f"{number} messages are"
    return (
        Finding(
            "undelivered",
            f"{what} in the outbox of database {database!r} and not delivered.",
            "flask db outbox deliver",
            database,
        ),
    )


@hookimpl
def register_commands(cli: AlembicGroup) -> None:
    """Add ``flask db outbox``."""
    cli.add_lazy(
        "outbox",
        "flask_alembic_outbox.commands:outbox",
        help="Show, deliver or purge messages.",
    )


@hookimpl
def report_views() -> Mapping[str, Callable[[Report, Writer], None]]:
    """Return what the terminal prints for ``outbox``."""
    from .commands import show_outbox

    return {"outbox": show_outbox}
