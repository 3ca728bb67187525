"""One revision at a time: its function, its hooks, its version row."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..environment.progress import (
    Progress,
    at_work,
    is_observed,
    tell,
    wants_statements,
)
from ..errors import HookError
from ..hooks import specs
from ..hooks.payloads import Run, Statement, StepResult
from .calling import call_revision
from .members import Manner, Member
from .preparing import own_timeouts
from .statements import StatementLog
from .versions import VersionTable

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from ..hooks.dispatch import Hooks
    from .planning import PlannedStep

logger = logging.getLogger("flask_alembic.commands")


class Stepper:
    """Runs the steps of one database, in the transaction of the caller.

    :param hooks: The dispatcher of the command.
    :param run: What is being done.
    :param member: The database.
    :param manner: How the run is to be done.
    :param offset: How many steps of the plan come before the first one here.
    """

    def __init__(
        self, hooks: Hooks, run: Run, member: Member, manner: Manner, offset: int
    ) -> None:
        self.hooks = hooks
        self.run = run
        self.member = member
        self.manner = manner
        self.offset = offset
        self.current: PlannedStep | None = None
        """The step at work; none between two transactions and at COMMIT."""
        self.done: list[StepResult] = []
        """The steps that have run in the transaction that is open."""
        self.durable = 0
        """How many of ``done`` a commit in the middle has made durable."""
        watched = hooks.implemented(specs.before_statement)
        self.log = StatementLog(
            member.connection, member.backend, self._guard if watched else None
        )
        if wants_statements():
            self.log.shown = self._tell_statement

    def start(self, context: MigrationContext) -> None:
        """Begin with where the database is now.

        :param context: Its context.
        """
        self.context = context
        self.versions = VersionTable(context, self.member.heads)

    def begin(self) -> None:
        """Begin a transaction's steps."""
        self.done, self.durable, self.current = [], 0, None

    def step(self, planned: PlannedStep, number: int) -> None:
        """Run one revision and write its version row.

        :param planned: The step.
        :param number: Which one of this database's it is, counted from 1.
        """
        self.current = planned
        step, number = planned.step, self.offset + number
        total = len(self.run.plan)
        self.log.begin()
        logger.info("Running %s of %s, %s", step.direction, step.revision, step.doc)
        started = Progress("started", self.member.name, step, number, total)
        tell(started)
        with at_work(started):
            result = self._surrounded(planned)
        self.versions.move(planned.alembic)
        self._call_back(planned)
        if self.log.journal is not None:
            self.log.journal.finish()
        self.done.append(result)
        if is_observed():
            tell(
                replace(
                    started,
                    moment="finished",
                    elapsed=result.elapsed,
                    statements=result.statements,
                )
            )

    def end(self) -> None:
        """Say that all steps have run and the commit comes."""
        self.current = None
        self.log.begin()

    def _surrounded(self, planned: PlannedStep) -> StepResult:
        """Call the revision's function inside the ``apply_revision`` wrappers."""
        started, commits = time.perf_counter(), self.log.commits

        def work() -> StepResult:
            with own_timeouts(self.member, planned), self.log.recording():
                call_revision(planned, self.member.name, self.manner.arguments)
            elapsed = time.perf_counter() - started
            return StepResult(planned.step, elapsed, len(self.log.statements))

        try:
            result = self.hooks.around(
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

    def _call_back(self, planned: PlannedStep) -> None:
        """Call what ``ALEMBIC_CONTEXT["on_version_apply"]`` holds, as Alembic does."""
        for callback in self.context.opts.get("on_version_apply") or ():
            callback(
                ctx=self.context,
                step=planned.alembic.info,
                heads=set(self.versions.heads),
                run_args=dict(self.manner.arguments),
            )

    def _tell_statement(self, sql: str) -> None:
        step = self.current.step if self.current is not None else None
        tell(Progress("statement", self.member.name, step, text=sql))

    def _guard(self, statement: Statement) -> None:
        assert self.current is not None
        self.hooks.guard(
            specs.before_statement,
            run=self.run,
            step=self.current.step,
            statement=statement,
        )
