"""What happened when a run stopped: the failure as data and as sentences."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment.translation import first_line
from ..errors import AlembicError
from ..hooks.payloads import Failure, RunResult, Step
from .interrupting import Terminated
from .resuming import place_before

if TYPE_CHECKING:
    from .statements import StatementLog


def describe_failure(
    error: BaseException,
    command: str,
    database: str,
    step: Step | None,
    log: StatementLog,
    rolled_back: Sequence[Step],
    transactional: bool,
) -> Failure:
    """Say where and why a run stopped.

    :param error: What was raised.
    :param command: The command at work, which is to be typed again.
    :param database: The database in which it stopped.
    :param step: The step at work; ``None`` at COMMIT.
    :param log: The statements of that step.
    :param rolled_back: Steps that had run and were undone.
    :param transactional: Whether the database undoes DDL.
    """
    in_effect = log.in_effect if step is not None else ()
    path = step.path if step is not None else None
    return Failure(
        database=database,
        step=step,
        error=_with_blocker(words(error), log),
        path=path,
        line=line_of(error, path),
        statement=log.failed,
        in_effect=in_effect,
        rolled_back=tuple(rolled_back),
        version_table_right=not in_effect,
        advice=_advice(command, step, in_effect, transactional, words(error), error),
    )


def words(error: BaseException) -> str:
    """Return the kind and the first line of an error.

    :param error: What was raised.
    """
    if isinstance(error, KeyboardInterrupt):
        return "interrupted from the keyboard"
    if isinstance(error, Terminated):
        return "terminated by SIGTERM"
    if isinstance(error, SystemExit):
        return f"the revision called sys.exit({error.code!r})"
    if isinstance(error, AlembicError):
        return error.message.rstrip(".")
    original = getattr(error, "orig", None) or error
    text = first_line(original)
    kind = type(original).__name__
    return text if text == kind else f"{kind}: {text}"


def _with_blocker(text: str, log: StatementLog) -> str:
    """Name the session that was waited for, where one was."""
    return f"{text}; it waited for {log.blocked_by}" if log.blocked_by else text


def line_of(error: BaseException, path: Path | None) -> int | None:
    """Return the last line of the revision's own file in the traceback.

    :param error: What was raised.
    :param path: The revision's file.
    """
    if path is None:
        return None
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path
    ]
    return lines[-1] if lines else None


def _advice(
    name: str,
    step: Step | None,
    in_effect: Sequence[str],
    transactional: bool,
    error: str,
    raised: BaseException,
) -> str:
    if not in_effect and isinstance(raised, AlembicError) and raised.advice:
        return raised.advice
    if not in_effect and name == "upgrade" and "already exists" in error:
        return (
            "Mend the cause and run flask db upgrade again. If the tables are there "
            "already, because the version table was lost or something else has made "
            "them, say which revision they are at: flask db stamp REVISION"
        )
    if not in_effect:
        return f"Mend the cause and run flask db {name} again."
    if transactional:
        return (
            "Undo what is in effect by hand, or change the revision so that it can "
            f"run again (IF NOT EXISTS); then run flask db {name} again."
        )
    before = place_before(step) if step is not None else "REVISION"
    return (
        "Where data or the server is the cause, mend that and run flask db "
        f"{name} --resume: it goes on after the statements that are in effect. Where "
        "the file is, undo these statements by hand, run flask db stamp "
        f"{before}, mend the file, and run flask db {name} again."
    )


def sentences(result: RunResult) -> list[str]:
    """Return a failed run's report as lines for a person.

    :param result: What the run did; its ``failure`` is set.
    """
    failure = result.failure
    assert failure is not None
    lines = [_headline(failure)]
    if failure.path is not None:
        at = f", line {failure.line}" if failure.line else ""
        lines.append(f"File: {failure.path}{at}")
    if failure.statement:
        lines.append(f"Statement: {_shortened(failure.statement)}")
    lines.append(f"Committed before: {_steps([s.step for s in result.applied])}")
    lines.append(f"Undone: {_steps(_undone(failure))}")
    lines.append(f"Not started: {_steps(result.not_started)}")
    if failure.in_effect:
        lines.append("Statements of this revision that are in effect:")
        lines += [
            f"  {number}. {_shortened(sql)}"
            for number, sql in enumerate(failure.in_effect, 1)
        ]
    right = "right" if failure.version_table_right else "one revision behind the schema"
    lines.append(f"Version table: {right}")
    return lines


def _headline(failure: Failure) -> str:
    if failure.step is None:
        return f"The run failed in database {failure.database!r}: {failure.error}."
    doc = f" ({failure.step.doc})" if failure.step.doc else ""
    return (
        f"{failure.step.direction.capitalize()} of {failure.step.revision}{doc} failed "
        f"in database {failure.database!r}: {failure.error}."
    )


def _undone(failure: Failure) -> list[Step]:
    undone = list(failure.rolled_back)
    if failure.step is not None and not failure.in_effect:
        undone.append(failure.step)
    return undone


def _steps(steps: Sequence[Step]) -> str:
    if not steps:
        return "nothing"
    names = [f"{step.revision} [{step.database}]" for step in steps[:8]]
    more = f" and {len(steps) - 8} more" if len(steps) > 8 else ""
    return ", ".join(names) + more


def _shortened(sql: str, width: int = 300) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= width else text[: width - 1] + "…"
