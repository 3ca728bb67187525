"""What a person types for a revision, turned into what Alembic understands."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from ..errors import RevisionNotFound, UsageError
from ..hooks.redaction import shown

if TYPE_CHECKING:
    from alembic.script import Script

    from ..hooks.payloads import Direction
    from .loader import AppScriptDirectory

SYMBOLS: Final = frozenset({"head", "heads", "base"})
"""Names that mean a revision without being the id of one."""

SHORTEST: Final = 4
"""How many characters an id has at least, of which the beginning will do."""

_SIGNED = re.compile(r"[+-]\d+")
# As in alembic.script.revision: branch, revision, number of steps.
_RELATIVE = re.compile(r"(?:(.+?)@)?(\w+)?([+-]\d+)", re.DOTALL)


def resolve(scripts: AppScriptDirectory, target: Any, direction: Direction) -> Any:
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


def _is_id(scripts: AppScriptDirectory, digits: str) -> bool:
    """Whether digits are an id, or enough of one not to be a number of steps."""
    if digits in scripts.known_ids():
        return True
    return len(digits) >= SHORTEST and scripts.has_revision(digits)


def _digits(scripts: AppScriptDirectory, text: str, direction: Direction) -> str:
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


def require(scripts: AppScriptDirectory, text: str) -> None:
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


def missing(scripts: AppScriptDirectory, name: str) -> UsageError:
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
    near = difflib.get_close_matches(name[:80], known, cutoff=0.75)
    return RevisionNotFound(
        f"There is no revision or branch {shown(name)}.",
        f"Did you mean {near[0]!r}? flask db log lists the revisions."
        if near
        else "flask db log lists the revisions.",
    )


def _beginning(scripts: AppScriptDirectory, text: str) -> list[str]:
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


def one_script(scripts: AppScriptDirectory, name: Any) -> Script:
    """Return the one revision that a name stands for.

    :param scripts: The history.
    :param name: An id or its beginning, ``head``, a label, or a ``Script``.
    :raises UsageError: When it stands for several.
    :raises RevisionNotFound: When it stands for none.
    """
    found = _named(scripts, str(getattr(name, "revision", name)).strip())
    if len(found) != 1:
        raise UsageError(
            f"{shown(name)} names {len(found)} revisions.", "Name a single one."
        )
    return found[0]


def chosen_scripts(scripts: AppScriptDirectory, names: Any = ()) -> list[Script]:
    """Return revisions in the order in which they run.

    :param scripts: The history.
    :param names: Names, one or a list, and ranges ``FROM:TO`` with both ends; all
        revisions for none.
    """
    several = names if isinstance(names, (list, tuple, set)) else [names]
    several = [one for one in several if one not in ("", None)]
    everything = list(scripts.walk_revisions())[::-1]
    if not several:
        return everything
    wanted: set[str] = set()
    for name in several:
        text = str(getattr(name, "revision", name)).strip()
        found = _range(scripts, text) if ":" in text else _named(scripts, text)
        wanted.update(script.revision for script in found)
    return [script for script in everything if script.revision in wanted]


def _named(scripts: AppScriptDirectory, text: str) -> list[Script]:
    if not text:
        raise UsageError("The revision is empty.", "Name one by its id.")
    require(scripts, text)
    text = absolute(scripts, text)
    found = [script for script in scripts.get_revisions(text) if script is not None]
    if not found and text not in SYMBOLS:
        raise missing(scripts, text)
    return found


def _range(scripts: AppScriptDirectory, text: str) -> list[Script]:
    ends = [part.strip() for part in text.split(":", 1)]
    for name in ends:
        require(scripts, name or "base")
    lower, upper = (absolute(scripts, name) for name in ends)
    return list(scripts.walk_revisions(base=lower or "base", head=upper or "heads"))


_FROM_NAME: Final = re.compile(r"(.*[^+-]|)([+-]\d+)", re.DOTALL)


def absolute(scripts: AppScriptDirectory, text: str) -> str:
    """Return the id that a relative name stands for, or the text as it is.

    Alembic understands such names only as the target of a run. ``blog@-1`` counts from
    the head of the branch and ``blog@+1`` from its base; ``-1`` and ``+1`` do so in a
    history with one head.

    :param scripts: The history.
    :param text: A name; the part before the sign is known to exist.
    :raises UsageError: When the history branches on the way.
    :raises RevisionNotFound: When it leads past the end of the history.
    """
    match = _FROM_NAME.fullmatch(text)
    if match is None:  # No id holds a sign.
        return text
    steps = int(match[2])
    if not match[1] or match[1].endswith("@"):
        return _from_end(scripts, match[1], steps, text)
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


def _from_end(scripts: AppScriptDirectory, branch: str, steps: int, text: str) -> str:
    """Return the id that is some steps away from the head or the base of a branch.

    :param scripts: The history.
    :param branch: The branch with its ``@``; empty for the whole history.
    :param steps: How many steps, downward from the head or upward from the base.
    :param text: The whole name.
    """
    heads = [one for one in scripts.get_revisions(f"{branch}heads") if one is not None]
    if len(heads) != 1:
        ids = ", ".join(sorted(one.revision for one in heads)) or "none"
        raise UsageError(
            f"{shown(text)} is ambiguous: there are {len(heads)} heads ({ids}).",
            "Begin at one of them, as in HEAD-1; flask db heads shows them.",
        )
    line = [heads[0]]
    while line[-1].down_revision if steps > 0 else len(line) <= -steps:
        line.append(_next(scripts, line[-1], text, upward=False))
    if steps > len(line):
        raise RevisionNotFound(
            f"{shown(text)} leads past the end of the history: {line[0].revision} is "
            "the last revision.",
            "flask db log shows the order of the revisions.",
        )
    return str(line[-steps if steps > 0 else -1].revision)


def _next(
    scripts: AppScriptDirectory, script: Script, text: str, *, upward: bool
) -> Script:
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
