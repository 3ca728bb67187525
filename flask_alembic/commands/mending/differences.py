"""Differences between schemas, in words and with a name to leave them out by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .parts import Key, Part, named

if TYPE_CHECKING:
    from .reflecting import Schema


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two schemas differ.

    .. versionadded:: 4.0
    """

    kind: str
    """What it is about: ``table``, ``column``, ``index``, ``view``, ..."""

    name: str
    """Its name, the table's in front: ``author.name``."""

    text: str
    """What differs, in words."""

    def matches(self, patterns: Iterable[str]) -> bool:
        """Return whether a pattern names it, or the table it belongs to.

        :param patterns: As for a shell: ``celery_*``, ``author.name``, ``view:*``.
        """
        return named(self.kind, self.name, patterns)


def without(
    differences: Iterable[Difference], patterns: Sequence[str]
) -> list[Difference]:
    """Return the differences that no pattern leaves out.

    :param differences: All of them.
    :param patterns: The patterns.
    """
    return [each for each in differences if not each.matches(patterns)]


def compare(
    left: Schema, right: Schema, left_name: str, right_name: str
) -> list[Difference]:
    """Return in what two schemas differ.

    :param left: One of them.
    :param right: The other one.
    :param left_name: What to call the first: ``the revisions``.
    :param right_name: What to call the second: ``the database``.
    """
    found: list[Difference] = []
    for key in sorted({*left.parts, *right.parts}, key=_order):
        one, other = left.parts.get(key), right.parts.get(key)
        if one is not None and other is not None:
            if one.text != other.text:
                found.append(_changed(one, other, left_name, right_name))
            continue
        there = one or other
        assert there is not None
        if _table_missing(there, left, right):
            continue
        here = (left_name, right_name) if one else (right_name, left_name)
        found.append(_missing(there, *here))
    return found


def _order(key: Key) -> tuple[str, bool, str, str]:
    """Sort by table, the table itself first."""
    kind, name = key
    return name.partition(".")[0], kind != "table", kind, name


def _table_missing(part: Part, left: Schema, right: Schema) -> bool:
    """Whether the whole table is missing in one of the two, which is said once."""
    if part.table is None:
        return False
    key = ("table", part.table)
    return key not in left.parts or key not in right.parts


def _missing(part: Part, there: str, missing: str) -> Difference:
    what = f"{part.kind} {part.name}"
    if part.kind not in ("table", "view", "trigger", "function") and part.text:
        what += f" ({_short(part.text)})"
    return Difference(part.kind, part.name, f"{what} is in {there}, not in {missing}")


def _changed(one: Part, other: Part, left_name: str, right_name: str) -> Difference:
    what = f"{one.kind} {one.name}"
    if len(one.text) + len(other.text) > 400:
        text = f"{what} is not the same in {left_name} and in {right_name}"
    else:
        text = (
            f"{what} is {one.text or 'plain'} in {left_name}, "
            f"{other.text or 'plain'} in {right_name}"
        )
    return Difference(one.kind, one.name, text)


def _short(text: str, width: int = 120) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def lines(differences: Iterable[Difference], indent: str = "  - ") -> str:
    """Return differences as lines for a person.

    :param differences: The differences.
    :param indent: What each line begins with.
    """
    return "\n".join(f"{indent}{each.text}" for each in differences)
