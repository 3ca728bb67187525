"""SQL text instead of work: what ``--sql`` gives, database by database."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..dialects import backend_for
from ..environment.databases import Database, choose
from ..errors import HookError, UsageError
from ..hooks import specs
from ..hooks.payloads import Run, RunResult, StepResult
from .calling import call_revision
from .invocation import Invocation
from .planning import PlannedStep, plan
from .requests import GUARDS, Request, make_run
from .targets import describe, resolve
from .widths import require_fitting

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from ..environment.objects import Environment
    from ..environment.scripts import Scripts


def run_offline(call: Invocation, request: Request) -> RunResult:
    """Return the SQL of a run; no database is connected.

    The target may be ``from:to``. Without ``from`` an upgrade begins at base; a
    downgrade needs it.

    :param call: The command at work.
    :param request: The run.
    :raises UsageError: When the range is missing or cannot be walked.
    """
    started = time.perf_counter()
    scripts = call.environment.scripts()
    start, target = _range(scripts, request)
    databases = choose(call.environment.databases(), request.databases)
    plans = {
        database.name: plan(scripts, database.name, start, target, request.direction)
        for database in databases
    }
    for database in databases:
        require_fitting(call.environment, database, plans[database.name])
    run = make_run(request, plans, dict.fromkeys(plans, start))
    call.run = run
    call.hooks.guard(GUARDS[request.direction], run=run)
    texts: list[str] = []

    def work() -> RunResult:
        for database in databases:
            steps = plans[database.name]
            texts.append(_sql(call, run, request, scripts, database, steps, start))
        return RunResult(
            run,
            heads_before=run.heads,
            heads_after=run.heads,
            sql="\n".join(texts),
            elapsed=time.perf_counter() - started,
        )

    result = call.hooks.around(specs.run_migrations, work, run=run)
    if not isinstance(result, RunResult):
        raise HookError(
            "A wrapper of run_migrations did not return the result it was given.",
            "A wrapper must end with: return (yield).",
            hook="run_migrations",
        )
    return result


def _range(scripts: Scripts, request: Request) -> tuple[tuple[str, ...], Any]:
    """Split ``from:to`` and resolve where it begins."""
    target = request.target
    start: str | None = None
    if isinstance(target, str) and ":" in target:
        start, _, target = target.partition(":")
        target = target or ("heads" if request.direction == "upgrade" else "base")
    if request.direction == "downgrade" and not start:
        raise UsageError(
            "downgrade --sql needs to know where it begins.",
            "Write flask db downgrade FROM:TO --sql.",
        )
    if start in (None, "", "base"):
        return (), target
    found = scripts.get_revisions(resolve(scripts, start, "stamp"))
    return tuple(script.revision for script in found if script is not None), target


def _sql(
    call: Invocation,
    run: Run,
    request: Request,
    scripts: Scripts,
    database: Database,
    steps: list[PlannedStep],
    start: tuple[str, ...],
) -> str:
    """Return the SQL text for one database."""
    from alembic.operations import Operations

    buffer = io.StringIO()
    if len(run.heads) > 1:
        buffer.write(f"-- Database: {database.name}\n\n")
    environment = call.environment
    context = environment.environment_context(
        database,
        scripts,
        x_arguments=request.x_arguments,
        configure={"output_buffer": buffer, **_transactions(environment, database)},
        fn=lambda revision, context: _steps(
            call, run, request, database, steps, context
        ),
        as_sql=True,
        starting_rev=",".join(start) if len(start) == 1 else (start or None),
        destination_rev=describe(request.target),
        tag=request.tag,
    )
    with context, Operations.context(context.get_context()):
        with context.begin_transaction():
            context.get_context().run_migrations()
    return buffer.getvalue()


def _transactions(environment: Environment, database: Database) -> dict[str, bool]:
    """Let the text begin and commit where a run would."""
    backend = backend_for(database.engine.dialect)
    real = environment.settings.of("real_transactions", database.name)
    return {"transactional_ddl": True} if real and backend.transactional_ddl else {}


def _steps(
    call: Invocation,
    run: Run,
    request: Request,
    database: Database,
    steps: list[PlannedStep],
    context: MigrationContext,
) -> Iterable[Any]:
    """Yield Alembic's steps with our hook around each one's function."""
    for planned in steps:
        planned.alembic.migration_fn = _around(call, run, request, database, planned)
        yield planned.alembic


def _around(
    call: Invocation,
    run: Run,
    request: Request,
    database: Database,
    planned: PlannedStep,
) -> Callable[..., None]:
    def migration(**arguments: Any) -> None:
        def work() -> StepResult:
            started = time.perf_counter()
            call_revision(planned, database.name, request.arguments)
            return StepResult(planned.step, time.perf_counter() - started)

        call.hooks.around(
            specs.apply_revision, work, run=run, step=planned.step, connection=None
        )

    migration.__name__ = planned.step.direction
    return migration
