"""A moment of a run in words, and as what JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..environment.progress import Progress
from . import render
from .documents import VERSION, plain
from .documents import step as step_document

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "planned": ("total",),
    "begun": ("total", "text"),
    "started": ("number", "total"),
    "building": ("number", "total"),
    "reached": ("number", "total", "done", "of"),
    "finished": ("number", "total", "statements"),
    "applied": ("number", "total"),
    "committed": ("number",),
    "retrying": (),
}
"""What an event holds beside what all do; ``text`` where it is not named."""


def document(moment: Progress) -> dict[str, Any]:
    """Return a moment as what JSON can hold.

    :param moment: What has just happened.
    """
    made: dict[str, Any] = {
        "event": moment.moment,
        "version": VERSION,
        "database": moment.database,
        "elapsed": round(moment.elapsed, 6),
    }
    if moment.step is not None:
        made["step"] = step_document(moment.step)
    for name in _FIELDS.get(moment.moment, ("text",)):
        made[name] = plain(getattr(moment, name))
    return made


def line(moment: Progress, *, verbose: bool = False) -> str:
    """Return a moment as a plain line; empty where nothing is to be said.

    :param moment: What has just happened.
    :param verbose: Whether its step was named when it began.
    """
    where = f"[{moment.database}] " if moment.database else ""
    said = _waits(moment)
    if said:
        return where + said
    if moment.moment == "begun":
        return f"{where}{_count(moment.total, 'revision')}, {moment.text}."
    if moment.moment == "committed":
        return f"{where}Committed {_count(moment.number, 'revision')}."
    if moment.step is None:
        return ""
    place = f"{where}{moment.number}/{moment.total}"
    if moment.moment == "building":
        return f"{place} {moment.step.revision} on a scratch database"
    if moment.moment == "started":
        return f"{place} {render.step_line(moment.step)}"
    if moment.moment == "reached":
        return (
            f"{place} {moment.step.revision}: {reached(moment)} "
            f"after {clock(moment.elapsed)}"
        )
    if moment.moment == "finished" and verbose:
        sent = _count(moment.statements, "statement")
        return f"{place} {moment.step.revision} took {moment.elapsed:.2f} s, {sent}"
    if moment.moment == "finished":
        return f"{place} {render.step_line(moment.step)} ({moment.elapsed:.2f} s)"
    return ""


def _waits(moment: Progress) -> str:
    """Return a sentence about something that is waited for."""
    if moment.moment == "waiting":
        return (
            f"Waiting for the migration lock for {moment.elapsed:.0f} s; "
            f"it is held by {moment.text}."
        )
    if moment.moment == "unready":
        return f"Still {moment.text} after {moment.elapsed:.0f} s."
    if moment.moment == "blocked":
        return f"Waiting for {moment.elapsed:.0f} s behind {moment.text}."
    if moment.moment == "forgotten":
        return f"{moment.text} does not count as half done any more."
    if moment.moment == "retrying":
        return f"A lock was in the way; trying again in {moment.elapsed:.1f} s."
    return ""


def still(moment: Progress, elapsed: float) -> str:
    """Return a plain line about a step that takes long.

    :param moment: How it was told when it began.
    :param elapsed: How long it is at work, in seconds.
    """
    return f"{line(moment)}: at work for {clock(elapsed)}"


def live(
    moment: Progress, reached_: Progress | None, elapsed: float, whole: float
) -> tuple[str, str]:
    """Return what a live line says: what may be cut off, and what may not.

    :param moment: What began last.
    :param reached_: What the step has said of itself.
    :param elapsed: How long that is at work, in seconds.
    :param whole: How long the command is at work, in seconds.
    """
    where = f"[{moment.database}] " if moment.database else ""
    times = f" {clock(elapsed)}"
    if whole - elapsed >= 1:
        times += f" of {clock(whole)}"
    if moment.moment == "waiting":
        return f"{where}Waiting for the migration lock", times
    if moment.moment == "committed":
        return f"{where}Committed {_count(moment.number, 'revision')}", times
    if moment.step is None:
        return "", ""
    doing = "building" if moment.moment == "building" else moment.step.direction
    doc = f", {moment.step.doc}" if moment.step.doc else ""
    head = f"{where}{moment.number}/{moment.total} {doing} {moment.step.revision}{doc}"
    tail = f": {reached(reached_)}" if reached_ is not None else ""
    return head, tail + times


def reached(moment: Progress) -> str:
    """Return how far a step is: ``1500 of 20000 (7%)``.

    :param moment: What it said of itself.
    """
    if moment.of is None:
        return f"{_number(moment.done)} done"
    share = ""
    try:
        if moment.done is not None and moment.of > 0:
            share = f" ({min(moment.done / moment.of, 1):.0%})"
    except (TypeError, ValueError, ArithmeticError):
        pass
    return f"{_number(moment.done)} of {_number(moment.of)}{share}"


def _number(value: object) -> str:
    """Return a number as people write it; a revision may give anything."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return render.readable(str(value))


def clock(seconds: float) -> str:
    """Return a span of time: ``0:07``, ``12:34``, ``1:02:03``.

    :param seconds: How long.
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
