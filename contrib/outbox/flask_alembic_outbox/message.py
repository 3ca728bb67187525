"""What a receiver is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from flask_alembic.hooks import Run, Step, StepResult

REVISION_APPLIED: Final = "revision_applied"
"""The kind of a message about one revision, applied, reverted or stamped."""

RUN_FINISHED: Final = "run_finished"
"""The kind of a message about a run that has reached its target in one database."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. It may come more than once, with the same ``id``.

    .. versionadded:: 4.0
    """

    id: str
    """32 hexadecimal digits, the same at every delivery."""

    kind: str
    """``revision_applied`` or ``run_finished``."""

    database: str
    """The name of the database, which the message was committed in."""

    run_id: str
    """The id of the run."""

    created_utc: datetime
    """When it was written, in UTC without a zone."""

    body: Mapping[str, Any]
    """What it says, as JSON holds it: ``operation``, ``target`` and ``steps``, a list with one
    step or, in ``run_finished``, all steps of the database. A step has ``revision``,
    ``down_revisions``, ``direction``, ``doc``, ``file`` and ``elapsed``, in seconds."""


def body_of(run: Run, done: list[tuple[Step, float]]) -> dict[str, Any]:
    """Return what a message says.

    :param run: The run.
    :param done: The steps, each with the seconds that it took.
    """
    return {
        "operation": run.operation,
        "target": run.target,
        "steps": [_step(step, elapsed) for step, elapsed in done],
    }


def _step(step: Step, elapsed: float) -> dict[str, Any]:
    return {
        "revision": step.revision,
        "down_revisions": list(step.down_revisions),
        "direction": step.direction,
        "doc": step.doc,
        "file": step.path.name if step.path else None,
        "elapsed": round(elapsed, 6),
    }


def step_results(message: Message) -> tuple[StepResult, ...]:
    """Return the steps of a message as the objects that hooks are given.

    :param message: The message.
    """
    from flask_alembic.hooks import Step, StepResult

    return tuple(
        StepResult(
            Step(
                revision=step["revision"],
                down_revisions=tuple(step["down_revisions"]),
                direction=step["direction"],
                doc=step["doc"],
                path=None,
                database=message.database,
            ),
            step["elapsed"],
        )
        for step in message.body["steps"]
    )
