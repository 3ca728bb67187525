"""The revisions of a history and how they follow each other, from the index alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .records import Record, Scan

_ILLEGAL = re.compile("[@+:-]")
# What Alembic refuses in an identifier; the colon in its later versions only.


class NeedsMap(Exception):
    """The index alone cannot answer this: ask a history.

    .. versionadded:: 4.0
    """


class Edges:
    """The revisions of a history and how they follow each other.

    :param scan: What :meth:`~flask_alembic.environment.index.Index.scan` found.
    :raises NeedsMap: When a script has to be executed, or Alembic has something to
        report: an id that is used twice, a parent that is missing, a cycle.

    .. versionadded:: 4.0
    """

    def __init__(self, scan: Scan) -> None:
        self._records, self._labelled = _names(scan)
        self._children: dict[str, list[str]] = {id_: [] for id_ in self._records}
        self._followers = self._children
        self._requires: dict[str, tuple[str, ...]] = {}
        self._connect()
        self._order = self._base_first()
        # Asked by a probe again and again.
        self._heads = _without(self._children)
        self._real_heads = _without(self._followers)

    def _connect(self) -> None:
        """Find what each revision follows and what follows it."""
        children, records = self._children, self._records
        try:
            for record in records.values():
                for down in record.down_revisions:
                    children[down].append(record.revision)
            if any(record.depends_on for record in records.values()):
                self._followers = {id_: list(ids) for id_, ids in children.items()}
                for record in records.values():
                    requires = tuple(
                        self._labelled.get(name, name) for name in record.depends_on
                    )
                    if requires:
                        self._requires[record.revision] = requires
                    for id_ in requires:
                        self._followers[id_].append(record.revision)
        except KeyError as missing:
            raise NeedsMap(f"{missing} is missing") from None

    def _base_first(self) -> list[str]:
        """Order the revisions so that each follows what it needs.

        :raises NeedsMap: When some form a cycle.
        """
        waiting = {
            id_: len(record.down_revisions) + len(self._requires.get(id_, ()))
            for id_, record in self._records.items()
        }
        order = [id_ for id_, count in waiting.items() if not count]
        for id_ in order:
            for follower in self._followers[id_]:
                waiting[follower] -= 1
                if not waiting[follower]:
                    order.append(follower)
        if len(order) != len(waiting):
            raise NeedsMap("the history has a cycle")
        return order

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, revision: object) -> bool:
        return revision in self._records

    def record(self, revision: str) -> Record:
        """Return a revision's record.

        :param revision: Its whole id.
        :raises NeedsMap: When there is none.

        .. versionadded:: 4.0
        """
        try:
            return self._records[revision]
        except KeyError:
            raise NeedsMap(f"no revision {revision!r}") from None

    def heads(self) -> tuple[str, ...]:
        """Return the revisions that no other names as its parent.

        .. versionadded:: 4.0
        """
        return self._heads

    def real_heads(self) -> tuple[str, ...]:
        """Return the heads on which no other revision depends either.

        .. versionadded:: 4.0
        """
        return self._real_heads

    def bases(self) -> tuple[str, ...]:
        """Return the revisions without parents.

        .. versionadded:: 4.0
        """
        return tuple(
            id_ for id_, record in self._records.items() if not record.down_revisions
        )

    def branch_points(self) -> list[str]:
        """Return the revisions that several others name as a parent.

        .. versionadded:: 4.0
        """
        return [id_ for id_, ids in self._children.items() if len(set(ids)) > 1]

    def children(self, revision: str) -> tuple[str, ...]:
        """Return the revisions that name this one as a parent.

        :param revision: Its whole id.

        .. versionadded:: 4.0
        """
        return tuple(dict.fromkeys(self._children[self.record(revision).revision]))

    def followers(self, revision: str) -> tuple[str, ...]:
        """Return the revisions that name this one as a parent or depend on it.

        :param revision: Its whole id.

        .. versionadded:: 4.0
        """
        return tuple(dict.fromkeys(self._followers[self.record(revision).revision]))

    def ancestors(
        self, revisions: Iterable[str], *, dependencies: bool = True
    ) -> set[str]:
        """Return revisions and all that they follow.

        :param revisions: Whole ids.
        :param dependencies: Whether to follow ``depends_on`` too.

        .. versionadded:: 4.0
        """
        records, requires = self._records, self._requires if dependencies else {}
        todo = [self.record(revision).revision for revision in revisions]
        seen = set(todo)
        while todo:
            id_ = todo.pop()
            for parent in (*records[id_].down_revisions, *requires.get(id_, ())):
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        return seen

    def descendants(self, revisions: Iterable[str]) -> set[str]:
        """Return revisions and all that name them as parents, directly or not.

        :param revisions: Whole ids.

        .. versionadded:: 4.0
        """
        todo = [self.record(revision).revision for revision in revisions]
        seen = set(todo)
        while todo:
            for child in self._children[todo.pop()]:
                if child not in seen:
                    seen.add(child)
                    todo.append(child)
        return seen


def _without(followers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the revisions that nothing follows."""
    return tuple(id_ for id_, ids in followers.items() if not ids)


def _names(scan: Scan) -> tuple[dict[str, Record], Mapping[str, str]]:
    """Return the records by id, and the ids by label."""
    if scan.repeated:
        raise NeedsMap("files are met twice")
    records: dict[str, Record] = {}
    labelled: dict[str, str] = {}
    for script in scan.scripts:
        if not isinstance(script, Record):
            raise NeedsMap(f"{script.path} has to be executed")
        records[script.revision] = script
        for label in script.branch_labels:
            if label in labelled:
                raise NeedsMap(f"the label {label} is used twice")
            labelled[label] = script.revision
    if len(records) != len(scan.scripts) or not labelled.keys().isdisjoint(records):
        raise NeedsMap("a name is used twice")
    if _ILLEGAL.search("".join(records)):
        raise NeedsMap("an id has characters that Alembic refuses")
    return records, labelled
