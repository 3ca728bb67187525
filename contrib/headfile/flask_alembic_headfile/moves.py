"""What a rebase would move, and everything that speaks against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .branches import branches, is_ours
from .errors import NothingToRebase, RebaseRefused
from .graph import above, below, parents

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory


@dataclass(frozen=True, slots=True)
class Move:
    """A late revision, or a chain of them, that goes on top of a head.

    .. versionadded:: 1.0
    """

    first: Script
    """The lowest revision of the chain: the one whose file is changed."""

    ids: frozenset[str]
    """Every revision of the chain."""

    heads: tuple[str, ...]
    """Those of the chain that nothing follows, sorted."""

    onto: Script
    """The head that the chain will follow."""

    @property
    def parent(self) -> str | None:
        """What the chain follows now; ``None`` for a base."""
        followed = parents(self.first)
        return followed[0] if followed else None


def plan(history: ScriptDirectory, late: Script, onto: Script | None = None) -> Move:
    """Find what has to move so that a revision stands on top of its branch.

    :param history: The history.
    :param late: Any revision of the chain.
    :param onto: The head to follow; the other one of the branch by default.
    :raises NothingToRebase: When the branch has no other head.
    :raises RebaseRefused: When it is not clear, not possible or not safe.
    """
    if onto is None:
        onto = _other_head(history, late)
    _check_head(onto)
    settled = below(history, [onto.revision])
    if late.revision in settled:
        raise RebaseRefused(
            f"{onto.revision} stands above {late.revision} already.",
            "Name the revision that comes later.",
        )
    lower = below(history, [late.revision]) - settled
    first = [id_ for id_ in lower if not lower.intersection(_followed(history, id_))]
    moved = above(history, first)
    _check_merges(history, moved)
    # Without merges a chain has one beginning.
    move = Move(
        history.get_revision(first[0]),
        frozenset(moved),
        tuple(sorted(id_ for id_ in moved if history.get_revision(id_).is_head)),
        onto,
    )
    _check_dependencies(history, move)
    if not is_ours(move.first.path):
        raise RebaseRefused(
            f"{move.first.revision} belongs to an installed package.",
            "Its files are not yours to change: use flask db merge.",
        )
    return move


def _followed(history: ScriptDirectory, id_: str) -> tuple[str, ...]:
    return parents(history.get_revision(id_))


def _other_head(history: ScriptDirectory, late: Script) -> Script:
    """Return the one head of the branch that is not above the late revision."""
    mine = above(history, [late.revision])
    others: list[Script] = []
    for branch in branches(history):
        if mine.intersection(head.revision for head in branch.heads):
            others += [head for head in branch.heads if head.revision not in mine]
    if not others:
        raise NothingToRebase(
            f"There is no other head in the branch of {late.revision}: nothing to do."
        )
    if len(others) > 1:
        names = ", ".join(head.revision for head in others)
        raise RebaseRefused(
            f"The branch of {late.revision} has other heads: {names}.",
            "Say which one to follow with --onto.",
        )
    return others[0]


def _check_head(onto: Script) -> None:
    if not onto.is_head:
        raise RebaseRefused(
            f"{onto.revision} is not a head: {', '.join(sorted(onto.nextrev))} "
            "follows it.",
            "Name a head; flask db heads lists them.",
        )


def _check_merges(history: ScriptDirectory, ids: Iterable[str]) -> None:
    for id_ in sorted(ids):
        followed = _followed(history, id_)
        if len(followed) > 1:
            raise RebaseRefused(
                f"{id_} merges {' and '.join(followed)}, and a merge cannot be moved.",
                "Join the heads with: flask db merge",
            )


def _check_dependencies(history: ScriptDirectory, move: Move) -> None:
    """Refuse what would make a circle."""
    needed = below(history, [move.onto.revision], dependencies=True) & move.ids
    if needed:
        raise RebaseRefused(
            f"{move.onto.revision} depends on {', '.join(sorted(needed))}, which "
            "therefore cannot follow it.",
            "Move the other one, or join the heads with: flask db merge",
        )


def check_databases(
    history: ScriptDirectory, current: Iterable[Script], move: Move
) -> None:
    """Refuse to move what a database has.

    It would say that it is where the chain ends, and never get what is below now.

    :param history: The history.
    :param current: The revisions that the databases are at.
    :param move: What is about to be moved.
    :raises RebaseRefused: When one of them is above a moved revision, or is one.
    """
    here = [script.revision for script in current]
    applied = below(history, here, dependencies=True) & move.ids
    if applied:
        raise RebaseRefused(
            f"The database has {', '.join(sorted(applied))} already.",
            "If it is yours alone, take it back first: flask db downgrade "
            f"{move.parent or 'base'}; if others use it: flask db merge",
        )
