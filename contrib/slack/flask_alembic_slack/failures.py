"""The notice about a run that stopped: where, why, and in which state everything is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from flask_alembic.hooks import AlembicError, Vetoed

from .messages import Message, at, footer, step_name, where
from .privacy import scrub
from .text import bold, code, context, count, duration, listed, plain, quoted, section

if TYPE_CHECKING:
    from flask import Flask

    from flask_alembic.hooks import Report, RunFailure, RunResult, Step

    from .settings import Settings

RUNS: Final = ("upgrade", "downgrade", "stamp")
"""The commands that run something."""


def failed(app: Flask, settings: Settings, report: Report, by: str) -> Message:
    """Say that a run stopped, or could not begin.

    :param app: The application.
    :param settings: The settings.
    :param report: How the command ended; its ``error`` is set.
    :param by: Who ran it.
    """
    result = report.result
    failure = result.failure if result is not None else None
    noun = report.command.name
    verb = "refused" if isinstance(report.error, Vetoed) else "failed"
    title = f"{where(settings)}: {noun} {verb}"
    reason = _reason(app, report, failure)
    after = f"after {duration(report.elapsed)}, run by {code(by)}"
    mention = f"{settings.mention} " if settings.mention else ""
    head = f":x: {mention}{bold(title)}\n{_place(failure, noun)} {after}."
    blocks = [section(head), section(quoted(reason))]
    if result is not None and failure is not None:
        blocks.append(section(listed(_state(result, failure))))
    elif result is not None and result.changed:
        blocks.append(section("The database *was changed* before this happened."))
    else:
        blocks.append(section("Nothing was changed."))
    target = report.command.options.get("target", "")
    blocks.append(context(footer(report.run, noun, target)))
    about = f" at {failure.step.revision}" if failure and failure.step else ""
    return Message(plain(f"{title}{about}: {reason}", 300), blocks)


def _reason(app: Flask, report: Report, failure: RunFailure | None) -> str:
    """Return the first line of the error, without anything secret."""
    error = report.error
    if failure is not None:
        text = failure.error
    elif isinstance(error, AlembicError):
        text = error.message
    else:
        text = f"{type(error).__name__}: {error}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return scrub(lines[0] if lines else type(error).__name__, error, app)


def _place(failure: RunFailure | None, noun: str) -> str:
    """Return which revision stopped in which database."""
    if failure is None:
        return f"The {noun} stopped"
    database = f"in database {bold(failure.database, 60)}"
    if failure.step is None:
        return f"It stopped {database}, at no single revision,"
    line = f", line {failure.line}" if failure.line else ""
    file = f" ({code(failure.path.name)}{line})" if failure.path else ""
    return f"Revision {step_name(failure.step)}{file} stopped {database}"


def _state(result: RunResult, failure: RunFailure) -> list[str]:
    """Return what is in effect now and what is not."""
    rolled_back = list(failure.rolled_back)
    if failure.step is not None and not failure.in_effect:
        rolled_back.append(failure.step)
    lines = [f"• *Applied:* {_named([one.step for one in result.applied])}"]
    if rolled_back:
        lines.append(f"• *Rolled back:* {_named(rolled_back)}")
    if failure.in_effect and failure.step is not None:
        number = count(len(failure.in_effect), "statement")
        lines.append(
            f"• :warning: *Partially applied:* {code(failure.step.revision)}. The database has "
            f"committed {number} of it, which a rollback does not revert."
        )
    if result.not_started:
        lines.append(f"• *Not started:* {_named(result.not_started)}")
    ids = result.heads_after.get(failure.database)
    if ids is not None:
        lines.append(f"• *Now at:* {at(ids)}, database {plain(failure.database, 60)}")
    if failure.advice:
        lines.append(plain(failure.advice, 300))
    return lines


def _named(steps: Sequence[Step]) -> str:
    """Return the ids, and how many more there are."""
    names = ", ".join(code(step.revision, 40) for step in steps[:5])
    more = f" and {len(steps) - 5} more" if len(steps) > 5 else ""
    return f"{names or 'nothing'}{more}"
