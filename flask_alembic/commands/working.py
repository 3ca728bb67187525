"""The work of a run: database after database, up to the first failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ..hooks.payloads import Run, RunResult, StepResult
from .connecting import current_heads, heads_of
from .interrupting import Interrupted
from .invocation import Invocation
from .members import Manner, Member, Stopped, not_started
from .reporting import sentences
from .resuming import forget_unfinished

if TYPE_CHECKING:
    from ..errors import MigrationFailed
    from .requests import Request
    from .transacting import DatabaseRun

one_at_a_time: Final = threading.Lock()
"""Held while revisions run: ``alembic.op`` is one object for the whole process, so
two runs at once would write into each other's database."""


@dataclass
class _Progress:
    """What is done so far."""

    call: Invocation
    run: Run
    members: Sequence[Member]
    started: float
    applied: list[StepResult] = field(default_factory=list)
    after: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def result(self) -> RunResult:
        return RunResult(
            self.run,
            applied=tuple(self.applied),
            heads_before=self.run.heads,
            heads_after=dict(self.after),
            elapsed=time.perf_counter() - self.started,
        )

    def failed(self, stopped: Stopped) -> MigrationFailed:
        """Return the error for a part that stopped, with everything that is known."""
        begun = {
            *(result.step for result in self.applied),
            *stopped.failure.rolled_back,
            stopped.failure.step,
        }
        result = replace(
            self.result(),
            not_started=not_started(self.members, begun),
            failure=stopped.failure,
        )
        return _error(stopped.error, result)


def work_through(
    call: Invocation,
    run: Run,
    members: Sequence[Member],
    request: Request,
    started: float,
) -> RunResult:
    """Run the steps of all databases.

    :param call: The command at work.
    :param run: What is being done.
    :param members: The databases, connected, locked and planned.
    :param request: What was asked for.
    :param started: When the command began, by :func:`time.perf_counter`.
    :raises MigrationFailed: When one stopped; ``result`` says what is done.
    """
    manner = Manner(
        arguments=request.arguments,
        x_arguments=request.x_arguments,
        tag=request.tag,
        purge=request.purge,
        dry=request.mode == "dry-run",
        resume=request.resume,
    )
    parts: list[DatabaseRun] = []
    offset = 0
    for member in members:
        if member.steps or request.purge:
            # Not above: it imports Alembic, which is of no use where there is no work.
            from .transacting import DatabaseRun

            parts.append(
                DatabaseRun(call.environment, call.hooks, run, member, manner, offset)
            )
            offset += len(member.steps)
        elif member.half_done:
            forget_unfinished(call.environment, member)
    progress = _Progress(call, run, members, started, after=dict(run.heads))
    with one_at_a_time:
        if call.environment.settings.twophase and len(parts) > 1 and not manner.dry:
            _together(progress, parts)
        else:
            _one_by_one(progress, parts, dry=manner.dry)
    return progress.result()


def _one_by_one(
    progress: _Progress, parts: Sequence[DatabaseRun], *, dry: bool
) -> None:
    for part in parts:
        try:
            heads = part.execute()
        except Stopped as stopped:
            progress.applied += part.applied
            progress.after[part.member.name] = _heads_now(progress.call, part)
            raise progress.failed(stopped) from stopped.error
        progress.applied += part.applied
        if not dry:
            progress.after[part.member.name] = heads


def _together(progress: _Progress, parts: Sequence[DatabaseRun]) -> None:
    from .twophase import run_together

    try:
        progress.after.update(run_together(parts))
    except Stopped as stopped:
        for part in parts:
            progress.applied += part.applied
            progress.after[part.member.name] = _heads_now(progress.call, part)
        raise progress.failed(stopped) from stopped.error
    for part in parts:
        progress.applied += part.applied


def _heads_now(call: Invocation, part: DatabaseRun) -> tuple[str, ...]:
    """Read where a database is after a failure.

    On the run's own connection if it still works, for a pool may hold only that one;
    else on another; else what the transactions say.
    """
    member = part.member
    try:
        heads = current_heads(call.environment, member.database, member.connection)
        member.connection.rollback()
        return heads
    except Exception:
        pass
    try:
        return heads_of(call.environment, call.hooks, [member.name])[member.name]
    except Exception:
        return part.stepper.versions.heads


def _error(error: BaseException, result: RunResult) -> MigrationFailed:
    from ..errors import MigrationFailed

    failure = result.failure
    assert failure is not None
    message = "\n".join(sentences(result))
    kind = Interrupted if isinstance(error, KeyboardInterrupt) else MigrationFailed
    return kind(message, failure.advice, result=result)
