"""One database's part of a run: its transactions, and what is durable after them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import HookError, UsageError
from ..hooks import specs
from ..hooks.payloads import ProgressEvent, Run, SqlStatement, StepResult
from . import alembic_private as private
from .blockers import watching
from .child_process import one_process
from .connections import roll_back
from .environment import lock_key
from .failure import describe_failure
from .progress import at_work, is_heard, notify, wants_statements
from .recorder import VersionTable
from .request import DatabaseRun, MigrationRequest, StepFailed
from .resume import checksum, forget_unfinished, open_journal
from .revision_call import call_revision
from .run_transaction import RunTransaction, transactional
from .shared_connection import shared_connection
from .statement_log import StatementLog
from .transaction_end import TransactionEnd

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep

    from ..hooks.dispatcher import Hooks
    from ..hooks.payloads import ProgressKind, RunFailure, Step
    from .environment import Environment
    from .planner import PlannedStep


def configured(
    environment: Environment,
    database_run: DatabaseRun,
    request: MigrationRequest,
) -> EnvironmentContext:
    """Return the context in which the revisions of a database run.

    :param environment: The app's environment.
    :param database_run: The database.
    :param request: What was asked for.
    """
    real = environment.settings.of("real_transactions", database_run.name)
    transactional = {"transactional_ddl": True}
    return environment.environment_context(
        database_run.database,
        database_run.scripts,
        database_run.connection,
        configure=transactional
        if real and database_run.backend.transactional_ddl
        else {},
        fn=lambda revision, context: (),
        **request.for_revisions,
    )


@contextmanager
def prepared(
    environment: Environment,
    database_run: DatabaseRun,
    log: StatementLog,
    sources: Callable[[], Iterable[str]],
) -> Iterator[None]:
    """Let transactions be real, waiting be bounded and statements be seen.

    :param environment: The app's environment.
    :param database_run: The database; no transaction is open.
    :param log: What sees the statements.
    :param sources: Gives the text of the revisions of the next transaction.
    """
    settings, name = environment.settings, database_run.name
    timeouts = database_run.backend.timeouts(
        database_run.connection,
        ddl_lock=_limit(environment, database_run, "ddl_lock_timeout"),
        statement=settings.of("statement_timeout", name),
    )
    transactions = _transactions(environment, database_run, log, sources)
    # In this order: asking for the timeouts must not begin a real transaction, whose
    # BEGIN waits for a lock and has to be limited by them.
    with timeouts, transactions, log.attached():
        yield


def _limit(
    environment: Environment, database_run: DatabaseRun, key: str
) -> float | None:
    """Return a limit; ``None`` where the app has set its own on the connection.

    ``run_migrations`` of a subclass does so; our default must not replace that.
    """
    given = environment.app.config.get("ALEMBIC") or {}
    if database_run.is_prepared and key not in given:
        return None
    value: float | None = environment.settings.of(key, database_run.name)
    return value


def _transactions(
    environment: Environment,
    database_run: DatabaseRun,
    log: StatementLog,
    sources: Callable[[], Iterable[str]],
) -> AbstractContextManager[None]:
    if not environment.settings.of("real_transactions", database_run.name):
        return nullcontext()
    return database_run.backend.transaction(
        database_run.connection,
        version_table=lock_key(environment, database_run.name).version_table,
        on_commit=log.committed,
        sources=sources,
    )


def source(planned: PlannedStep) -> str:
    """Return the text of the file of a step's revision; empty if it cannot be read.

    :param planned: The step.
    """
    file = getattr(planned.function, "__globals__", {}).get("__file__")
    if planned.step.is_stamp or file is None:
        return ""
    try:
        return Path(file).read_text("utf-8", errors="replace")
    except OSError:
        return ""


@contextmanager
def proxied(context: EnvironmentContext) -> Iterator[None]:
    """Let ``from alembic import op, context`` mean this database.

    The two are global to the process: the caller holds the process-wide lock.

    :param context: The context of the database.
    """
    from alembic.operations import Operations

    with context, Operations.context(context.get_context()):
        yield


def own_timeouts(
    database_run: DatabaseRun, planned: PlannedStep
) -> AbstractContextManager[None]:
    """Set the timeouts that a revision asks for as module attributes.

    :param database_run: The database.
    :param planned: The step; ``ddl_lock_timeout`` and ``statement_timeout`` of its
        file are in seconds.
    """
    known: dict[str, Any] = getattr(planned.function, "__globals__", {})
    ddl_lock, statement = known.get("ddl_lock_timeout"), known.get("statement_timeout")
    if ddl_lock is None and statement is None:
        return nullcontext()
    return database_run.backend.timeouts(
        database_run.connection, ddl_lock=ddl_lock, statement=statement
    )


def is_repeatable(planned: PlannedStep) -> bool:
    """Tell whether a revision may begin again although it has committed a part.

    :param planned: The step; its file says ``repeatable = True``.
    """
    return getattr(planned.function, "__globals__", {}).get("repeatable") is True


class Stepper:
    """Runs the steps of one database, in the transaction of the caller.

    :param hooks: The dispatcher of the command.
    :param run: What is being done.
    :param database_run: The database.
    :param request: What was asked for.
    :param offset: How many steps of the plan come before the first one here.
    """

    def __init__(
        self,
        hooks: Hooks,
        run: Run,
        database_run: DatabaseRun,
        request: MigrationRequest,
        offset: int,
    ) -> None:
        self.hooks = hooks
        self.run = run
        self.database_run = database_run
        self.request = request
        self.offset = offset
        self.current: PlannedStep | None = None
        """The running step; none between two transactions and at COMMIT."""
        self.done: list[StepResult] = []
        """The steps that have run in the transaction that is open."""
        self.heads: list[tuple[str, ...]] = []
        """The rows of the version table before the first step and after each."""
        self.durable = 0
        """How many of ``done`` a commit in the middle has made durable."""
        self.is_sharing = True
        """Whether what a revision opens is given the connection of the run."""
        watched = hooks.implemented(specs.before_statement)
        self.log = StatementLog(
            database_run.connection,
            database_run.backend,
            self._guard if watched else None,
        )
        if wants_statements(hooks):
            self.log.shown = self._tell_statement

    def start(self, context: MigrationContext) -> None:
        """Begin with where the database is now.

        :param context: Its context.
        """
        self.context = context
        self.versions = VersionTable(context, self.database_run.heads)

    def begin(self) -> None:
        """Begin a transaction's steps."""
        self.done, self.durable, self.current = [], 0, None
        self.heads = [self.versions.heads]

    def step(
        self, planned: PlannedStep, number: int, check: Callable[[], None]
    ) -> None:
        """Run one revision and write its version row.

        :param planned: The step.
        :param number: Which one of this database's it is, counted from 1.
        :param check: Makes sure that the transaction is still that of the run.
        """
        self.current = planned
        step, number = planned.step, self.offset + number
        total = len(self.run.plan)
        self.log.begin()
        started = ProgressEvent(
            "started", self.run.id, self.database_run.name, step, number, total
        )
        notify(self.hooks, started)
        with at_work(self.hooks, started):
            result = self._surrounded(planned)
        check()
        if planned.alembic is not None:
            self.versions.move(planned.alembic)
            self._call_back(planned.alembic)
        if self.log.journal is not None:
            self.log.journal.finish()
        self.done.append(result)
        self.heads.append(self.versions.heads)
        if is_heard(self.hooks):
            notify(
                self.hooks,
                replace(
                    started,
                    kind="finished",
                    elapsed=result.elapsed,
                    statements=result.statements,
                ),
            )

    def end(self) -> None:
        """Say that all steps have run and the commit comes.

        A single step is what the COMMIT is about; of several it is none.
        """
        if len(self.done) > 1:
            self.current = None
            self.log.begin()

    def _surrounded(self, planned: PlannedStep) -> StepResult:
        """Call the revision's function inside the ``apply_revision`` wrappers."""
        started, commits = time.perf_counter(), self.log.commits

        def work() -> StepResult:
            with (
                own_timeouts(self.database_run, planned),
                self.log.recording(),
                self.database_run.backend.complete_operations(self.context),
                shared_connection(self.database_run, self.log)
                if self.is_sharing
                else nullcontext(),
            ):
                call_revision(planned, self.database_run.name, self.request.arguments)
            elapsed = time.perf_counter() - started
            return StepResult(planned.step, elapsed, len(self.log.statements))

        try:
            with one_process():
                result = self.hooks.wrapper(
                    specs.apply_revision,
                    work,
                    run=self.run,
                    step=planned.step,
                    connection=self.context.connection,
                )
        finally:
            if self.log.commits > commits:
                # An autocommit block committed everything before it, also where the
                # revision failed afterwards.
                self.durable = len(self.done)
        if not isinstance(result, StepResult):
            raise HookError(
                f"A wrapper of apply_revision returned {result!r}.",
                "A wrapper must end with: return (yield).",
                hook="apply_revision",
            )
        return result

    def _call_back(self, step: RevisionStep | StampStep) -> None:
        """Call what ``ALEMBIC_CONTEXT["on_version_apply"]`` holds, as Alembic does."""
        for callback in self.context.opts.get("on_version_apply") or ():
            callback(
                ctx=self.context,
                step=step.info,
                heads=set(self.versions.heads),
                run_args=dict(self.request.arguments),
            )

    def _tell_statement(self, sql: str) -> None:
        step = self.current.step if self.current is not None else None
        notify(
            self.hooks,
            ProgressEvent(
                "statement", self.run.id, self.database_run.name, step, text=sql
            ),
        )

    def _guard(self, statement: SqlStatement) -> None:
        assert self.current is not None
        self.hooks.guard(
            specs.before_statement,
            run=self.run,
            step=self.current.step,
            statement=statement,
        )


class DatabaseExecutor:
    """Runs the planned steps of one database.

    :param environment: The app's environment.
    :param hooks: The dispatcher of the command.
    :param run: What is being done.
    :param database_run: The database, connected and planned.
    :param request: What was asked for.
    :param offset: How many steps of the plan come before the first one here.
    """

    def __init__(
        self,
        environment: Environment,
        hooks: Hooks,
        run: Run,
        database_run: DatabaseRun,
        request: MigrationRequest,
        offset: int = 0,
    ) -> None:
        self.environment = environment
        self.hooks = hooks
        self.run = run
        self.database_run = database_run
        self.request = request
        self.stepper = Stepper(hooks, run, database_run, request, offset)
        self.log = self.stepper.log
        self.unit: Sequence[PlannedStep] = database_run.steps
        """The steps of the transaction that is open, or about to begin."""
        self.applied: list[StepResult] = []
        self.session: str | None = None
        """The server's number of the run's session."""
        self.is_committing = False
        """Whether COMMIT has been sent and not been answered."""
        self.is_intact = True
        """Whether the transaction that failed was the one that the run began."""
        self.is_prepared = False
        """Whether the transaction waits on the server for COMMIT PREPARED."""
        self.is_open = False
        """Whether everything was in force on the connection that the steps need."""

    @property
    def heads(self) -> tuple[str, ...]:
        """The rows of the version table, as far as the run has written them."""
        if not self.is_open:
            return tuple(map(str, self.database_run.heads))
        return self.stepper.versions.heads

    def execute(self) -> tuple[str, ...]:
        """Run the steps, transaction by transaction.

        :return: The heads that the database is at afterwards.
        :raises StepFailed: When it stopped, wherever that was; everything that is not
            durable is rolled back.
        """
        try:
            with self.opened(), proxied(self.environment_context):
                self._tell_begun()
                purge = self.request.purge
                for unit in self.units():
                    steps = unit
                    while steps:
                        steps = steps[self._attempts(steps, purge=purge) :]
                        purge = False
            if self.is_stamp:
                forget_unfinished(self.environment, self.database_run)
        except StepFailed:
            raise
        except BaseException as error:
            # Between two transactions, before the first or after the last one.
            raise self.stopped(error) from error
        return self.heads

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have everything in force on the connection that the steps need."""
        with ExitStack() as stack:
            stack.enter_context(transactional(self.database_run))
            self.environment_context = configured(
                self.environment, self.database_run, self.request
            )
            self.context = self.environment_context.get_context()
            stack.enter_context(
                prepared(
                    self.environment,
                    self.database_run,
                    self.log,
                    lambda: map(source, self.unit),
                )
            )
            self.stepper.start(self.context)
            self.transaction = RunTransaction(
                self.database_run, self.context, self.log, self.is_transactional
            )
            self.stepper.is_sharing = not self.is_stamp and (
                self.is_transactional or not self.database_run.backend.transactional_ddl
            )
            if not self.is_transactional and not self.is_stamp:
                self.log.journal = open_journal(
                    self.environment,
                    self.database_run.name,
                    self.database_run.connection,
                )
            if self.log.journal is not None:
                stack.callback(self.log.journal.close)
                stack.callback(self.log.journal.remove)
            self.session = stack.enter_context(
                watching(self.environment, self.database_run, self.log)
            )
            self.is_open = True
            yield

    @property
    def is_stamp(self) -> bool:
        """Whether only the version table changes."""
        return self.run.operation == "stamp"

    @property
    def is_transactional(self) -> bool:
        """Whether a rollback reverts DDL here."""
        return bool(self.context.impl.transactional_ddl)

    @property
    def per_revision(self) -> bool:
        """Whether each revision has a transaction of its own."""
        per_migration = self.context.opts.get("transaction_per_migration", False)
        return bool(per_migration) or not self.is_transactional

    def units(self) -> list[Sequence[PlannedStep]]:
        """Return the steps that share a transaction, transaction by transaction."""
        if self.per_revision and not self.request.is_dry:
            return [[step] for step in self.database_run.steps]
        return [self.database_run.steps]

    def steps(
        self,
        unit: Sequence[PlannedStep],
        *,
        purge: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Run the steps of a transaction; the caller has begun it and ends it.

        A step that has committed in the middle is the last one: its version row is
        committed with it, whatever becomes of those after it.

        :param unit: The steps.
        :param purge: Whether to empty the version table first.
        :param check: Makes sure that the transaction is still that of the run.
        """
        self.stepper.versions.ensure(purge=purge)
        for number, planned in enumerate(unit, len(self.applied) + 1):
            commits = self.log.commits
            self.stepper.step(planned, number, check)
            if self.log.commits != commits:
                break
        self.stepper.end()

    def report_durable(self, count: int | None = None) -> None:
        """Tell of steps that are durable now.

        :param count: How many; all that have run for ``None``.
        """
        done = self.stepper.done
        count = len(done) if count is None else count
        durable, self.stepper.done = done[:count], done[count:]
        self.applied += durable
        self._tell_durable(durable)
        for result in durable:
            if not result.step.is_stamp and not self.request.is_dry:
                self.hooks.event(
                    specs.revision_applied,
                    run=self.run,
                    step=result.step,
                    elapsed=result.elapsed,
                )

    def _tell_begun(self) -> None:
        """Tell how transactions are used here, before the first step."""
        if not self.is_transactional:
            text = "each statement of DDL commits by itself"
        elif self.per_revision:
            text = "a transaction for each revision"
        else:
            text = "one transaction for all"
        total = len(self.database_run.steps)
        self._notify("database_started", total=total, text=text)

    def _tell_durable(self, durable: Sequence[StepResult]) -> None:
        """Tell of steps that a COMMIT has made durable."""
        if self.request.is_dry or not durable:
            return
        total = len(self.run.plan)
        first = self.stepper.offset + len(self.applied) - len(durable) + 1
        for number, result in enumerate(durable, first):
            self._notify("applied", result.step, number, total, result.elapsed)
        self._notify("committed", number=len(durable))

    def stopped(self, error: BaseException) -> StepFailed:
        """Tell of the failure, after the rollback, and say what to report.

        :param error: What was raised.
        """
        if not self.is_open:
            return StepFailed(error, self._failure(error, None))
        ending = TransactionEnd(self.environment, self.hooks, self)
        durable, statements = ending.durable_steps(), ending.uncertain_statements()
        not_known = durable is None
        self.report_durable(0 if durable is None else durable)
        current = self.stepper.current
        step = current.step if current is not None else None
        if step in {done.step for done in self.applied}:
            step = None  # what failed came after it, or was the answer to COMMIT
        rest = [result.step for result in self.stepper.done]
        failure = self._failure(
            error,
            step,
            [] if not_known else [done for done in rest if done != step],
            not_known=rest if not_known else (),
            uncertain=statements,
        )
        if step is not None and not not_known:
            self.hooks.event(
                specs.revision_failed, run=self.run, step=step, error=error
            )
        return StepFailed(error, failure, ending.heads)

    def settled(self) -> tuple[list[Step], bool]:
        """Ask what became of the transaction that another database has stopped.

        Events of steps that turn out to be committed are sent.

        :return: The steps that are not, and whether it is known that they are not.
        """
        durable = TransactionEnd(self.environment, self.hooks, self).durable_steps()
        self.report_durable(0 if durable is None else durable)
        return [result.step for result in self.stepper.done], durable is not None

    def abandoned(self, error: BaseException) -> StepFailed:
        """Return the failure of an end of which nobody could ask what became of it.

        :param error: What was raised while the database was asked, as by a second
            interrupt.
        """
        steps = [result.step for result in self.stepper.done]
        current = self.stepper.current
        if current is not None and current.step not in steps:
            steps.append(current.step)
        applied = {result.step for result in self.applied}
        not_known = [step for step in steps if step not in applied]
        return StepFailed(error, self._failure(error, None, not_known=not_known))

    def _failure(
        self,
        error: BaseException,
        step: Step | None,
        rolled_back: Sequence[Step] = (),
        *,
        not_known: Sequence[Step] = (),
        uncertain: Sequence[str] = (),
    ) -> RunFailure:
        return describe_failure(
            error,
            self.run.operation,
            self.database_run.name,
            step,
            self.log,
            rolled_back,
            self.is_open and self.is_transactional,
            not_known=not_known,
            uncertain=uncertain,
            committing=self.is_committing,
            lock_timeout=self.database_run.backend.is_lock_timeout(error),
            repeatable=self._is_repeatable(),
        )

    def _is_repeatable(self) -> bool:
        """Whether the running revision may begin again, whatever it has committed."""
        current = self.stepper.current
        return current is not None and is_repeatable(current) and self.is_transactional

    def _attempts(self, unit: Sequence[PlannedStep], *, purge: bool) -> int:
        """Run a transaction, again after a lock timeout if that is safe.

        :param unit: The steps.
        :param purge: Whether to empty the version table first.
        :return: How many of the steps are committed now; all, or those up to one that
            has committed in the middle.
        """
        retries = self.environment.settings.of("lock_retries", self.database_run.name)
        attempt = 0
        self.unit = unit
        while True:
            commits, before = self.log.commits, self.stepper.versions.heads
            is_ended = False
            self.stepper.begin()
            self.is_committing, self.is_intact = False, True
            try:
                self._journal(unit)
                self._transaction(unit, purge=purge)
                is_ended, done = True, len(self.stepper.done)
                self.report_durable()
            except BaseException as error:
                roll_back(self.database_run.connection)
                is_lost = self.database_run.connection.invalidated
                self.log.give_up(error, is_lost=is_lost)
                if not is_ended:
                    self.stepper.versions.reset(before)
                if self._must_begin_again(error, commits):
                    continue
                if attempt < retries and self._may_retry(error, commits):
                    self._pause(attempt)
                    attempt += 1
                    continue
                if self._may_repeat(error, attempt < retries):
                    done = self.stepper.durable
                    self.stepper.versions.reset(self.stepper.heads[done])
                    self.report_durable(done)
                    self._pause(attempt)
                    if done:
                        return done
                    attempt += 1
                    continue
                raise self.stopped(error) from error
            return done

    def _transaction(self, unit: Sequence[PlannedStep], *, purge: bool) -> None:
        if self.request.is_dry:
            self.log.forbid_commit = self._no_commit
        with (
            private.transaction(
                self.context, per_migration=self.per_revision
            ) as transaction,
            self.transaction.guarded(),
        ):
            try:
                self.transaction.begun()
                self.steps(unit, purge=purge, check=self.transaction.check)
                self.transaction.check()
            except BaseException as error:
                self.is_intact = self.transaction.was_intact(error)
                raise
            if self.request.is_dry:
                transaction.rollback()
            else:
                self.is_committing = True
                with self.log.own_commit():
                    transaction.commit()
                self.is_committing = False

    def _no_commit(self) -> BaseException:
        current = self.stepper.current
        return UsageError(
            f"{current.step.revision if current else 'It'} commits in the middle "
            "(autocommit_block or the like), so it cannot be tried and rolled back.",
            "Use --plan or --sql.",
        )

    def _journal(self, unit: Sequence[PlannedStep]) -> None:
        """Say in the journal which revision comes, outside its transaction."""
        if self.log.journal is None:
            return
        for planned in unit:
            self.stepper.current = planned
            self.log.begin()
            self.log.journal.begin(
                self.run.id,
                planned.step.revision,
                planned.step.direction,
                checksum(planned),
                resume=self.request.resume,
            )

    def _must_begin_again(self, error: BaseException, commits: int) -> bool:
        """Whether nothing is in effect and the backend was not prepared."""
        if self.log.commits != commits or not self.is_intact:
            return False
        return self.database_run.backend.must_begin_again(error)

    def _may_retry(self, error: BaseException, commits: int) -> bool:
        """Whether nothing is in effect and only a lock was in the way.

        In the pause, whoever queues behind us gets through.
        """
        if self.log.commits != commits or self.request.is_dry or not self.is_intact:
            return False
        backend = self.database_run.backend
        return backend.is_deadlock(error) or backend.is_lock_timeout(error)

    def _may_repeat(self, error: BaseException, is_left: bool) -> bool:
        """Whether a lock was in the way of a revision that may begin again.

        What it has committed before stays: its file says that this does no harm.

        :param is_left: Whether another attempt is left.
        """
        if not is_left or self.request.is_dry or not self.is_intact:
            return False
        backend = self.database_run.backend
        return self._is_repeatable() and backend.is_lock_timeout(error)

    def _pause(self, attempt: int) -> None:
        seconds = 0.5 * 2**attempt
        current = self.stepper.current
        step = current.step if current is not None else None
        self._notify("retrying", step, elapsed=seconds)
        time.sleep(seconds)

    def _notify(
        self, kind: ProgressKind, step: Step | None = None, *args: Any, **fields: Any
    ) -> None:
        """Notify plugins of an event of this database."""
        event = ProgressEvent(
            kind, self.run.id, self.database_run.name, step, *args, **fields
        )
        notify(self.hooks, event)
