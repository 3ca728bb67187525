"""A run as it is asked for, and as hooks get to see it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..hooks import specs
from ..hooks.payloads import Direction, Mode, Run, RunFailure, Step
from ..script.targets import describe

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..backends.base import Backend
    from ..script.loader import AppScriptDirectory
    from .databases import Database
    from .planner import PlannedStep

GUARDS: Final = {
    "upgrade": specs.before_upgrade,
    "downgrade": specs.before_downgrade,
    "stamp": specs.before_stamp,
}
AFTERS: Final = {
    "upgrade": specs.after_upgrade,
    "downgrade": specs.after_downgrade,
    "stamp": specs.after_stamp,
}


@dataclass(frozen=True, slots=True)
class MigrationRequest:
    """A run as it was asked for."""

    direction: Direction
    """Which way."""

    target: Any
    """Where to."""

    mode: Mode = Mode.ONLINE
    """How it is executed."""

    databases: tuple[str, ...] = ()
    """Which databases; all for none."""

    lock: bool = True
    """Whether to hold the lock."""

    force: bool = False
    """Whether to go on where ``ALEMBIC["protected"]`` refuses."""

    purge: bool = False
    """Whether a stamp empties the version table first."""

    resume: bool = False
    """Whether to go on with a revision that is partially applied."""

    last_statement_applied: bool | None = None
    """Whether the statement that an interrupted run left uncertain took effect."""

    tag: str | None = None
    """What ``context.get_tag_argument()`` gives to revisions."""

    x_arguments: tuple[str, ...] = ()
    """What ``context.get_x_argument()`` gives to revisions."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Extra arguments for ``upgrade()`` and ``downgrade()``."""

    plan_function: Callable[[Any, Any], Iterable[Any] | None] | None = None
    """What gives Alembic's steps instead of ``target``."""

    @property
    def is_dry(self) -> bool:
        """Whether everything is rolled back at the end."""
        return self.mode is Mode.DRY_RUN

    @property
    def for_revisions(self) -> dict[str, Any]:
        """What revisions read through ``alembic.context``.

        They are arguments of ``Environment.environment_context``; those that it does not
        know itself become options of the context.
        """
        return {
            "x_arguments": self.x_arguments,
            "tag": self.tag,
            "destination_rev": describe(self.target),
        }

    @property
    def options(self) -> dict[str, Any]:
        """What hooks see beside target and mode."""
        shown = ("databases", "lock", "force", "purge", "resume", "tag", "x_arguments")
        return {name: getattr(self, name) for name in shown}


def make_run(
    request: MigrationRequest,
    plans: Mapping[str, Sequence[PlannedStep]],
    heads: Mapping[str, tuple[str, ...]],
) -> Run:
    """Return the run as hooks see it.

    :param request: What was asked for.
    :param plans: The steps by database, in declared order.
    :param heads: Where each database is.
    """
    return Run(
        id=uuid.uuid4().hex[:12],
        operation=request.direction,
        target=describe(request.target),
        mode=request.mode,
        plan=tuple(planned.step for steps in plans.values() for planned in steps),
        heads=dict(heads),
        options=request.options,
        is_baseline=request.direction == "stamp" and not any(heads.values()),
    )


def directions_of(
    request: MigrationRequest, plans: Iterable[Sequence[PlannedStep]]
) -> tuple[Direction, ...]:
    """Return the directions whose guards and reports a run has; the last names it.

    That is what was asked for, unless a function of the app's has planned the steps:
    it may go down, or up and down.

    :param request: What was asked for.
    :param plans: The steps of each database.
    """
    if request.plan_function is None:
        return (request.direction,)
    planned = {step.step.direction for steps in plans for step in steps}
    order: tuple[Direction, ...] = ("stamp", "upgrade", "downgrade")
    return tuple(one for one in order if one in planned) or (request.direction,)


class StepFailed(Exception):
    """A database's part of a run stopped; carries what to report."""

    def __init__(
        self,
        error: BaseException,
        failure: RunFailure,
        heads: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.failure = failure
        self.heads = heads
        """What the version table says now; ``None`` if it could not be read."""


@dataclass
class DatabaseRun:
    """A database that takes part in a run."""

    database: Database
    connection: Connection
    backend: Backend
    heads: tuple[str, ...]
    """The rows of its version table, those that a stamp purges too."""
    steps: list[PlannedStep] = field(default_factory=list)
    scripts: AppScriptDirectory = field(init=False)
    is_planned: bool = False
    """Whether ``steps`` lead on from ``heads``."""
    half_done: str | None = None
    """The revision that an earlier run left half done, where a stamp ends that."""
    is_prepared: bool = False
    """Whether ``run_migrations`` of a subclass has worked on the connection."""

    @property
    def name(self) -> str:
        """The name of the database."""
        return self.database.name


def not_started(
    database_runs: Sequence[DatabaseRun], begun: Collection[Step | None]
) -> tuple[Step, ...]:
    """Return the planned steps that were never begun.

    :param database_runs: The databases of the run.
    :param begun: The steps that were.
    """
    return tuple(
        planned.step
        for database_run in database_runs
        for planned in database_run.steps
        if planned.step not in begun
    )
