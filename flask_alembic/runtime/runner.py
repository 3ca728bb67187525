"""Runs: upgrade, downgrade and stamp, locked, planned, guarded and reported."""

from __future__ import annotations

import functools
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import HookError, NestedRun, UsageError
from ..hooks import specs
from ..hooks.payloads import Mode, Problem, ProgressEvent, RunResult
from ..script.graph import NeedsMap
from ..script.locations import require_folders
from ..script.targets import describe
from .connections import connected, current_heads
from .contexts import kept_connection
from .databases import choose
from .id_width import require_fitting
from .invocation import Invocation, invoked
from .planner import PlannedStep, adopt, plan, purge_step
from .progress import notify
from .request import (
    AFTERS,
    GUARDS,
    DatabaseRun,
    MigrationRequest,
    StepFailed,
    directions_of,
)
from .resume import check_unfinished, forget_unfinished, note_half_done
from .revision_arguments import revision_arguments
from .run_state import RunState
from .version_rows import unknown_heads

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..backends.base import Backend
    from ..hooks.payloads import Direction
    from ..script.loader import AppScriptDirectory
    from .databases import Database
    from .environment import Environment
    from .executor import DatabaseExecutor

logger = logging.getLogger("flask_alembic.runtime")

one_at_a_time: Final = threading.Lock()
"""Held while revisions run: ``alembic.op`` is one object for the whole process, so
two runs at once would write into each other's database."""


def execute_all(state: RunState) -> RunResult:
    """Run the steps of all databases.

    :param state: The run; its databases are connected, locked and planned.
    :raises MigrationFailed: When one stopped; ``result`` says what is done.
    """
    run, request = state.planned(), state.request
    parts: list[DatabaseExecutor] = []
    offset = 0
    for database_run in state.database_runs:
        if database_run.steps:
            # Not above: it imports Alembic, which is of no use where there is no work.
            from .executor import DatabaseExecutor

            parts.append(
                DatabaseExecutor(
                    state.environment, state.hooks, run, database_run, request, offset
                )
            )
            offset += len(database_run.steps)
        elif database_run.half_done:
            forget_unfinished(state.environment, database_run)
    with one_at_a_time:
        if (
            state.environment.settings.twophase
            and len(parts) > 1
            and not request.is_dry
        ):
            _together(state, parts)
        else:
            _one_by_one(state, parts)
    return state.result()


def _one_by_one(state: RunState, parts: Sequence[DatabaseExecutor]) -> None:
    for part in parts:
        try:
            heads = part.execute()
        except StepFailed as stopped:
            state.done += part.applied
            state.note_heads(part, stopped)
            raise state.stopped(stopped) from stopped.error
        except BaseException as error:
            # A second interrupt, while the database was asked after the first one.
            state.done += part.applied
            raise state.stopped(part.abandoned(error)) from error
        if not state.request.is_dry:
            state.heads_after[part.database_run.name] = heads
        state.done += part.applied


def _together(state: RunState, parts: Sequence[DatabaseExecutor]) -> None:
    from .two_phase import run_together

    try:
        state.heads_after.update(run_together(parts))
    except StepFailed as stopped:
        for part in parts:
            state.done += part.applied
            state.note_heads(part, stopped)
        raise state.stopped(stopped) from stopped.error
    for part in parts:
        state.done += part.applied


_running: ContextVar[str | None] = ContextVar("running", default=None)
"""What runs in this context, so that a hook cannot start a run inside a run."""


def run(environment: Environment, request: MigrationRequest) -> RunResult:
    """Run migrations as asked.

    :param environment: The app's environment; an app context must be active.
    :param request: What to do.
    :return: What was done; in ``plan`` mode, what would be.
    :raises MigrationFailed: When it stopped in the middle; ``result`` says where.
    :raises NestedRun: When a run is active in this context already.
    """
    options = {"target": describe(request.target), "mode": request.mode}
    if _running.get() is not None:
        raise NestedRun(
            f"{request.direction} was called inside a running {_running.get()}.",
            "A hook or a revision cannot start a run; do it after the command.",
        )
    token = _running.set(request.direction)
    state: RunState | None = None

    def failed(call: Invocation, error: BaseException) -> BaseException:
        return _failed(state or RunState(call, request), error)

    try:
        with invoked(
            environment, request.direction, failed, **options, **request.options
        ) as call:
            if request.direction != "stamp":
                given = revision_arguments(environment)
                request = replace(request, arguments={**given, **request.arguments})
            state = RunState(call, request)
            call.result = EXECUTORS[request.mode]().execute(state)
            call.run = call.result.run
            return call.result
    finally:
        _running.reset(token)


def _failed(state: RunState, error: BaseException) -> BaseException:
    """Send ``run_failed``, and return the error with what the run has changed.

    Nothing is locked or connected any more.
    """
    explained = state.explain(error)
    if state.is_executed:
        try:
            state.hooks.event(
                specs.run_failed,
                run=state.planned(),
                result=state.failure_result(explained),
                error=explained,
            )
        except BaseException as interrupt:
            # A second Ctrl-C ends the delivery; what is raised says what was changed.
            logger.debug("The delivery of run_failed was ended", exc_info=interrupt)
    return explained


class Executor(ABC):
    """How a run of one mode is executed; chosen once for each run."""

    @abstractmethod
    def execute(self, state: RunState) -> RunResult:
        """Do the work of a run.

        :param state: The run, as it was asked for.
        """


class SqlExecutor(Executor):
    """Write the SQL of a run; no database is connected."""

    def execute(self, state: RunState) -> RunResult:
        """Return the SQL text as the result's ``sql``."""
        from .offline import run_offline

        with one_at_a_time:
            return run_offline(state.call, state.request)


class ConnectedExecutor(Executor):
    """Connect the databases, plan the steps and ask the guards."""

    directions: tuple[Direction, ...] = ()
    """The directions of the plan, whose guards were asked."""

    def execute(self, state: RunState) -> RunResult:
        """Plan, guard and work while the databases are connected."""
        environment, request = state.environment, state.request
        require_folders(environment.locations)
        # One history for the whole run, read only if there is anything to do.
        scripts = functools.cache(environment.scripts)
        with ExitStack() as stack:
            for database in choose(environment.databases(), request.databases):
                state.database = database.name
                self.check_backend(database, database.backend)
                state.database_runs.append(_joined(stack, state, database, scripts))
            self.take_locks(state, stack, scripts)
            state.database = ""
            self.directions = directions_of(
                request, (one.steps for one in state.database_runs)
            )
            run = state.call.run = state.planned(self.directions[-1])
            notify(state.hooks, ProgressEvent("planned", run.id, total=len(run.plan)))
            for direction in self.directions:
                state.hooks.guard(GUARDS[direction], run=run)
            return self.work(state)

    def check_backend(self, database: Database, backend: Backend) -> None:
        """Refuse a database on which this mode is not possible.

        :param database: The database, not connected yet.
        :param backend: What is known of its kind.
        """

    def take_locks(
        self,
        state: RunState,
        stack: ExitStack,
        scripts: Callable[[], AppScriptDirectory],
    ) -> None:
        """Take the locks that the work needs.

        :param state: The run; its databases are connected and planned.
        :param stack: Holds the locks until the end of the run.
        :param scripts: Gives the history.
        """

    @abstractmethod
    def work(self, state: RunState) -> RunResult:
        """Do what the guards have agreed to.

        :param state: The run; its databases are connected, locked and planned.
        """


class PlanExecutor(ConnectedExecutor):
    """Plan only: nothing is locked, nothing is executed."""

    def work(self, state: RunState) -> RunResult:
        """Return the plan."""
        run = state.planned()
        return RunResult(run, heads_before=run.heads, heads_after=run.heads)


class DryRunExecutor(ConnectedExecutor):
    """Execute the revisions and roll all of it back."""

    def check_backend(self, database: Database, backend: Backend) -> None:
        """Refuse a database that cannot roll DDL back."""
        if not backend.transactional_ddl:
            raise UsageError(
                f"A dry run is not possible in database {database.name!r}: "
                f"{database.engine.dialect.name} commits DDL as it goes.",
                "Use --plan or --sql.",
            )

    def take_locks(
        self,
        state: RunState,
        stack: ExitStack,
        scripts: Callable[[], AppScriptDirectory],
    ) -> None:
        """Take the locks if anything is to be done."""
        if _work_to_do(state):
            _lock(state, stack, scripts)
            _check_unfinished(state)

    def work(self, state: RunState) -> RunResult:
        """Execute the steps and roll them back."""
        return _around(state)


class OnlineExecutor(ConnectedExecutor):
    """Execute the revisions and commit them."""

    def execute(self, state: RunState) -> RunResult:
        """Do the work, then notify of it once the locks are released."""
        result = super().execute(state)
        state.call.run, state.call.result = result.run, result
        for direction in self.directions:
            state.hooks.event(AFTERS[direction], run=result.run, result=result)
        return result

    def take_locks(
        self,
        state: RunState,
        stack: ExitStack,
        scripts: Callable[[], AppScriptDirectory],
    ) -> None:
        """Take the locks if anything is to be done, a partial revision included."""
        environment, runs = state.environment, state.database_runs
        if note_half_done(environment, runs, state.request) or _work_to_do(state):
            _lock(state, stack, scripts)
            note_half_done(environment, runs, state.request)
            _check_unfinished(state)

    def work(self, state: RunState) -> RunResult:
        """Execute the steps."""
        return _around(state)


EXECUTORS: Final[Mapping[Mode, type[Executor]]] = {
    Mode.ONLINE: OnlineExecutor,
    Mode.DRY_RUN: DryRunExecutor,
    Mode.SQL: SqlExecutor,
    Mode.PLAN: PlanExecutor,
}
"""The executor of each mode."""


def _check_unfinished(state: RunState) -> None:
    request = state.request
    if request.direction == "stamp":
        return
    for database_run in state.database_runs:
        state.database = database_run.name
        check_unfinished(
            state.environment,
            database_run,
            resume=request.resume,
            happened=request.last_statement_applied,
        )


def _joined(
    stack: ExitStack,
    state: RunState,
    database: Database,
    scripts: Callable[[], AppScriptDirectory],
) -> DatabaseRun:
    """Connect a database, read where it is and plan its steps."""
    backend = database.backend
    kept = _kept(state.environment, database.name)
    connection = kept or stack.enter_context(
        connected(state.environment, state.hooks, database)
    )
    database_run = DatabaseRun(
        database, connection, backend, (), is_prepared=kept is not None
    )
    _plan(database_run, state, scripts)
    return database_run


def _kept(environment: Environment, name: str) -> Connection | None:
    """Return the connection on which ``run_migrations`` of a subclass has worked.

    It stays open for the app context: what was set on it holds afterwards too.
    """
    if not environment.is_overridden("run_migrations"):
        return None
    connection = kept_connection(environment, name)
    if connection is not None and connection.in_transaction():
        connection.commit()
    return connection


def _plan(
    database_run: DatabaseRun,
    state: RunState,
    scripts: Callable[[], AppScriptDirectory],
) -> None:
    """Read the heads of a database and plan its steps; no transaction stays open."""
    environment, request = state.environment, state.request
    heads = current_heads(
        environment,
        database_run.database,
        database_run.connection,
        is_limited=not database_run.is_prepared,
    )
    database_run.connection.rollback()
    if database_run.is_planned and heads == database_run.heads:
        return  # Nobody was faster while the lock was waited for.
    database_run.heads, database_run.is_planned = heads, False
    if is_done(environment, database_run.heads, request):
        database_run.steps = []
        return
    database_run.scripts = scripts()
    if _is_ahead(state, database_run):
        database_run.steps, database_run.is_planned = [], True
        return
    if request.plan_function is not None:
        database_run.steps = _steps_of(database_run, environment, request.plan_function)
    else:
        start = () if request.purge else heads
        database_run.steps = plan(
            database_run.scripts,
            database_run.name,
            start,
            request.target,
            request.direction,
        )
        if request.purge and heads and not database_run.steps:
            database_run.steps = [purge_step(database_run.name, heads)]
    require_fitting(
        environment, database_run.database, database_run.steps, database_run.connection
    )
    database_run.is_planned = True


def _is_ahead(state: RunState, database_run: DatabaseRun) -> bool:
    """Return whether newer code has been at a database, and that is no reason to fail.

    It is a problem of the command, a warning.
    """
    request = state.request
    if request.direction != "upgrade" or request.target not in ("heads", "head"):
        return False
    name = database_run.name
    if not state.environment.settings.of("accept_unknown_revisions", name):
        return False
    assert database_run.scripts is not None
    unknown = unknown_heads(database_run.scripts, database_run.heads)
    if not unknown:
        return False
    problem = Problem(
        "unknown-revision",
        f"The database {name!r} is at {', '.join(unknown)}, which matches no revision "
        "file; nothing is run, as ALEMBIC['accept_unknown_revisions'] says.",
        "warning",
        database=name,
    )
    if problem not in state.call.problems:
        state.call.problems = (*state.call.problems, problem)
    return True


def is_done(
    environment: Environment, heads: tuple[str, ...], request: MigrationRequest
) -> bool:
    """Return whether the index alone tells that an upgrade has nothing to do.

    :param environment: The app's environment.
    :param heads: Where the database is.
    :param request: What was asked for.
    """
    if request.direction != "upgrade" or request.target != "heads":
        return False
    if request.plan_function is not None:
        return False
    try:
        graph = environment.graph()
    except NeedsMap:
        return False
    return set(heads) == set(graph.real_heads())


def _steps_of(
    database_run: DatabaseRun,
    environment: Environment,
    plan_function: Callable[[Any, Any], Iterable[Any] | None],
) -> list[PlannedStep]:
    """Return the steps that a function of the app's gives."""
    context = environment.environment_context(
        database_run.database, database_run.scripts, database_run.connection
    )
    steps = plan_function(database_run.heads, context.get_context()) or ()
    planned = [adopt(step, database_run.name) for step in steps]
    database_run.connection.rollback()
    return planned


def _work_to_do(state: RunState) -> bool:
    return any(database_run.steps for database_run in state.database_runs)


def _lock(
    state: RunState,
    stack: ExitStack,
    scripts: Callable[[], AppScriptDirectory],
) -> None:
    """Take the locks, in declared order, and plan again under them."""
    if not state.request.lock:
        return
    for database_run in state.database_runs:
        state.database = database_run.name
        lock = state.hooks.firstresult(
            specs.migration_lock,
            database=database_run.name,
            connection=database_run.connection,
        )
        if lock is not None:
            stack.enter_context(lock)
        _plan(database_run, state, scripts)


def _around(state: RunState) -> RunResult:
    """Do the work inside the ``run_migrations`` wrappers."""

    def execute() -> RunResult:
        state.finished = execute_all(state)
        return state.finished

    result = state.hooks.wrapper(specs.run_migrations, execute, run=state.planned())
    if state.failed is not None:
        # A wrapper has swallowed the failure, which does not undo it.
        raise state.failed
    if state.finished is None or result is not state.finished:
        raise HookError(
            "A wrapper of run_migrations did not return the result it was given.",
            "A wrapper must end with: return (yield).",
            hook="run_migrations",
        )
    return state.finished
