"""Parts put into revisions that follow one another.

What is in one revision is of one phase, and is either one transaction, which is rolled
back and tried again as a whole, or a row of statements that can each be run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .parts import PHASES, Change, Part, Phase, Statement, Unpaired, share


@dataclass(slots=True, eq=False)
class Link:
    """What one revision of a chain does in one database."""

    phase: Phase
    is_online: bool
    parts: list[tuple[int, Part]] = field(default_factory=list)
    """Parts, each with where what reverts it stands in the downgrade."""

    first: list[Statement] = field(default_factory=list)
    """What the downgrade begins with."""

    last: list[Statement] = field(default_factory=list)
    """What the downgrade ends with."""

    def ups(self) -> list[Statement]:
        """Return the statements of the upgrade."""
        return [each for _, part in self.parts for each in part.ups]

    def downs(self) -> list[Statement]:
        """Return the statements of the downgrade."""
        parts = list(reversed(self.parts))
        if not self.is_online:  # in the order that was found right
            parts.sort(key=lambda pair: pair[0])
        inside = [each for _, part in parts for each in part.downs]
        return [*self.first, *inside, *self.last]


def links(changes: Iterable[tuple[Change, Sequence[Part]]]) -> list[Link]:
    """Return the revisions that parts go to, as few as keep their order.

    :param changes: The changes of one database, each with its parts.
    """
    chain: list[Link] = []
    held: list[tuple[frozenset[tuple[str, str]], Link]] = []
    for change, parts in changes:
        after = [link for touches, link in held if share(touches, change.touches)]
        for part in parts:
            link = _place(chain, after, part)
            link.parts.append((change.order, part))
            held.append((change.touches, link))
            after.append(link)
    return chain


def _place(chain: list[Link], after: Sequence[Link], part: Part) -> Link:
    """Return the first revision that a part may go to."""
    start = max((chain.index(link) for link in after), default=0)
    least = max((PHASES.index(link.phase) for link in after), default=0)
    rank = max(least, PHASES.index(part.phase))
    phase = PHASES[rank]
    for link in chain[start:]:
        if link.phase == phase and link.is_online == part.is_online:
            return link
    made = Link(phase, part.is_online)
    at = sum(PHASES.index(link.phase) <= rank for link in chain)
    chain.insert(at, made)
    return made


def with_others(chain: list[Link], first: Sequence[Any], last: Sequence[Any]) -> None:
    """Put what a downgrade does beside reverting changes where it belongs.

    :param chain: The revisions.
    :param first: What it begins with, which the last revision does.
    :param last: What it ends with, which the first revision does.
    :raises Unpaired: When that is no transaction.
    """
    for link, operations, place in (
        (chain[-1], first, chain[-1].first),
        (chain[0], last, chain[0].last),
    ):
        if operations and link.is_online:
            raise Unpaired("beside an online part")
        place += map(Statement, operations)


def aligned(chains: Sequence[list[Link]]) -> list[tuple[Phase, list[Link | None]]]:
    """Return the revisions of several databases, those of a phase side by side.

    :param chains: The revisions of each database.
    :return: Per revision: its phase, and what it does in each database.
    """
    rows: list[tuple[Phase, list[Link | None]]] = []
    for phase in PHASES:
        columns = [[each for each in chain if each.phase == phase] for chain in chains]
        for number in range(max(map(len, columns))):
            rows.append(
                (phase, [c[number] if number < len(c) else None for c in columns])
            )
    return rows
