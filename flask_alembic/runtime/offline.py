"""SQL text instead of work: what ``--sql`` gives, database by database."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..backends.statements import without_comments
from ..errors import (
    AlembicError,
    BatchNotWritten,
    HookError,
    MigrationFailed,
    UsageError,
)
from ..hooks import specs
from ..hooks.payloads import RunResult, SqlStatement, StepResult
from ..hooks.redaction import headline
from ..script.targets import resolve
from .databases import Database, choose
from .failure import error_summary, line_of, shortened
from .id_width import require_fitting
from .invocation import Invocation
from .literal_compiler import TAB, Unwritten, use_literals
from .offline_connection import OfflineConnection, ResultUnread
from .planner import PlannedStep, plan
from .request import GUARDS, MigrationRequest, make_run
from .revision_call import call_revision

if TYPE_CHECKING:
    from alembic.ddl.impl import DefaultImpl
    from alembic.runtime.migration import MigrationContext

    from ..hooks.payloads import Step
    from ..script.loader import AppScriptDirectory
    from .environment import Environment

Around = Callable[[PlannedStep, Callable[[], StepResult], "DefaultImpl"], object]


@contextmanager
def _statements(impl: DefaultImpl, ask: Callable[[str], None]) -> Iterator[None]:
    """Ask about each statement that is written inside, before it is.

    :param impl: What writes them.
    :param ask: Called with the text, without what ends it.
    """
    write = impl.static_output

    def static_output(text: str) -> None:
        sql = text.strip().removesuffix(impl.command_terminator.strip()).rstrip()
        if without_comments(sql):
            ask(sql.replace(TAB, "\t"))
        write(text)

    impl.static_output = static_output  # type: ignore[method-assign]
    try:
        yield
    finally:
        impl.static_output = write  # type: ignore[method-assign]


def run_offline(call: Invocation, request: MigrationRequest) -> RunResult:
    """Return the SQL of a run; no database is connected.

    The target may be ``from:to``. Without ``from`` an upgrade begins at base; a
    downgrade needs it.

    :param call: The running command.
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
    watched = call.hooks.implemented(specs.before_statement)

    def around(
        planned: PlannedStep, work: Callable[[], StepResult], impl: DefaultImpl
    ) -> None:
        def watch() -> StepResult:
            if not watched:
                return work()
            with _statements(impl, partial(ask, planned.step)):
                return work()

        call.hooks.wrapper(
            specs.apply_revision, watch, run=run, step=planned.step, connection=None
        )

    def ask(step: Step, sql: str) -> None:
        call.hooks.guard(
            specs.before_statement, run=run, step=step, statement=SqlStatement(sql)
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

    result = call.hooks.wrapper(specs.run_migrations, work, run=run)
    if not isinstance(result, RunResult):
        raise HookError(
            "A wrapper of run_migrations did not return the result it was given.",
            "A wrapper must end with: return (yield).",
            hook="run_migrations",
        )
    return result


def _range(
    scripts: AppScriptDirectory, request: MigrationRequest
) -> tuple[tuple[str, ...], Any]:
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
    scripts: AppScriptDirectory,
    database: Database,
    steps: Sequence[PlannedStep],
    start: tuple[str, ...],
    request: MigrationRequest,
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
    text = _Text(database, request, around)
    context = environment.environment_context(
        database,
        scripts,
        configure={
            "output_buffer": buffer,
            "literal_binds": own.get("literal_binds", True),
            # Else drivers that write parameters as %s get each % doubled.
            "dialect_opts": own.get("dialect_opts", {"paramstyle": "named"}),
            **_transactions(environment, database),
        },
        fn=lambda revision, context: text.steps(steps),
        as_sql=True,
        starting_rev=",".join(start) if len(start) == 1 else (start or None),
        **request.for_revisions,
    )
    migrations = context.get_context()
    text.serve(migrations)
    with context, Operations.context(migrations):
        with context.begin_transaction():
            migrations.run_migrations()
    text.require_whole()
    return buffer.getvalue()


def _transactions(environment: Environment, database: Database) -> dict[str, bool]:
    """Let the text begin and commit where a run would."""
    backend = database.backend
    real = environment.settings.of("real_transactions", database.name)
    return {"transactional_ddl": True} if real and backend.transactional_ddl else {}


class _Text:
    """The text of one database while it is written.

    :param database: The database.
    :param request: What was asked for.
    :param around: Called with each step and the work of its function.
    """

    def __init__(
        self, database: Database, request: MigrationRequest, around: Around
    ) -> None:
        self.database = database
        self.request = request
        self.around = around
        self.refused: list[Unwritten] = []
        self.batches: list[str] = []

    def serve(self, context: MigrationContext) -> None:
        """Let a context write values, and give its revisions their connection.

        :param context: The context, made for this text.
        """
        self.impl = context.impl
        self.refused = use_literals(context.dialect, self.database.backend)
        style = self.database.engine.dialect.paramstyle
        connection: Any = OfflineConnection(context, style)
        context.connection = self.impl.connection = connection
        write = self.impl.static_output

        def static_output(text: str) -> None:
            write(text.replace(TAB, "\t"))

        self.impl.static_output = static_output  # type: ignore[method-assign]

    def steps(self, steps: Sequence[PlannedStep]) -> Iterable[Any]:
        """Yield Alembic's steps with what surrounds each one's function."""
        for planned in steps:
            assert planned.alembic is not None  # nothing is purged here
            planned.alembic.migration_fn = self._surrounded(planned)
            yield planned.alembic

    def _surrounded(self, planned: PlannedStep) -> Callable[..., None]:
        def work() -> StepResult:
            started = time.perf_counter()
            self._call(planned)
            return StepResult(planned.step, time.perf_counter() - started)

        def migration(**arguments: Any) -> None:
            self.around(planned, work, self.impl)

        migration.__name__ = planned.step.direction
        return migration

    def _call(self, planned: PlannedStep) -> None:
        """Write one revision; one that copies tables is noted, for all are named."""
        try:
            call_revision(planned, self.database.name, self.request.arguments)
        except AlembicError:
            raise
        except Exception as error:
            table = _copied_table(error)
            if table is None:
                raise _unwritten(planned, error) from error
            self.batches.append(_batch(planned, error, table))
        if self.refused:  # and somebody has caught it
            raise _unwritten(planned, self.refused[0]) from self.refused[0]

    def require_whole(self) -> None:
        """Refuse a text in which the copy of a table is missing.

        :raises BatchNotWritten: When there is one; all are named.
        """
        if not self.batches:
            return
        number = len(self.batches)
        what = "This revision" if number == 1 else f"These {number} revisions"
        name = self.database.backend.name
        raise BatchNotWritten(
            "\n  ".join(
                [
                    f"{what} cannot be written as SQL: {name} alters a table by copying "
                    "it, and only the database knows the table.",
                    *self.batches,
                ]
            ),
            "Run them without --sql, or give batch_alter_table() the whole table: "
            "copy_from=sa.Table(...).",
        )


_COPIED = re.compile(
    r'batch mode with dialect .*reflect the table "(.*?)"\.', re.DOTALL
)


def _copied_table(error: Exception) -> str | None:
    """Return the table that a batch operation of Alembic wanted to read, if any."""
    from alembic.util import CommandError

    match = _COPIED.search(str(error)) if isinstance(error, CommandError) else None
    return match[1] if match else None


def _batch(planned: PlannedStep, error: Exception, table: str) -> str:
    step = planned.step
    line = line_of(error, step.path)
    at = f"{step.path}, line {line}" if line else step.path
    return f"{step.revision} ({step.doc}) alters {table!r}: {at}"


def _unwritten(planned: PlannedStep, error: Exception) -> MigrationFailed:
    """Return why a revision has no SQL text."""
    step = planned.step
    line = line_of(error, step.path)
    at = f"{step.path}, line {line}" if line else step.path
    summary = error_summary(error)
    advice = (
        "If it needs a database, look at context.is_offline_mode() in it, or run it "
        "without --sql."
    )
    lines = [f"File: {at}"]
    if isinstance(error, Unwritten):
        summary = error.reason.rstrip(".")
        advice = error.advice or (
            "Each value has to be written into the text. Fix the statement, or run the "
            "revision without --sql."
        )
        lines.append(f"Statement: {shortened(error.statement)}")
    elif isinstance(error, ResultUnread):
        summary = str(error)
        advice = (
            "A revision that reads cannot be written in advance. Look at "
            "context.is_offline_mode() in it, or run it without --sql."
        )
    return MigrationFailed(
        "\n".join(
            [
                f"The {step.direction} of {step.revision} ({headline(step.doc)}) cannot "
                f"be written as SQL: {summary}.",
                *lines,
            ]
        ),
        advice,
    )
