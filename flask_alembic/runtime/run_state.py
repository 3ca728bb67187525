"""What is known of a run while it goes on, and what is said of one that fails."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import AlembicError, MigrationFailed
from ..hooks.payloads import Mode, Run, RunFailure, RunResult, StepResult
from .failure import changed_sentences, error_summary, sentences
from .interrupt import Interrupted
from .request import DatabaseRun, MigrationRequest, StepFailed, make_run, not_started

if TYPE_CHECKING:
    from ..hooks.dispatcher import Hooks
    from ..hooks.payloads import Direction
    from .environment import Environment
    from .executor import DatabaseExecutor
    from .invocation import Invocation

CHANGED = "The database was changed, but"
"""How the message begins of an error that came after a COMMIT."""


@dataclass
class RunState:
    """A run from its request to its result; one object for all that take part."""

    call: Invocation
    """The running command."""

    request: MigrationRequest
    """What was asked for."""

    started: float = field(default_factory=time.perf_counter)
    """When the run began, by :func:`time.perf_counter`."""

    database: str = ""
    """The database that is being connected or locked."""

    database_runs: list[DatabaseRun] = field(default_factory=list)
    """The databases that take part, connected and planned."""

    run: Run | None = None
    """The run as hooks see it, once it is planned."""

    done: list[StepResult] = field(default_factory=list)
    """The steps that are committed; in a dry run, those that have run."""

    heads_after: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Where the databases are that the run has worked on."""

    finished: RunResult | None = None
    """What was done, when all of the work is."""

    failed: MigrationFailed | None = None
    """What stopped the work."""

    @property
    def environment(self) -> Environment:
        """The app's environment."""
        return self.call.environment

    @property
    def hooks(self) -> Hooks:
        """The dispatcher of the command."""
        return self.call.hooks

    def planned(self, direction: Direction | None = None) -> Run:
        """Return the run, and make it of what is known when nobody has planned it.

        :param direction: What it is called; as it was asked for by default.
        """
        if self.run is None:
            request = self.request
            self.run = make_run(
                replace(request, direction=direction) if direction else request,
                {one.name: one.steps for one in self.database_runs},
                {one.name: tuple(map(str, one.heads)) for one in self.database_runs},
            )
        return self.run

    def result(self, failure: RunFailure | None = None) -> RunResult:
        """Return what was done until now.

        :param failure: Where it stopped, if it did.
        """
        run, done = self.planned(), tuple(self.done)
        begun = {result.step for result in done}
        if failure is not None:
            begun |= {*failure.rolled_back, *failure.not_known}
            begun |= {failure.step} if failure.step is not None else set()
        return RunResult(
            run,
            applied=() if self.request.is_dry else done,
            tried=done if self.request.is_dry else (),
            heads_before=run.heads,
            heads_after={**run.heads, **self.heads_after},
            not_started=not_started(self.database_runs, begun) if failure else (),
            failure=failure,
            elapsed=time.perf_counter() - self.started,
        )

    def stopped(self, stopped: StepFailed) -> MigrationFailed:
        """Return the error for a database's part that stopped.

        :param stopped: What is known of it; this adds what other databases did.
        """
        result = self.result(stopped.failure)
        is_interrupt = isinstance(stopped.error, KeyboardInterrupt)
        kind = Interrupted if is_interrupt else MigrationFailed
        message = "\n".join(sentences(result))
        self.failed = kind(message, stopped.failure.advice, result=result)
        return self.failed

    def note_heads(self, part: DatabaseExecutor, stopped: StepFailed) -> None:
        """Note where a database is after a failure: what it says, if it says anything.

        :param part: The database's part of the run.
        :param stopped: The failure, in that database or in another one.
        """
        is_here = stopped.failure.database == part.database_run.name
        if is_here and stopped.heads is not None:
            self.heads_after[part.database_run.name] = stopped.heads
        else:
            self.heads_after[part.database_run.name] = part.heads

    def explain(self, error: BaseException) -> BaseException:
        """Return what is raised for an error of a run: it says what was changed.

        :param error: What stopped the command, inside or outside of a transaction.
        """
        if error is self.failed:
            return error
        if self.failed is not None:
            known = self.failed.result
            assert isinstance(known, RunResult)
            text = f"{self.failed.message}\nThen {_message(error)}"
            return self._carrying(error, text, self.failed.advice, known)
        # It may have come between the last commit and the result, or between databases.
        finished = self.finished or (self.result() if self.done else None)
        if finished is None or not finished.changed:
            return error
        failure = RunFailure(
            database="",
            step=None,
            error=error_summary(error),
            advice="Do not run the command again to repair this.",
        )
        known = self.finished = replace(
            finished,
            failure=failure,
            not_started=not_started(self.database_runs, {r.step for r in self.done}),
        )
        advice = error.advice if isinstance(error, AlembicError) else failure.advice
        return self._carrying(error, changed_message(error, known), advice, known)

    def _carrying(
        self, error: BaseException, message: str, advice: str, result: RunResult
    ) -> AlembicError:
        """Return an error with another message; of ours, the same object."""
        self.call.result = result
        if isinstance(error, AlembicError) and not isinstance(error, MigrationFailed):
            error.message, error.args = message, (message,)
            return error
        kind = Interrupted if isinstance(error, KeyboardInterrupt) else MigrationFailed
        return kind(message, advice, result=result)

    def failure_result(self, error: BaseException) -> RunResult:
        """Return the result for the event of a run that failed; ``failure`` is set.

        :param error: What stopped it.
        """
        for known in (getattr(error, "result", None), self.call.result):
            if isinstance(known, RunResult) and known.failure is not None:
                return known
        advice = error.advice if isinstance(error, AlembicError) else ""
        summary = error_summary(error)
        return self.result(RunFailure(self.database, None, summary, advice=advice))

    @property
    def is_executed(self) -> bool:
        """Whether revisions are executed, so that the run can succeed or fail."""
        return self.request.mode in {Mode.ONLINE, Mode.DRY_RUN}


def changed_message(error: BaseException, result: RunResult) -> str:
    """Return what is said of an error that came when the work was done.

    :param error: What was raised.
    :param result: What the run did.
    """
    lines = [f"{CHANGED}: {_message(error)}", *changed_sentences(result)]
    return "\n".join(lines)


def _message(error: BaseException) -> str:
    """Return what an error says, with a full stop."""
    text = error.message if isinstance(error, AlembicError) else error_summary(error)
    return f"{text.rstrip('.')}."
