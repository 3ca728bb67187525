"""Revisions that are named by their distance from another: ``head-2``, ``1a2b+1``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..environment.translation import shown
from ..errors import RevisionNotFound, UsageError

if TYPE_CHECKING:
    from alembic.script import Script

    from ..environment.scripts import Scripts

_RELATIVE: Final = re.compile(r"(.*[^+-])([+-]\d+)", re.DOTALL)


def absolute(scripts: Scripts, text: str) -> str:
    """Return the id that a relative name stands for, or the text as it is.

    Alembic understands such names only as the target of a run.

    :param scripts: The history.
    :param text: A name; the part before the sign is known to exist.
    :raises UsageError: When the history branches on the way.
    :raises RevisionNotFound: When it leads past the end of the history.
    """
    match = _RELATIVE.fullmatch(text)
    if match is None or text in scripts.known_ids():
        return text
    steps = int(match[2])
    found = [one for one in scripts.get_revisions(match[1]) if one is not None]
    if len(found) != 1:
        raise UsageError(
            f"{shown(text)} is ambiguous: {match[1]} is {len(found)} revisions.",
            "Begin at a single one: flask db heads and flask db log show them.",
        )
    script = found[0]
    for _ in range(abs(steps)):
        script = _next(scripts, script, text, upward=steps > 0)
    return str(script.revision)


def _next(scripts: Scripts, script: Script, text: str, *, upward: bool) -> Script:
    """Return the only neighbour of a revision on one side."""
    down = script.down_revision or ()
    down = (down,) if isinstance(down, str) else tuple(down)
    ids = sorted(script.nextrev) if upward else list(down)
    if not ids:
        end = "last" if upward else "first"
        raise RevisionNotFound(
            f"{shown(text)} leads past the end of the history: {script.revision} is "
            f"the {end} revision.",
            "flask db log shows the order of the revisions.",
        )
    if len(ids) > 1:
        way = "follow" if upward else "come before"
        raise UsageError(
            f"{shown(text)} is ambiguous: {', '.join(ids)} {way} {script.revision}.",
            "Name a revision; flask db log shows them.",
        )
    return scripts.get_revision(ids[0])
