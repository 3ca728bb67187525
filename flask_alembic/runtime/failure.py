"""What happened when a run stopped: the failure as data and as sentences."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AlembicError
from ..hooks.payloads import RunFailure, RunResult, Step
from ..hooks.redaction import first_line, headline, hide_secrets
from .interrupt import Terminated
from .resume import place_before

if TYPE_CHECKING:
    from .statement_log import StatementLog


def describe_failure(
    error: BaseException,
    command: str,
    database: str,
    step: Step | None,
    log: StatementLog,
    rolled_back: Sequence[Step],
    transactional: bool,
    *,
    not_known: Sequence[Step] = (),
    uncertain: Sequence[str] = (),
    committing: bool = False,
    lock_timeout: bool = False,
    repeatable: bool = False,
) -> RunFailure:
    """Say where and why a run stopped.

    :param error: What was raised.
    :param command: The running command, which is to be typed again.
    :param database: The database in which it stopped.
    :param step: The running step; ``None`` at COMMIT.
    :param log: The statements of that step.
    :param rolled_back: Steps that had run and were rolled back.
    :param transactional: Whether the database undoes DDL.
    :param not_known: Steps of which it is not known whether they are applied.
    :param uncertain: Statements of that step of which it is not known.
    :param committing: Whether it was COMMIT that failed.
    :param lock_timeout: Whether a lock was not free in time.
    :param repeatable: Whether the file says that the revision can be run again.
    """
    # Here, once: reports, events and plugins get no other text of a statement.
    in_effect = tuple(map(hide_secrets, log.in_effect)) if step is not None else ()
    path = step.path if step is not None else None
    summary = error_summary(error)
    if committing:
        summary = f"COMMIT failed: {summary}"
    return RunFailure(
        database=database,
        step=step,
        error=_with_blocker(summary, log),
        path=path,
        line=line_of(error, path),
        statement=hide_secrets(log.failed) if log.failed else log.failed,
        in_effect=in_effect,
        rolled_back=tuple(rolled_back),
        not_known=tuple(not_known),
        uncertain=tuple(map(hide_secrets, uncertain)),
        version_table_right=not in_effect and not uncertain,
        advice=_advice_to_repeat(command, repeatable and not not_known, log)
        or _advice_on_end(command, not_known, uncertain, lock_timeout, log)
        or _advice(
            command, step, in_effect, transactional, error_summary(error), error, log
        ),
    )


def _advice_to_repeat(command: str, repeatable: bool, log: StatementLog) -> str:
    """Return what to do where a part is in effect that does no harm."""
    if not repeatable or not log.in_effect or log.blocked_by:
        return ""
    return (
        f"Fix the cause, then run flask db {command} again: the file says that the "
        "revision can be run again after it has committed a part."
    )


def _advice_on_end(
    command: str,
    not_known: Sequence[Step],
    uncertain: Sequence[str],
    lock_timeout: bool,
    log: StatementLog,
) -> str:
    """Return what to do where it is about how the transaction ended, if it is."""
    if not_known:
        return (
            "Run flask db current to see what is applied; then run flask db "
            f"{command} again: it continues from there."
        )
    if uncertain and log.has_journaled:
        return _advice_on_uncertain(command, log)
    if uncertain:
        return (
            "Check which of these statements are applied, and revert them by hand. "
            "Leave COMMIT and ROLLBACK to the run: put statements that must not be in "
            "a transaction into op.get_context().autocommit_block(). Then run flask db "
            f"{command} again."
        )
    if lock_timeout and not log.blocked_by:
        return (
            "Another connection holds a lock: let it finish, or raise "
            f"ALEMBIC['ddl_lock_timeout']; then run flask db {command} again."
        )
    return ""


def _advice_on_uncertain(command: str, log: StatementLog) -> str:
    """Return what to do where the journal does not know what became of a statement."""
    found = log.unfinished
    if found is not None and not found.all_uncertain:
        return (
            f"Fix the cause and run flask db {command} --resume: it runs the step that "
            "is not completed from its start. What the step has committed stays."
        )
    return (
        "Look at the database to see whether the statement is applied. Then run flask "
        f"db {command} --resume with --last-statement-applied or "
        "--last-statement-not-applied; revert or finish by hand before what is applied "
        "in part."
    )


def error_summary(error: BaseException) -> str:
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
    log: StatementLog,
) -> str:
    if not in_effect and isinstance(raised, AlembicError) and raised.advice:
        return raised.advice
    if not in_effect and name == "upgrade" and "already exists" in error:
        return (
            "Fix the cause, then run flask db upgrade again. If the tables are there "
            "already, because the version table was lost or something else has made "
            "them, say which revision they are at: flask db stamp REVISION"
        )
    is_missing_value = _is_missing_value(error, log.failed or "")
    if not in_effect and is_missing_value:
        return (
            "Give existing rows a value in the revision before the column becomes NOT "
            "NULL, with op.execute('UPDATE ...'), or give the column a server_default; "
            f"then run flask db {name} again."
        )
    if not in_effect:
        return f"Fix the cause, then run flask db {name} again."
    if transactional:
        return (
            "Revert what was applied by hand, or change the revision so that it can "
            f"run again (IF NOT EXISTS); then run flask db {name} again."
        )
    before = place_before(step) if step is not None else "REVISION"
    if log.recorder is None:
        return (
            "These statements were not recorded, so the revision cannot be resumed. "
            f"Revert them by hand, fix the cause, and run flask db {name} again; or "
            "finish the revision by hand and stamp it."
        )
    obstacle = log.unfinished.obstacle if log.unfinished is not None else None
    if log.recorder.refusal is not None:
        return log.recorder.refusal.advice
    if obstacle is not None:
        return (
            f"It cannot be resumed: {obstacle}. Finish it by hand and stamp it; or "
            f"revert these statements by hand, run flask db stamp {before}, and run "
            f"flask db {name} again."
        )
    hint = (
        "Give existing rows a value for the column, with UPDATE. "
        if is_missing_value
        else ""
    )
    return hint + (
        "If data or the server caused this, fix that and run flask db "
        f"{name} --resume, which continues after the statements that were applied. If "
        "the file did, revert these statements by hand, run flask db stamp "
        f"{before}, fix the file, and run flask db {name} again."
    )


_MISSING_VALUE = (
    "contains null values",
    "NOT NULL constraint failed",
    "Cannot add a NOT NULL column",
)
# MySQL has these words for other causes too.
_PERHAPS_MISSING = ("Data truncated for column", "Invalid use of NULL value")

_REQUIRED = re.compile(r"\bNOT NULL(\s+COMMENT\s+'.*')?\s*$", re.DOTALL)


def _is_missing_value(error: str, statement: str) -> bool:
    """Tell whether a column became NOT NULL while rows had no value for it."""
    changes = "ALTER TABLE" in statement and _REQUIRED.search(statement) is not None
    return any(each in error for each in _MISSING_VALUE) or (
        changes and any(each in error for each in _PERHAPS_MISSING)
    )


def sentences(result: RunResult) -> list[str]:
    """Return a failed run's report as lines for a person.

    :param result: What the run did; its ``failure`` is set.
    """
    failure = result.failure
    assert failure is not None
    lines = [_headline(failure)]
    if result.applied and failure.step is None and not failure.rolled_back:
        lines[0] = f"The database was changed, but: {lines[0]}"
    if failure.path is not None:
        at = f", line {failure.line}" if failure.line else ""
        lines.append(f"File: {failure.path}{at}")
    if failure.statement:
        lines.append(f"Statement: {shortened(failure.statement)}")
    lines.append(f"Committed before: {_steps([s.step for s in result.applied])}")
    lines.append(f"Rolled back: {_steps(_rolled_back(failure))}")
    if failure.not_known:
        lines.append(f"Not known whether applied: {_steps(failure.not_known)}")
    lines.append(f"Not started: {_steps(result.not_started)}")
    if failure.in_effect:
        lines.append("Statements of this revision that were applied:")
        lines += [
            f"  {number}. {shortened(sql)}"
            for number, sql in enumerate(failure.in_effect, 1)
        ]
    if failure.uncertain:
        lines.append("Statements of this revision that may be applied:")
        lines += [
            f"  {number}. {shortened(sql)}"
            for number, sql in enumerate(failure.uncertain, 1)
        ]
    lines.append(f"Version table: {_version_table(failure)}")
    return lines


def changed_sentences(result: RunResult) -> list[str]:
    """Return the report of a run that did its work, and failed afterwards, as lines.

    :param result: What the run did.
    """
    heads = [
        f"{', '.join(ids) or 'base'} [{name}]"
        for name, ids in result.heads_after.items()
    ]
    return [
        f"Committed: {_steps([done.step for done in result.applied])}",
        f"Now at: {'; '.join(heads)}",
        "Version table: correct",
    ]


def _version_table(failure: RunFailure) -> str:
    if failure.not_known:
        return "not known"
    if failure.uncertain:
        return "not known whether it matches the schema"
    return (
        "correct" if failure.version_table_right else "one revision behind the schema"
    )


def _headline(failure: RunFailure) -> str:
    if failure.step is None:
        return f"The run failed in database {failure.database!r}: {failure.error}."
    doc = headline(failure.step.doc)
    doc = f" ({doc})" if doc else ""
    return (
        f"{failure.step.direction.capitalize()} of {failure.step.revision}{doc} failed "
        f"in database {failure.database!r}: {failure.error}."
    )


def _rolled_back(failure: RunFailure) -> list[Step]:
    rolled_back = list(failure.rolled_back)
    maybe = failure.in_effect or failure.uncertain or failure.not_known
    if failure.step is not None and not maybe:
        rolled_back.append(failure.step)
    return rolled_back


def _steps(steps: Sequence[Step]) -> str:
    if not steps:
        return "nothing"
    names = [f"{step.revision} [{step.database}]" for step in steps[:8]]
    more = f" and {len(steps) - 8} more" if len(steps) > 8 else ""
    return ", ".join(names) + more


def shortened(sql: str, width: int = 300) -> str:
    """Return a statement in one line that is not too long.

    :param sql: The statement.
    :param width: The most characters.
    """
    text = " ".join(sql.split())
    return text if len(text) <= width else text[: width - 1] + "…"
