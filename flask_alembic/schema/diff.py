"""Differences between schemas, in words and with a name to leave them out by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..backends.schema_objects import ENVIRONMENT_KINDS
from .snapshot import Key, SchemaElement, named

if TYPE_CHECKING:
    from .snapshot import Schema


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
            if one.words != other.words:
                found.append(_changed(one, other, left_name, right_name))
            continue
        there = one or other
        assert there is not None
        if _table_missing(there, left, right):
            continue
        found.append(_missing(there, right_name if one else left_name))
    return found


def compare_restored(
    before: Schema, after: Schema, before_name: str, after_name: str
) -> list[Difference]:
    """Return in what a schema differs from the one that it has to be again.

    What nobody has named may have any name afterwards: a constraint that is dropped and
    created again gets one. Everything else of it has to be the same. The statements that
    the server has stored hold such names, and are not compared; nor is what depends on
    where a database was made, such as a schema that a scratch database was given.

    :param before: What was there.
    :param after: What is there now.
    :param before_name: What to call the first.
    :param after_name: What to call the second.
    """
    before, after = _reflected(before), _reflected(after)
    changed = {
        key
        for key in {*before.parts, *after.parts}
        if _text(before, key) != _text(after, key)
    }
    others: dict[tuple[str, str | None, str], list[Key]] = {}
    for key in sorted(changed & after.parts.keys(), reverse=True):
        part = after.parts[key]
        others.setdefault((part.kind, part.table, part.text), []).append(key)
    left, right = dict(before.parts), dict(after.parts)
    for key in sorted(changed & before.parts.keys()):
        part = before.parts[key]
        twins = others.get((part.kind, part.table, part.text))
        if part.is_unnamed and twins:
            del left[key], right[twins.pop()]
    return compare(
        replace(before, parts=left),
        replace(after, parts=right),
        before_name,
        after_name,
    )


def _reflected(schema: Schema) -> Schema:
    """Return a schema without stored statements and what depends on its place."""
    return replace(
        schema,
        parts={
            key: replace(part, stored="") if part.stored else part
            for key, part in schema.parts.items()
            if part.kind not in ENVIRONMENT_KINDS and not _is_stored_only(part)
        },
    )


def _is_stored_only(part: SchemaElement) -> bool:
    return bool(part.stored) and not part.text and part.kind != "table"


def _text(schema: Schema, key: Key) -> tuple[str, str] | None:
    part = schema.parts.get(key)
    return None if part is None else part.words


def _order(key: Key) -> tuple[str, bool, str, str]:
    """Sort by table, the table itself first."""
    kind, name = key
    return name.partition(".")[0], kind != "table", kind, name


def _table_missing(part: SchemaElement, left: Schema, right: Schema) -> bool:
    """Whether the whole table is missing in one of the two, which is said once."""
    if part.table is None:
        return False
    key = ("table", part.table)
    return key not in left.parts or key not in right.parts


def _missing(part: SchemaElement, missing: str) -> Difference:
    what = f"{part.kind} {part.name}"
    text = part.text or part.stored
    if part.kind not in ("table", "view", "trigger", "function") and text:
        what += f" ({_short(text)})"
    return Difference(part.kind, part.name, f"{what} is missing from {missing}")


def _changed(
    one: SchemaElement, other: SchemaElement, left_name: str, right_name: str
) -> Difference:
    what = f"{one.kind} {one.name}"
    if one.text == other.text:
        one, other = replace(one, text=one.stored), replace(other, text=other.stored)
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
