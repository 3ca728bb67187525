"""SQL text instead of work: what ``--sql`` gives, database by database."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..dialects import backend_for
from ..environment.databases import Database, choose
from ..errors import AlembicError, HookError, MigrationFailed, UsageError
from ..hooks import specs
from ..hooks.payloads import RunResult, StepResult
from .calling import call_revision
from .invocation import Invocation
from .planning import PlannedStep, plan
from .reporting import line_of, words
from .requests import GUARDS, Request, make_run
from .targets import describe, resolve
from .widths import require_fitting

if TYPE_CHECKING:
    from ..environment.objects import Environment
    from ..environment.scripts import Scripts

Around = Callable[[PlannedStep, Callable[[], StepResult]], object]


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

    def around(planned: PlannedStep, work: Callable[[], StepResult]) -> None:
        call.hooks.around(
            specs.apply_revision, work, run=run, step=planned.step, connection=None
        )

    def work() -> RunResult:
        for database in databases:
            text = sql_text(
                call.environment,
                scripts,
                database,
                plans[database.name],
                start,
                request,
                around,
            )
            title = f"-- Database: {database.name}\n\n" if len(run.heads) > 1 else ""
            texts.append(title + text)
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


def sql_text(
    environment: Environment,
    scripts: Scripts,
    database: Database,
    steps: Sequence[PlannedStep],
    start: tuple[str, ...],
    request: Request,
    around: Around,
) -> str:
    """Return the SQL text of steps for one database.

    Values are written into the text: a script has nobody who would send parameters.

    :param environment: The app's environment.
    :param scripts: The history.
    :param database: The database.
    :param steps: The steps, in order.
    :param start: The revisions that they begin at.
    :param request: What was asked for.
    :param around: Called with each step and the work of its function.
    :raises MigrationFailed: When a revision cannot be written as SQL.
    """
    from alembic.operations import Operations

    buffer = io.StringIO()
    own = environment.settings.context_for(database.name)
    context = environment.environment_context(
        database,
        scripts,
        x_arguments=request.x_arguments,
        configure={
            "output_buffer": buffer,
            "literal_binds": own.get("literal_binds", True),
            # Else drivers that write parameters as %s get each % doubled.
            "dialect_opts": own.get("dialect_opts", {"paramstyle": "named"}),
            **_transactions(environment, database),
        },
        fn=lambda revision, context: _steps(database, steps, request, around),
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
    database: Database, steps: Sequence[PlannedStep], request: Request, around: Around
) -> Iterable[Any]:
    """Yield Alembic's steps with what surrounds each one's function."""
    for planned in steps:
        planned.alembic.migration_fn = _surrounded(database, planned, request, around)
        yield planned.alembic


def _surrounded(
    database: Database, planned: PlannedStep, request: Request, around: Around
) -> Callable[..., None]:
    def work() -> StepResult:
        started = time.perf_counter()
        try:
            call_revision(planned, database.name, request.arguments)
        except AlembicError:
            raise
        except Exception as error:
            raise _unwritten(planned, error) from error
        return StepResult(planned.step, time.perf_counter() - started)

    def migration(**arguments: Any) -> None:
        around(planned, work)

    migration.__name__ = planned.step.direction
    return migration


def _unwritten(planned: PlannedStep, error: Exception) -> MigrationFailed:
    """Return why a revision has no SQL text."""
    from sqlalchemy.exc import CompileError

    step = planned.step
    line = line_of(error, step.path)
    at = f"{step.path}, line {line}" if line else step.path
    advice = (
        "There is no connection, so a revision cannot read from the database. Look "
        "at context.is_offline_mode() in it, or run it without --sql."
    )
    if isinstance(error, CompileError):
        advice = (
            "Its values have to be written into the text. Give the columns their "
            "types, as in sa.column('id', sa.Integer), or run it without --sql."
        )
    return MigrationFailed(
        f"The {step.direction} of {step.revision} ({step.doc}) cannot be written as "
        f"SQL: {words(error)}.\nFile: {at}",
        advice,
    )
