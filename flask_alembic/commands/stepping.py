"""One database's part of a run: its transactions, steps and version rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..environment import private
from ..environment.locking import lock_key
from ..environment.progress import Progress, tell
from ..errors import HookError, UsageError
from ..hooks import specs
from ..hooks.payloads import Failure, Run, Statement, Step, StepResult
from .calling import call_revision
from .reporting import describe_failure
from .resuming import checksum, forget_unfinished, open_journal
from .statements import StatementLog
from .versions import VersionTable
from .watching import watching

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext
    from sqlalchemy.engine import Connection

    from ..dialects.base import Backend
    from ..environment.databases import Database
    from ..environment.objects import Environment
    from ..environment.scripts import Scripts
    from ..hooks.dispatch import Hooks
    from .planning import PlannedStep

logger = logging.getLogger("flask_alembic.commands")

SHORT = 10.0
"""How long may be spent on tries in any case, in seconds."""


class Stopped(Exception):
    """A database's part of a run stopped; carries what to report."""

    def __init__(self, error: BaseException, failure: Failure) -> None:
        super().__init__(str(error))
        self.error = error
        self.failure = failure


@dataclass
class Member:
    """A database that takes part in a run."""

    database: Database
    connection: Connection
    backend: Backend
    heads: tuple[str, ...]
    scripts: Scripts
    steps: list[PlannedStep] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the database."""
        return self.database.name


@dataclass(frozen=True, slots=True)
class Manner:
    """How the steps of a run are to be done."""

    arguments: Mapping[str, Any]
    """Extra arguments for ``upgrade()`` and ``downgrade()``."""

    x_arguments: tuple[str, ...] = ()
    """What ``get_x_argument()`` gives."""

    tag: str | None = None
    """What ``get_tag_argument()`` gives."""

    purge: bool = False
    """Whether to empty the version table first."""

    dry: bool = False
    """Whether to roll back at the end."""

    resume: bool = False
    """Whether to go on with a revision that is half in effect."""


class DatabaseRun:
    """Runs the planned steps of one database.

    :param environment: The app's environment.
    :param hooks: The dispatcher of the command.
    :param run: What is being done.
    :param member: The database, connected and planned.
    :param manner: How to do it.
    :param offset: How many steps of the plan come before the first one here.
    """

    def __init__(
        self,
        environment: Environment,
        hooks: Hooks,
        run: Run,
        member: Member,
        manner: Manner,
        offset: int = 0,
    ) -> None:
        self.environment = environment
        self.hooks = hooks
        self.run = run
        self.member = member
        self.manner = manner
        self.offset = offset
        self.applied: list[StepResult] = []
        self.executed = 0
        self._pending: list[StepResult] = []
        self._durable = 0
        self._current: PlannedStep | None = None
        watched = hooks.implemented(specs.before_statement)
        self.log = StatementLog(
            member.connection, member.backend, self._guard if watched else None
        )

    def execute(self) -> tuple[str, ...]:
        """Run the steps.

        :return: The heads that the database is at afterwards.
        :raises Stopped: When a step or a COMMIT failed; everything that is not
            durable is rolled back.
        """
        with ExitStack() as stack:
            context = stack.enter_context(self._context())
            self.context = context.get_context()
            self.versions = VersionTable(self.context, self.member.heads)
            if not self.is_transactional and not self.is_stamp:
                self.log.journal = open_journal(self.environment, self.member)
            if self.log.journal is not None:
                stack.callback(self.log.journal.close)
            stack.enter_context(watching(self.environment, self.member, self.log))
            for unit in self._units():
                self._attempts(unit)
        if self.is_stamp:
            forget_unfinished(self.environment, self.member)
        return self.versions.heads

    @property
    def is_stamp(self) -> bool:
        """Whether only the version table changes."""
        return self.run.command == "stamp"

    @contextmanager
    def _context(self) -> Iterator[EnvironmentContext]:
        """Make ``op`` and ``context`` work for the revisions of this database."""
        from alembic.operations import Operations

        settings, name = self.environment.settings, self.member.name
        backend, connection = self.member.backend, self.member.connection
        real = settings.of("real_transactions", name)
        configure: dict[str, Any] = {}
        if real and backend.transactional_ddl:
            configure["transactional_ddl"] = True
        context = self.environment.environment_context(
            self.member.database,
            self.member.scripts,
            connection,
            x_arguments=self.manner.x_arguments,
            configure=configure,
            fn=lambda revision, context: (),
            destination_rev=self.run.target,
            tag=self.manner.tag,
        )
        timeouts = backend.timeouts(
            connection,
            ddl_lock=settings.of("ddl_lock_timeout", name),
            statement=settings.of("statement_timeout", name),
        )
        key = lock_key(self.environment, name)
        transaction = (
            backend.transaction(
                connection,
                version_table=key.version_table,
                on_commit=self.log.committed,
            )
            if real
            else nullcontext()
        )
        with transaction, timeouts, self.log.attached(), context:
            with Operations.context(context.get_context()):
                yield context

    @property
    def is_transactional(self) -> bool:
        """Whether DDL is undone by a rollback here."""
        return bool(self.context.impl.transactional_ddl)

    @property
    def per_revision(self) -> bool:
        """Whether each revision has a transaction of its own."""
        per_migration = self.context.opts.get("transaction_per_migration", False)
        return bool(per_migration) or not self.is_transactional

    def _units(self) -> list[Sequence[PlannedStep]]:
        """Return the steps that share a transaction, transaction by transaction."""
        if not self.member.steps:
            return [()] if self.manner.purge else []
        if self.per_revision and not self.manner.dry:
            return [[step] for step in self.member.steps]
        return [self.member.steps]

    def _attempts(self, unit: Sequence[PlannedStep]) -> None:
        """Run a transaction, again after a lock timeout if that is safe."""
        retries = self.environment.settings.of("lock_retries", self.member.name)
        began = time.monotonic()
        for attempt in range(retries + 1):
            commits, before = self.log.commits, self.versions.heads
            self._pending, self._durable, self._current = [], 0, None
            self.executed = len(self.applied)
            try:
                self._journal(unit)
                self._transaction(unit)
            except BaseException as error:
                self.log.give_up(error)
                self.versions.reset(before)
                spent = time.monotonic() - began
                if attempt < retries and self._may_retry(error, commits, spent):
                    self._pause(attempt)
                    continue
                raise self._stopped(error) from error
            self._told(len(self._pending))
            return

    def _journal(self, unit: Sequence[PlannedStep]) -> None:
        """Say in the journal which revision comes, outside its transaction."""
        if self.log.journal is None:
            return
        for planned in unit:
            self._current = planned
            self.log.begin()
            self.log.journal.begin(
                self.run.id,
                planned.step.revision,
                planned.step.direction,
                checksum(planned),
                resume=self.manner.resume,
            )

    def _may_retry(self, error: BaseException, commits: int, spent: float) -> bool:
        """Whether nothing is in effect and only a lock was in the way.

        Waiting ends after ``ddl_lock_timeout`` in all: a short one is tried several
        times, so that whoever queues behind us gets through in between.
        """
        if self.log.commits != commits or self.manner.dry:
            return False
        backend, settings = self.member.backend, self.environment.settings
        if backend.is_deadlock(error):
            return True
        limit = settings.of("ddl_lock_timeout", self.member.name) or 0
        return backend.is_lock_timeout(error) and spent < max(limit, SHORT)

    def _pause(self, attempt: int) -> None:
        seconds = 0.5 * 2**attempt
        logger.warning(
            "Database %r: a lock was in the way; trying again in %.1f s.",
            self.member.name,
            seconds,
        )
        tell(
            Progress(
                "retrying",
                self.member.name,
                step=self._current.step if self._current else None,
                elapsed=seconds,
            )
        )
        time.sleep(seconds)

    def _own_timeouts(self, planned: PlannedStep) -> AbstractContextManager[None]:
        """Set the timeouts that a revision asks for as module attributes."""
        known = getattr(planned.function, "__globals__", {})
        ddl_lock, statement = (
            known.get("ddl_lock_timeout"),
            known.get("statement_timeout"),
        )
        if ddl_lock is None and statement is None:
            return nullcontext()
        return self.member.backend.timeouts(
            self.member.connection, ddl_lock=ddl_lock, statement=statement
        )

    def _transaction(self, unit: Sequence[PlannedStep]) -> None:
        if self.manner.dry:
            self.log.forbid_commit = self._no_commit
        with private.transaction(
            self.context, per_migration=self.per_revision
        ) as transaction:
            self.versions.ensure(purge=self.manner.purge)
            for planned in unit:
                self._current = planned
                self._step(planned)
            self._current = None
            self.log.begin()
            if self.manner.dry:
                transaction.rollback()

    def _no_commit(self) -> BaseException:
        revision = self._current.step.revision if self._current else "?"
        return UsageError(
            f"{revision} commits in the middle (autocommit_block or the like), so it "
            "cannot be tried and rolled back.",
            "Use --plan or --sql.",
        )

    def _step(self, planned: PlannedStep) -> None:
        """Run one revision and write its version row."""
        step, started = planned.step, time.perf_counter()
        self.log.begin()
        number = self.offset + self.executed + 1
        total = len(self.run.plan)
        logger.info("Running %s of %s, %s", step.direction, step.revision, step.doc)
        tell(Progress("started", self.member.name, step, number, total))
        commits = self.log.commits

        def work() -> StepResult:
            with self._own_timeouts(planned), self.log.recording():
                call_revision(planned, self.member.name, self.manner.arguments)
            return StepResult(
                step, time.perf_counter() - started, len(self.log.statements)
            )

        try:
            result = self.hooks.around(
                specs.apply_revision,
                work,
                run=self.run,
                step=step,
                connection=self.context.connection,
            )
        finally:
            if self.log.commits > commits:
                # An autocommit block committed everything before it, also where the
                # revision failed afterwards.
                self._durable = len(self._pending)
        if not isinstance(result, StepResult):
            raise HookError(
                f"A wrapper of apply_revision returned {result!r}.",
                "A wrapper must end with: return (yield).",
                hook="apply_revision",
            )
        self.versions.move(planned.alembic)
        self._call_back(planned)
        if self.log.journal is not None:
            self.log.journal.finish()
        self._pending.append(result)
        self.executed += 1
        tell(Progress("applied", self.member.name, step, number, total, result.elapsed))

    def _call_back(self, planned: PlannedStep) -> None:
        """Call what ``ALEMBIC_CONTEXT["on_version_apply"]`` holds, as Alembic does."""
        for callback in self.context.opts.get("on_version_apply") or ():
            callback(
                ctx=self.context,
                step=planned.alembic.info,
                heads=set(self.versions.heads),
                run_args=dict(self.manner.arguments),
            )

    def _guard(self, statement: Statement) -> None:
        assert self._current is not None
        self.hooks.guard(
            specs.before_statement,
            run=self.run,
            step=self._current.step,
            statement=statement,
        )

    def _told(self, count: int) -> None:
        """Tell of steps that are durable now."""
        durable, self._pending = self._pending[:count], self._pending[count:]
        if self.manner.dry:
            self.applied += durable
            return
        for result in durable:
            self.applied.append(result)
            if not result.step.is_stamp:
                self.hooks.tell(
                    specs.revision_applied,
                    run=self.run,
                    step=result.step,
                    elapsed=result.elapsed,
                )

    def _stopped(self, error: BaseException) -> Stopped:
        """Tell of the failure, after the rollback, and say what to report."""
        self._told(self._durable)
        step = self._current.step if self._current is not None else None
        failure = describe_failure(
            error,
            self.member.name,
            step,
            self.log,
            [result.step for result in self._pending],
            self.is_transactional,
        )
        if step is not None:
            self.hooks.tell(specs.revision_failed, run=self.run, step=step, error=error)
        return Stopped(error, failure)


def not_started(
    members: Sequence[Member], begun: Collection[Step | None]
) -> tuple[Step, ...]:
    """Return the planned steps that were never begun.

    :param members: The databases of the run.
    :param begun: The steps that were.
    """
    return tuple(
        planned.step
        for member in members
        for planned in member.steps
        if planned.step not in begun
    )
