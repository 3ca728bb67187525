"""What a person types for a revision, turned into what Alembic understands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import RevisionNotFound, UsageError
from ..hooks.payloads import Direction

if TYPE_CHECKING:
    from ..environment.scripts import Scripts

_SIGNED = re.compile(r"[+-]\d+")


def resolve(scripts: Scripts, target: Any, direction: Direction) -> Any:
    """Return the target of a run in Alembic's words.

    A number without a sign is a revision if there is one of that id, and else a
    number of steps, so that an id of digits only is never taken for a count.

    :param scripts: The history.
    :param target: A revision id or the beginning of one, ``head``, ``heads``,
        ``base``, ``label@head``, ``+2``, ``-1``, a number, a ``Script``, or a list.
    :param direction: Which way the run goes.
    :raises UsageError: When it is empty or goes the wrong way.
    :raises RevisionNotFound: When there is no such revision.
    """
    if isinstance(target, (list, tuple, set, frozenset)):
        if not target:
            raise UsageError("No target was given.", "Name a revision, or 'heads'.")
        resolved = tuple(resolve(scripts, one, direction) for one in target)
        return resolved[0] if len(resolved) == 1 else resolved
    if hasattr(target, "revision"):
        return str(target.revision)
    if isinstance(target, bool) or not isinstance(target, (str, int)):
        raise UsageError(f"{target!r} is not a revision.", "Name one by its id.")
    if isinstance(target, int):
        return _relative(target, direction)
    text = target.strip()
    if not text:
        raise UsageError("The target is empty.", "Name a revision, or 'heads'.")
    if text.isdecimal() and not scripts.has_revision(text):
        return _digits(scripts, text, direction)
    if _SIGNED.fullmatch(text):
        return _relative(int(text), direction, signed=True)
    if direction == "downgrade" and text in {"head", "heads"}:
        raise UsageError(
            f"A downgrade cannot go to {text!r}.",
            "Name a revision, 'base' or a number of steps like -1.",
        )
    return text


def _digits(scripts: Scripts, text: str, direction: Direction) -> str:
    number = int(text)
    if direction == "stamp" or number > len(scripts.known_ids()):
        raise RevisionNotFound(
            f"There is no revision {text!r}.", "flask db log lists the revisions."
        )
    return _relative(number, direction)


def _relative(number: int, direction: Direction, *, signed: bool = False) -> str:
    if direction == "stamp":
        raise UsageError(
            f"A stamp takes a revision, not a number of steps ({number}).",
            "Name the revision.",
        )
    if direction == "downgrade":
        if number > 0 and signed:
            raise UsageError(
                f"A downgrade cannot go up ({number:+}).", f"Write -{number}."
            )
        if number == 0:
            raise UsageError("A downgrade of 0 steps does nothing.", "Write -1.")
        return f"-{abs(number)}"
    if number <= 0:
        raise UsageError(
            f"An upgrade cannot go down or stand still ({number}).", "Write +1."
        )
    return f"+{number}"


def describe(target: Any) -> str:
    """Return a target as it was typed, for messages and payloads.

    :param target: As for :func:`resolve`.
    """
    if isinstance(target, (list, tuple, set, frozenset)):
        return ",".join(describe(one) for one in target)
    if hasattr(target, "revision"):
        return str(target.revision)
    return str(target)
