"""What a person types for a revision, turned into what Alembic understands."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from ..environment.translation import shown
from ..errors import RevisionNotFound, UsageError

if TYPE_CHECKING:
    from ..environment.scripts import Scripts
    from ..hooks.payloads import Direction

SYMBOLS: Final = frozenset({"head", "heads", "base"})
"""Names that mean a revision without being the id of one."""

SHORTEST: Final = 4
"""How many characters an id has at least, of which the beginning will do."""

_SIGNED = re.compile(r"[+-]\d+")
# As in alembic.script.revision: branch, revision, number of steps.
_RELATIVE = re.compile(r"(?:(.+?)@)?(\w+)?([+-]\d+)", re.DOTALL)


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
        end = "base" if direction == "downgrade" else "heads"
        raise UsageError("The target is empty.", f"Name a revision, or '{end}'.")
    if text.isdecimal() and not _is_id(scripts, text):
        return _digits(scripts, text, direction)
    if _SIGNED.fullmatch(text):
        return _relative(int(text), direction, signed=True)
    if direction == "downgrade" and text in {"head", "heads"}:
        raise UsageError(
            f"A downgrade cannot go to {text!r}.",
            "Name a revision, 'base' or a number of steps like -1.",
        )
    require(scripts, text)
    return text


def _is_id(scripts: Scripts, digits: str) -> bool:
    """Whether digits are an id, or enough of one not to be a number of steps."""
    if digits in scripts.known_ids():
        return True
    return len(digits) >= SHORTEST and scripts.has_revision(digits)


def _digits(scripts: Scripts, text: str, direction: Direction) -> str:
    number = int(text)
    if (
        direction == "stamp"
        or number > len(scripts.known_ids())
        or (len(text) >= SHORTEST and _beginning(scripts, text))
    ):
        raise missing(scripts, text)
    return _relative(number, direction)


def _relative(number: int, direction: Direction, *, signed: bool = False) -> str:
    if direction == "stamp":
        raise UsageError(
            f"A stamp takes a revision, not a number of steps ({number:+}).",
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


def require(scripts: Scripts, text: str) -> None:
    """Refuse a name that stands for no revision.

    Alembic alone would take ``nosuch@base`` for ``base``.

    :param scripts: The history.
    :param text: An id or the beginning of one, a label, ``label@head``, ``id-2``.
    :raises UsageError: When it is the beginning of several ids.
    :raises RevisionNotFound: With what may have been meant.
    """
    if text in SYMBOLS or text in scripts.known_ids():
        return
    match = _RELATIVE.fullmatch(text)
    if match:
        names = [match[1], match[2]]
    else:
        branch, at, name = text.rpartition("@")
        if at and not (branch and name):
            raise UsageError(
                f"{shown(text)} names no revision.", "Write it as in branch@head."
            )
        names = [branch, name]
    for name in names:
        if name and name not in SYMBOLS and not scripts.has_revision(name):
            raise missing(scripts, name)


def missing(scripts: Scripts, name: str) -> UsageError:
    """Return the error for a name that stands for no single revision.

    :param scripts: The history.
    :param name: What somebody typed: an id, the beginning of one, or a label.
    """
    beginning = _beginning(scripts, name)
    if beginning:
        return UsageError(
            f"Several revisions begin with {shown(name)}: {_some(beginning)}.",
            "Write more of the id.",
        )
    known = sorted(scripts.known_ids() | scripts.labels())
    near = difflib.get_close_matches(name[:80], known, n=1, cutoff=0.75)
    return RevisionNotFound(
        f"There is no revision or branch {shown(name)}.",
        f"Did you mean {near[0]!r}? flask db log lists the revisions."
        if near
        else "flask db log lists the revisions.",
    )


def _beginning(scripts: Scripts, text: str) -> list[str]:
    return sorted(
        id_
        for id_ in scripts.known_ids()
        if len(id_) >= SHORTEST and id_.startswith(text)
    )


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")


def describe(target: Any) -> str:
    """Return a target as it was typed, for messages and payloads.

    :param target: As for :func:`resolve`.
    """
    if isinstance(target, (list, tuple, set, frozenset)):
        return ",".join(describe(one) for one in target)
    if hasattr(target, "revision"):
        return str(target.revision)
    return str(target)
