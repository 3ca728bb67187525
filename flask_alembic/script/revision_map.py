"""Alembic's map of revisions, filled base first and without its quadratic parts.

Alembic keeps the heads that are left in a list and searches it once for each
revision. Handed over in the order of their files revisions stand anywhere in it;
handed over base first, each is the first. What Alembic derives from the order of the
files (which head is named first, what a message lists) is put right afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from alembic.script.revision import Revision, RevisionMap
from alembic.util import memoized_property


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


class HistoryMap(RevisionMap):
    """A revision map that takes linear time to build and to ask.

    The underscored names here belong to Alembic's :class:`RevisionMap`. It offers no
    public way to replace how it orders and searches its revisions; the tests compare
    each answer with that of Alembic's own class.

    :param load: Returns the revisions in the order of their files.

    .. versionadded:: 4.0
    """

    def __init__(self, load: Callable[[], Sequence[Revision]]) -> None:
        super().__init__(self._ordered)
        self._load = load
        self._positions: dict[str, int] = {}

    def _ordered(self) -> Iterable[Revision]:
        revisions = self._load()
        self._positions = {}
        ordered = base_first(revisions)
        if ordered is None:
            # Alembic has something to report, and does it in this order.
            return revisions
        self._positions = {rev.revision: i for i, rev in enumerate(revisions)}
        return ordered

    @memoized_property
    def _revision_map(self) -> Any:
        """Build the map as Alembic does, then restore the order of the files."""
        built: Any = super()._revision_map
        if self._positions:
            position = self._positions.__getitem__
            revisions = {id_: built[id_] for id_ in self._positions}
            # The labels, which Alembic appends, keep their places.
            built = {**revisions, **built}
            self.heads = tuple(sorted(self.heads, key=position))
            self._real_heads = tuple(sorted(self._real_heads, key=position))
            self.bases = tuple(sorted(self.bases, key=position))
            self._real_bases = tuple(sorted(self._real_bases, key=position))
        return built

    def _detect_cycles(self, *args: Any) -> None:
        """Look for cycles where there may be any: an order excludes them."""
        if not self._positions:
            super()._detect_cycles(*args)

    def _get_all_current(self, id_: tuple[str, ...]) -> set[Any]:
        """Return the tips of what is applied, each branch's own.

        Alembic collects the descendants of every ancestor. A set that holds the
        ancestors of each of its members holds a descendant of a revision exactly
        when it holds a child of it.
        """
        applied: set[Any] = set(self.get_revisions(id_))
        applied.update(
            self._get_ancestor_nodes(list(applied), include_dependencies=True)
        )
        ids = {revision.revision for revision in applied}
        return {rev for rev in applied if ids.isdisjoint(rev.nextrev)}

    def _normalize_depends_on(self, revisions: Any, map_: Any) -> None:
        """Leave out the dependencies that an ancestor has too.

        Alembic collects the ancestors of each revision that has dependencies. Only
        where two revisions have one in common can that make a difference.
        """
        times: dict[str, int] = {}
        for key, revision in map_.items():
            # Not again by its labels, and not the key for "no revision".
            if revision is not None and revision.revision == key:
                for id_ in set(revision._resolved_dependencies):
                    times[id_] = times.get(id_, 0) + 1
        for revision in revisions:
            dependencies = revision._resolved_dependencies
            if any(times[id_] > 1 for id_ in dependencies):
                super()._normalize_depends_on([revision], map_)
            else:
                revision._normalized_resolved_dependencies = tuple(set(dependencies))

    def _topological_sort(self, revisions: Any, heads: Any) -> list[str]:
        """Order revisions so that each comes before what it follows, as Alembic does.

        Alembic goes down from the first head and changes over to another one where
        that follows what would be next. It collects the ancestors of a head at each
        branch or merge to see it; here they are counted once.
        """
        map_ = self._revision_map
        todo = {revision.revision for revision in revisions}
        current = sorted(
            {head.revision for head in heads if head.revision in todo},
            key={id_: place for place, id_ in enumerate(map_)}.__getitem__,
        )
        implied: ImpliedRevisions | None = None
        ordered: list[str] = []
        at = 0
        while current:
            candidate = current[at]
            if implied is None and len(current) > 1:
                implied = ImpliedRevisions(self, current)
            if implied is not None and implied.is_followed(candidate):
                others = (place for place in range(len(current)) if place != at)
                at = next(o for o in others if implied.follows(current[o], candidate))
                continue
            ordered.append(candidate)
            todo.remove(candidate)
            parents = map_[candidate]._normalized_down_revisions
            further = [id_ for id_ in parents if id_ in todo and id_ not in current]
            if implied is not None:
                implied.move([candidate], further)
            current[at : at + 1] = further[:1]
            current.extend(further[1:])
            if not further:
                at = max(at - 1, 0)
        assert not todo
        return ordered


def base_first(revisions: Sequence[Revision]) -> list[Revision] | None:
    """Order revisions so that each follows its parents and dependencies.

    :param revisions: Revisions as they were read.
    :return: ``None`` when there is no such order, or an id is missing, used twice or
        not an id but a label.

    .. versionadded:: 4.0
    """
    ids = {revision.revision for revision in revisions}
    labels: dict[str, str] = {}
    for revision in revisions:
        for label in revision.branch_labels:
            if label in ids or label in labels:
                return None
            labels[label] = revision.revision
    if len(ids) != len(revisions):
        return None
    waiting: dict[str, int] = {}
    children: dict[str, list[Revision]] = {id_: [] for id_ in ids}
    for revision in revisions:
        parents = [*_several(revision.down_revision)]
        parents += [labels.get(name, name) for name in _several(revision.dependencies)]
        waiting[revision.revision] = len(parents)
        for parent in parents:
            if parent not in ids:
                return None
            children[parent].append(revision)
    ordered = [revision for revision in revisions if not waiting[revision.revision]]
    for revision in ordered:
        for child in children[revision.revision]:
            waiting[child.revision] -= 1
            if not waiting[child.revision]:
                ordered.append(child)
    return ordered if len(ordered) == len(revisions) else None


def _several(names: object) -> Iterable[str]:
    """Return what Alembic keeps as nothing, one name or several."""
    if not names:
        return ()
    return (names,) if isinstance(names, str) else cast("Iterable[str]", names)
