"""Revisions as the SQL that they would send, database by database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...hooks.payloads import Direction, Mode, StepResult
from ...runtime.databases import choose
from ...runtime.invocation import invoked
from ...runtime.offline import sql_text
from ...runtime.planner import PlannedStep, planned_step
from ...runtime.request import MigrationRequest
from ...runtime.revision_arguments import revision_arguments
from ...runtime.runner import one_at_a_time
from ...script.targets import describe
from .queries import named

if TYPE_CHECKING:
    from alembic.script import Script

    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory


@dataclass(frozen=True, slots=True)
class RevisionSQL:
    """What a revision would send to one database.

    .. versionadded:: 4.0
    """

    revision: str
    """The id of the revision."""

    database: str
    """The name of the database."""

    direction: Direction
    """Which way."""

    sql: str
    """The text, its transaction and its version row included."""


def revision_sql(
    environment: Environment,
    revisions: Any,
    databases: Sequence[str] = (),
    *,
    direction: Direction = "upgrade",
    x_arguments: Sequence[str] = (),
) -> list[RevisionSQL]:
    """Return what revisions would send; no database is connected and no hook called.

    :param environment: The app's environment; an app context must be active.
    :param revisions: As for :func:`~flask_alembic.commands.history.queries.show`.
    :param databases: For which databases; all for none.
    :param direction: ``upgrade`` or ``downgrade``.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    :raises MigrationFailed: When one cannot be written as SQL.
    """
    options = {"revisions": describe(revisions), "databases": tuple(databases)}
    with invoked(environment, "show", **options, sql=True) as call:
        scripts = environment.scripts()
        call.scripts = tuple(named(call, scripts, revisions))
        request = MigrationRequest(
            direction,
            "",
            mode=Mode.SQL,
            x_arguments=tuple(x_arguments),
            arguments=revision_arguments(environment),
        )
        chosen = choose(environment.databases(), databases)
        found: list[RevisionSQL] = []
        with one_at_a_time:
            for script in call.scripts:
                for database in chosen:
                    step = planned_step(scripts, script, database.name, direction)
                    start = _start(scripts, script, direction)
                    text = sql_text(
                        environment, scripts, database, [step], start, request, _plainly
                    )
                    one = RevisionSQL(script.revision, database.name, direction, text)
                    found.append(one)
        call.data = {"sql": found}
        return found


def _plainly(
    planned: PlannedStep, work: Callable[[], StepResult], impl: object
) -> None:
    """Call the function of a revision with nothing around it."""
    work()


def _start(
    scripts: AppScriptDirectory, script: Script, direction: Direction
) -> tuple[str, ...]:
    """Return where a database is just before a revision runs."""
    if direction == "downgrade":
        return (script.revision,)
    down = script.down_revision or ()
    return (down,) if isinstance(down, str) else tuple(down)
