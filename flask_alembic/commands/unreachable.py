"""Why a target cannot be reached from where a database is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..environment.translation import shown
from ..errors import RevisionNotFound, UsageError
from ..hooks.payloads import Direction

if TYPE_CHECKING:
    from alembic.script import Script

    from ..environment.scripts import Scripts


def unreachable(
    scripts: Scripts,
    error: Exception,
    heads: tuple[str, ...],
    direction: Direction,
    typed: str,
) -> UsageError | None:
    """Return why a target cannot be reached; ``None`` for what has other reasons.

    :param scripts: The history.
    :param error: What Alembic said.
    :param heads: The revisions the database is at.
    :param direction: Which way.
    :param typed: The target as it was typed.
    """
    from alembic.script import revision

    cause = error.__cause__ if error.__cause__ is not None else error
    text, at = str(cause), ", ".join(heads) or "base"
    typed = typed if len(typed) < 50 else shown(typed)
    if "ambiguous" in text.lower():
        return _ambiguous(scripts, heads, direction, typed)
    if "Relative revision" in text or "Walked too far" in text:
        return RevisionNotFound(
            f"{typed} leads past the end of the history: the database is at {at}, "
            f"{_room(scripts, heads, direction)}.",
            "flask db log shows the order of the revisions.",
        )
    if isinstance(cause, (revision.RangeNotAncestorError, AssertionError)) or (
        "Not a valid downgrade target" in text
    ):
        return UsageError(
            f"{typed} cannot be reached by {direction} from {at}.",
            "flask db log shows the order of the revisions.",
        )
    return None


def _ambiguous(
    scripts: Scripts, heads: tuple[str, ...], direction: Direction, typed: str
) -> UsageError:
    """Return why a number of steps leads to no single revision."""
    at = ", ".join(heads) or "base"
    if direction == "upgrade":
        return UsageError(
            f"{typed} is ambiguous from {at}: the history branches there.",
            "Name the branch, as in branch@+1, or a revision; flask db branches "
            "shows them.",
        )
    # Nor does a branch tell: a merge belongs to each that it joins.
    joined = parents(scripts.get_revision(heads[0])) if heads else ()
    if len(joined) > 1:
        return UsageError(
            f"{typed} is ambiguous from {at}: it joins {' and '.join(joined)}.",
            f"Name one of them: flask db downgrade {joined[0]} undoes only the merge.",
        )
    return UsageError(
        f"{typed} is ambiguous from {at}: several branches are joined on the way.",
        "Name the revision to go down to; flask db log shows the order.",
    )


def _room(scripts: Scripts, heads: tuple[str, ...], direction: Direction) -> str:
    """Say how many revisions lie ahead."""
    if direction == "upgrade":
        ahead = list(scripts.iterate_revisions("heads", heads, implicit_base=True))
    else:
        ahead = list(scripts.iterate_revisions(heads, "base"))
    count = len(ahead) or "no"
    noun = "revision" if len(ahead) == 1 else "revisions"
    return f"with {count} {noun} {'after' if direction == 'upgrade' else 'up to'} it"


def parents(script: Script) -> tuple[str, ...]:
    """Return the revisions that one follows; a merge follows several.

    :param script: The revision.
    """
    down = script.down_revision
    if not down:
        return ()
    return (down,) if isinstance(down, str) else tuple(down)
