"""What a comparison of two schemas says nothing about, counted and named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..backends.schema_objects import ENVIRONMENT_KINDS, UncomparedObjects
from .diff import Difference, compare
from .snapshot import part_of, remaining

if TYPE_CHECKING:
    from .snapshot import Schema

ORDER: Final = "column order"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two schemas compared, and what was not."""

    differences: tuple[Difference, ...]
    """In what they differ."""

    not_compared: tuple[UncomparedObjects, ...]
    """What neither of them was read for, or what depends on where they were made."""

    ignored: int = 0
    """How many differences the patterns left out."""


def compare_live(
    built: Schema,
    live: Schema,
    built_name: str,
    live_name: str,
    patterns: Sequence[str] = (),
) -> Comparison:
    """Compare what revisions build with a database that is in use.

    Owners, privileges and the like depend on the server and on who connects: where they
    differ they are named as not compared.

    :param built: What the revisions build.
    :param live: What the database holds.
    :param built_name: What to call the first.
    :param live_name: What to call the second.
    :param patterns: What to leave out.
    """
    kept: list[Difference] = []
    others: dict[str, set[str]] = defaultdict(set)
    ignored = 0
    found = [
        *compare(built, live, built_name, live_name),
        *column_orders(built, live, built_name, live_name),
    ]
    for each in found:
        if each.matches(patterns):
            ignored += 1
        elif each.kind in ENVIRONMENT_KINDS:
            others[each.kind].add(each.name)
        else:
            kept.append(each)
    unread = remaining((*built.unread, *live.unread), patterns)
    return Comparison(
        tuple(kept),
        merged(
            [UncomparedObjects(k, tuple(sorted(n))) for k, n in others.items()], unread
        ),
        ignored,
    )


def without_environment(schema: Schema) -> Schema:
    """Return a schema without what depends on where it was made.

    :param schema: What a database holds.
    """
    return part_of(schema, [f"{kind}:*" for kind in ENVIRONMENT_KINDS])


def merged(*several: Iterable[UncomparedObjects]) -> tuple[UncomparedObjects, ...]:
    """Return what is in any of several lists, each kind once.

    :param several: The lists.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for each in (each for some in several for each in some):
        names[each.kind].update(each.names)
    return tuple(UncomparedObjects(k, tuple(sorted(names[k]))) for k in sorted(names))


def column_orders(
    left: Schema, right: Schema, left_name: str, right_name: str
) -> list[Difference]:
    """Return the tables whose common columns are in another order.

    :param left: One schema.
    :param right: The other one.
    :param left_name: What to call the first.
    :param right_name: What to call the second.
    """
    found = []
    others = set(right.tables)
    for name in left.tables:
        if name not in others:
            continue
        key = ".".join(filter(None, name))
        one = [column.name for column in left.metadata.tables[key].columns]
        other = [column.name for column in right.metadata.tables[key].columns]
        both = {*one} & {*other}
        one, other = ([c for c in each if c in both] for each in (one, other))
        if one != other:
            text = (
                f"the columns of {key} are in the order {', '.join(one)} in {left_name}, "
                f"{', '.join(other)} in {right_name}"
            )
            found.append(Difference(ORDER, key, text))
    return found


def kinds_too(patterns: Iterable[str]) -> list[str]:
    """Return patterns, with a kind taken for all that is of it.

    :param patterns: ``policy``, ``policy:author.*``, ``author``.
    """
    return [one for each in patterns for one in (each, f"{each}:*")]


def uncompared_data(uncompared: Iterable[UncomparedObjects]) -> list[dict[str, Any]]:
    """Return what was not compared as a report holds it.

    :param uncompared: The kinds.
    """
    return [
        {"kind": e.kind, "count": e.count, "names": list(e.names), "text": e.text}
        for e in uncompared
    ]
