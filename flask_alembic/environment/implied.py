"""Revisions and all their ancestors, kept count of while the revisions change.

The rows of a version table imply their ancestors; so do the revisions from which a
walk goes on. Alembic collects the ancestors anew each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.script.revision import RevisionMap


class ImpliedRevisions:
    """Some revisions and all their ancestors, and how often each is implied.

    A revision counts once when it is one of them and once for each implied revision
    that follows it.

    :param revisions: The map of the history.
    :param rows: The revisions; the beginning of an id will do.
    :raises alembic.script.revision.ResolutionError: When there is no such revision.

    .. versionadded:: 4.0
    """

    def __init__(self, revisions: RevisionMap, rows: Iterable[str]) -> None:
        self._revisions = revisions
        self._rows: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._levels: dict[str, int] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        self.move((), rows)

    def _parents(self, revision: str) -> tuple[str, ...]:
        known = self._known.get(revision)
        if known is None:
            # Parents and dependencies, without those that an ancestor depends on too:
            # what Alembic itself follows. A step has it in public, a revision not.
            found: Any = self._revisions.get_revision(revision)
            known = self._known[revision] = found._normalized_down_revisions
        return known

    def is_followed(self, revision: str) -> bool:
        """Tell whether another one of the revisions follows one of them.

        :param revision: One of the revisions.
        """
        return self._counts[self._rows[revision]] > 1

    def move(self, removed: Iterable[str], added: Iterable[str]) -> None:
        """Follow a change of rows: first what is new, so that little is lost."""
        for row in added:
            # A row may hold the beginning of an id.
            found: Any = self._revisions.get_revision(row)
            self._rows[row] = found.revision
            self._count(found.revision, 1)
        for row in removed:
            self._count(self._rows.pop(row), -1)

    def _count(self, revision: str, by: int) -> None:
        """Count a revision, and its parents when that makes it come or go."""
        counts, todo = self._counts, [revision]
        while todo:
            id_ = todo.pop()
            before = counts.get(id_, 0)
            counts[id_] = before + by
            if not before or not counts[id_]:
                todo.extend(self._parents(id_))

    def alone(self, candidates: Sequence[str], without: Sequence[str]) -> list[str]:
        """Return the candidates that no other row implies.

        :param candidates: The parents of ``without``, or ``without`` itself.
        :param without: Rows that do not count.
        """
        if without[0] not in candidates and self._counts[without[0]] > 1:
            return []
        found: list[str] = []
        for id_ in self._top_first(candidates):
            if self._counts[id_] == 1:
                found.append(id_)
            elif any(self.follows(other, id_) for other in found):
                # What implies it may be one of those found, or another row.
                implied = self._ancestors(self._rows.keys() - set(without))
                return [id_ for id_ in candidates if id_ not in implied]
        return [id_ for id_ in candidates if id_ in found]

    def tips(self, revisions: Sequence[str]) -> list[str]:
        """Return the revisions that none of the others follows."""
        return [
            id_
            for id_ in revisions
            if not any(self.follows(other, id_) for other in revisions if other != id_)
        ]

    def _ancestors(self, rows: Iterable[str]) -> set[str]:
        todo = [self._rows[row] for row in rows]
        seen = set(todo)
        while todo:
            for parent in self._parents(todo.pop()):
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        return seen

    def follows(self, later: str, earlier: str) -> bool:
        """Tell whether a revision has another among its ancestors.

        It looks only between the two, so that the whole run stays linear.
        """
        bottom = self._level(earlier)
        todo, seen = [later], {later}
        while todo:
            for parent in self._parents(todo.pop()):
                if parent == earlier:
                    return True
                if parent not in seen and self._level(parent) > bottom:
                    seen.add(parent)
                    todo.append(parent)
        return False

    def _top_first(self, revisions: Sequence[str]) -> Sequence[str]:
        if len(revisions) < 2:
            return revisions
        return sorted(revisions, key=self._level, reverse=True)

    def _level(self, revision: str) -> int:
        """Return how many revisions at most lead up to one."""
        levels, todo = self._levels, [revision]
        while revision not in levels:
            parents = self._parents(todo[-1])
            unknown = [parent for parent in parents if parent not in levels]
            if unknown:
                todo.extend(unknown)
            else:
                levels[todo.pop()] = 1 + max(
                    map(levels.__getitem__, parents), default=0
                )
        return levels[revision]
