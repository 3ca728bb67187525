"""Lines about a run while it is at work."""

from __future__ import annotations

from ..environment.progress import Observer, Progress
from . import render
from .documents import step as step_document
from .output import emit, note


def observer() -> Observer:
    """Return what writes each moment of a run, as lines or as JSON objects."""

    def observe(moment: Progress) -> None:
        emit(_document(moment))
        text = _line(moment)
        if text:
            note(text)

    return observe


def _document(moment: Progress) -> dict[str, object]:
    document: dict[str, object] = {"event": moment.moment, "database": moment.database}
    if moment.step is not None:
        document["step"] = step_document(moment.step)
        document["number"] = moment.number
    document["total"] = moment.total
    document["elapsed"] = round(moment.elapsed, 6)
    if moment.text:
        document["text"] = moment.text
    return document


def _line(moment: Progress) -> str:
    where = f"[{moment.database}] " if moment.database else ""
    if moment.moment == "waiting":
        return (
            f"{where}Waiting for the migration lock for {moment.elapsed:.0f} s; "
            f"it is held by {moment.text}."
        )
    if moment.moment == "unready":
        return f"{where}Still {moment.text} after {moment.elapsed:.0f} s."
    if moment.moment == "blocked":
        return f"{where}Waiting for {moment.elapsed:.0f} s behind {moment.text}."
    if moment.moment == "retrying":
        return f"{where}A lock was in the way; trying again in {moment.elapsed:.1f} s."
    if moment.moment == "applied" and moment.step is not None:
        line = render.step_line(moment.step)
        return f"{where}{moment.number}/{moment.total} {line} ({moment.elapsed:.2f} s)"
    return ""
