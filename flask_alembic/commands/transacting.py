"""One database's part of a run: its transactions, and what is durable after them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ..environment import private
from ..environment.progress import Progress, is_observed, tell
from ..errors import UsageError
from ..hooks import specs
from ..hooks.payloads import Run, StepResult
from .members import Manner, Member, Stopped
from .preparing import configured, prepared, proxied
from .reporting import describe_failure
from .resuming import checksum, forget_unfinished, open_journal
from .stepping import Stepper
from .watching import watching

if TYPE_CHECKING:
    from ..environment.objects import Environment
    from ..hooks.dispatch import Hooks
    from .planning import PlannedStep

logger = logging.getLogger("flask_alembic.commands")

SHORT = 10.0
"""How long may be spent on tries in any case, in seconds."""


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
        self.stepper = Stepper(hooks, run, member, manner, offset)
        self.log = self.stepper.log
        self.applied: list[StepResult] = []

    def execute(self) -> tuple[str, ...]:
        """Run the steps, transaction by transaction.

        :return: The heads that the database is at afterwards.
        :raises Stopped: When a step or a COMMIT failed; everything that is not
            durable is rolled back.
        """
        with self.opened(), proxied(self.environment_context):
            self._tell_begun()
            for unit in self.units():
                self._attempts(unit)
        if self.is_stamp:
            forget_unfinished(self.environment, self.member)
        return self.stepper.versions.heads

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have everything in force on the connection that the steps need."""
        with ExitStack() as stack:
            self.environment_context = configured(
                self.environment, self.member, self.manner, self.run.target
            )
            self.context = self.environment_context.get_context()
            stack.enter_context(prepared(self.environment, self.member, self.log))
            self.stepper.start(self.context)
            if not self.is_transactional and not self.is_stamp:
                self.log.journal = open_journal(self.environment, self.member)
            if self.log.journal is not None:
                stack.callback(self.log.journal.close)
            stack.enter_context(watching(self.environment, self.member, self.log))
            yield

    @property
    def is_stamp(self) -> bool:
        """Whether only the version table changes."""
        return self.run.command == "stamp"

    @property
    def is_transactional(self) -> bool:
        """Whether DDL is undone by a rollback here."""
        return bool(self.context.impl.transactional_ddl)

    @property
    def per_revision(self) -> bool:
        """Whether each revision has a transaction of its own."""
        per_migration = self.context.opts.get("transaction_per_migration", False)
        return bool(per_migration) or not self.is_transactional

    def units(self) -> list[Sequence[PlannedStep]]:
        """Return the steps that share a transaction, transaction by transaction."""
        if not self.member.steps:
            return [()] if self.manner.purge else []
        if self.per_revision and not self.manner.dry:
            return [[step] for step in self.member.steps]
        return [self.member.steps]

    def steps(self, unit: Sequence[PlannedStep]) -> None:
        """Run the steps of a transaction; the caller has begun it and ends it."""
        self.stepper.versions.ensure(purge=self.manner.purge)
        for number, planned in enumerate(unit, len(self.applied) + 1):
            self.stepper.step(planned, number)
        self.stepper.end()

    def told(self, count: int | None = None) -> None:
        """Tell of steps that are durable now.

        :param count: How many; all that have run for ``None``.
        """
        done = self.stepper.done
        count = len(done) if count is None else count
        durable, self.stepper.done = done[:count], done[count:]
        self.applied += durable
        self._tell_durable(durable)
        for result in durable:
            if not result.step.is_stamp and not self.manner.dry:
                self.hooks.tell(
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
        total = len(self.member.steps)
        tell(Progress("begun", self.member.name, total=total, text=text))

    def _tell_durable(self, durable: Sequence[StepResult]) -> None:
        """Tell of steps that a COMMIT has made durable."""
        if self.manner.dry or not durable:
            return
        name, total = self.member.name, len(self.run.plan)
        first = self.stepper.offset + len(self.applied) - len(durable) + 1
        for number, result in enumerate(durable, first):
            tell(Progress("applied", name, result.step, number, total, result.elapsed))
        tell(Progress("committed", name, number=len(durable)))

    def stopped(self, error: BaseException) -> Stopped:
        """Tell of the failure, after the rollback, and say what to report.

        :param error: What was raised.
        """
        self.told(self.stepper.durable)
        current = self.stepper.current
        step = current.step if current is not None else None
        failure = describe_failure(
            error,
            self.run.command,
            self.member.name,
            step,
            self.log,
            [result.step for result in self.stepper.done],
            self.is_transactional,
        )
        if step is not None:
            self.hooks.tell(specs.revision_failed, run=self.run, step=step, error=error)
        return Stopped(error, failure)

    def _attempts(self, unit: Sequence[PlannedStep]) -> None:
        """Run a transaction, again after a lock timeout if that is safe."""
        retries = self.environment.settings.of("lock_retries", self.member.name)
        began = time.monotonic()
        for attempt in range(retries + 1):
            commits, before = self.log.commits, self.stepper.versions.heads
            self.stepper.begin()
            try:
                self._journal(unit)
                self._transaction(unit)
            except BaseException as error:
                self.log.give_up(error)
                self.stepper.versions.reset(before)
                spent = time.monotonic() - began
                if attempt < retries and self._may_retry(error, commits, spent):
                    self._pause(attempt)
                    continue
                raise self.stopped(error) from error
            self.told()
            return

    def _transaction(self, unit: Sequence[PlannedStep]) -> None:
        if self.manner.dry:
            self.log.forbid_commit = self._no_commit
        with private.transaction(
            self.context, per_migration=self.per_revision
        ) as transaction:
            self.steps(unit)
            if self.manner.dry:
                transaction.rollback()

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
            extra={"is_told": is_observed()},
        )
        current = self.stepper.current
        step = current.step if current is not None else None
        tell(Progress("retrying", self.member.name, step, elapsed=seconds))
        time.sleep(seconds)
