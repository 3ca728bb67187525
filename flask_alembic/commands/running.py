"""Doing it: upgrade, downgrade and stamp, locked, planned, guarded and told."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..dialects import backend_for
from ..environment.databases import choose
from ..environment.graph import NeedsMap
from ..environment.locations import require_folders
from ..environment.progress import Progress, tell
from ..errors import HookError, MigrationFailed, NestedRun, Refused, UsageError
from ..hooks import specs
from ..hooks.payloads import Run, RunResult
from .connecting import connected, current_heads
from .interrupting import termination_raises
from .invocation import Invocation, invoked
from .members import Member
from .planning import PlannedStep, adopt, plan
from .requests import AFTERS, GUARDS, Request, make_run
from .resuming import check_unfinished, note_half_done
from .targets import describe
from .widths import require_fitting
from .working import one_at_a_time, work_through

if TYPE_CHECKING:
    from ..environment.objects import Environment
    from ..environment.scripts import Scripts

_running: ContextVar[str | None] = ContextVar("running", default=None)
"""What runs in this context, so that a hook cannot start a run inside a run."""


def run(environment: Environment, request: Request) -> RunResult:
    """Run migrations as asked.

    :param environment: The app's environment; an app context must be active.
    :param request: What to do.
    :return: What was done; in ``plan`` mode, what would be.
    :raises MigrationFailed: When it stopped in the middle; ``result`` says where.
    :raises NestedRun: When a run is at work in this context already.
    """
    options = {"target": describe(request.target), "mode": request.mode}
    if _running.get() is not None:
        raise NestedRun(
            f"{request.direction} was called inside a running {_running.get()}.",
            "A hook or a revision cannot start a run; do it after the command.",
        )
    token = _running.set(request.direction)
    try:
        with invoked(
            environment, request.direction, **options, **request.options
        ) as call:
            call.result = _run(call, request)
            call.run = call.result.run
            return call.result
    finally:
        _running.reset(token)


def _run(call: Invocation, request: Request) -> RunResult:
    from .offline import run_offline

    started = time.perf_counter()
    _check_protected(call.environment, request)
    if request.mode == "sql":
        with one_at_a_time:
            result = run_offline(call, request)
    else:
        result = _run_online(call, request, started)
    if request.mode == "online":
        call.run = result.run
        call.result = result
        call.hooks.tell(AFTERS[request.direction], run=result.run, result=result)
    return result


def _run_online(call: Invocation, request: Request, started: float) -> RunResult:
    environment, hooks = call.environment, call.hooks
    require_folders(environment.locations)
    # One history for the whole run, read only if there is anything to do.
    scripts = functools.cache(environment.scripts)
    with ExitStack() as stack:
        members = [
            _joined(stack, call, database.name, scripts, request)
            for database in choose(environment.databases(), request.databases)
        ]
        if note_half_done(environment, members, request) or (
            request.mode != "plan" and (_work_to_do(members) or request.purge)
        ):
            _lock(stack, call, members, scripts, request)
            note_half_done(environment, members, request)
            if request.direction != "stamp":
                for member in members:
                    check_unfinished(
                        environment,
                        member,
                        resume=request.resume,
                        happened=request.happened,
                    )
        run = make_run(
            request,
            {member.name: member.steps for member in members},
            {member.name: member.heads for member in members},
        )
        call.run = run
        tell(Progress("planned", "", total=len(run.plan)))
        hooks.guard(GUARDS[request.direction], run=run)
        if request.mode == "plan":
            heads = run.heads
            return RunResult(run, heads_before=heads, heads_after=heads)
        return _around(call, run, members, request, started)


def _joined(
    stack: ExitStack,
    call: Invocation,
    name: str,
    scripts: Callable[[], Scripts],
    request: Request,
) -> Member:
    """Connect a database, read where it is and plan its steps."""
    environment = call.environment
    database = environment.databases()[name]
    backend = backend_for(database.engine.dialect)
    if request.mode == "dry-run" and not backend.transactional_ddl:
        raise UsageError(
            f"A dry run is not possible in database {name!r}: "
            f"{database.engine.dialect.name} commits DDL as it goes.",
            "Use --plan or --sql.",
        )
    connection = stack.enter_context(connected(environment, call.hooks, database))
    member = Member(database, connection, backend, ())
    _plan(member, environment, scripts, request)
    return member


def _plan(
    member: Member,
    environment: Environment,
    scripts: Callable[[], Scripts],
    request: Request,
) -> None:
    """Read the heads of a database and plan its steps; no transaction stays open."""
    heads = current_heads(environment, member.database, member.connection)
    member.connection.rollback()
    heads = () if request.purge else heads
    if member.is_planned and heads == member.heads:
        return  # Nobody was faster while the lock was waited for.
    member.heads, member.is_planned = heads, False
    if is_done(environment, member.heads, request):
        member.steps = []
        return
    member.scripts = scripts()
    if request.plan_function is not None:
        member.steps = _steps_of(member, environment, request.plan_function)
    else:
        member.steps = plan(
            member.scripts,
            member.name,
            member.heads,
            request.target,
            request.direction,
        )
    require_fitting(environment, member.database, member.steps, member.connection)
    member.is_planned = True


def is_done(environment: Environment, heads: tuple[str, ...], request: Request) -> bool:
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
    member: Member,
    environment: Environment,
    plan_function: Callable[[Any, Any], Iterable[Any]],
) -> list[PlannedStep]:
    """Return the steps that a function of the app's gives."""
    context = environment.environment_context(
        member.database, member.scripts, member.connection
    )
    steps = plan_function(member.heads, context.get_context()) or ()
    planned = [adopt(step, member.name) for step in steps]
    member.connection.rollback()
    return planned


def _work_to_do(members: Sequence[Member]) -> bool:
    return any(member.steps for member in members)


def _lock(
    stack: ExitStack,
    call: Invocation,
    members: Sequence[Member],
    scripts: Callable[[], Scripts],
    request: Request,
) -> None:
    """Take the locks, in declared order, and plan again under them."""
    if not request.lock:
        return
    for member in members:
        lock = call.hooks.ask(
            specs.migration_lock, database=member.name, connection=member.connection
        )
        if lock is not None:
            stack.enter_context(lock)
        _plan(member, call.environment, scripts, request)


def _around(
    call: Invocation,
    run: Run,
    members: Sequence[Member],
    request: Request,
    started: float,
) -> RunResult:
    """Do the work inside the ``run_migrations`` wrappers."""
    done: list[RunResult] = []
    failed: list[MigrationFailed] = []

    def work() -> RunResult:
        try:
            with termination_raises():
                done.append(work_through(call, run, members, request, started))
        except MigrationFailed as error:
            failed.append(error)
            raise
        return done[0]

    try:
        result = call.hooks.around(specs.run_migrations, work, run=run)
        if failed:
            # A wrapper has swallowed the failure, which does not undo it.
            raise failed[0]
        if not done or result is not done[0]:
            raise HookError(
                "A wrapper of run_migrations did not return the result it was given.",
                "A wrapper must end with: return (yield).",
                hook="run_migrations",
            )
    except MigrationFailed:
        raise
    except HookError as error:
        if failed:
            error.message = f"{failed[0].message}\nThen {error.message}"
        elif done and done[0].changed:
            error.message = f"The database was changed, but: {error.message}"
        known = failed[0].result if failed else done[0] if done else None
        call.result = known if isinstance(known, RunResult) else None
        raise
    return done[0]


def _check_protected(environment: Environment, request: Request) -> None:
    """Refuse what can lose data where the app is marked as protected."""
    if (
        environment.settings.protected
        and request.direction in {"downgrade", "stamp"}
        and request.mode in {"online", "dry-run"}
        and not request.force
    ):
        raise Refused(
            f"{request.direction} is refused: ALEMBIC['protected'] is set.",
            "Use --force if you are sure.",
        )
