"""The revisions of a history and how they follow each other, from the index alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .records import FolderScan, RevisionRecord

_ILLEGAL = re.compile("[@+:-]")
# What Alembic refuses in an identifier; the colon in its later versions only.


class NeedsMap(Exception):
    """The index alone cannot answer this: ask a history.

    .. versionadded:: 4.0
    """


class RevisionEdges:
    """The revisions of a history and how they follow each other.

    :param scan: What :meth:`~flask_alembic.script.index.RevisionIndex.scan` found.
    :raises NeedsMap: When a script has to be executed, or Alembic has something to
        report: an id that is used twice, a parent that is missing, a cycle.

    .. versionadded:: 4.0
    """

    def __init__(self, scan: FolderScan) -> None:
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

    def record(self, revision: str) -> RevisionRecord:
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


def _names(scan: FolderScan) -> tuple[dict[str, RevisionRecord], Mapping[str, str]]:
    """Return the records by id, and the ids by label."""
    if scan.repeated:
        raise NeedsMap("files are met twice")
    records: dict[str, RevisionRecord] = {}
    labelled: dict[str, str] = {}
    for script in scan.scripts:
        if not isinstance(script, RevisionRecord):
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


class RevisionGraph(RevisionEdges):
    """The history as a graph that can be asked by name.

    :param scan: What :meth:`~flask_alembic.script.index.RevisionIndex.scan` found.
    :raises NeedsMap: When a script has to be executed, or Alembic has something to
        report: an id that is used twice, a parent that is missing, a cycle.

    .. versionadded:: 4.0
    """

    def __init__(self, scan: FolderScan) -> None:
        super().__init__(scan)
        self._labels: dict[str, frozenset[str]] | None = None

    def labels(self, revision: str) -> frozenset[str]:
        """Return the branch labels that apply to a revision, inherited ones too.

        :param revision: Its whole id.

        .. versionadded:: 4.0
        """
        if self._labels is None:
            self._labels = self._inherit_labels()
        return self._labels.get(self.record(revision).revision, frozenset())

    def _inherit_labels(self) -> dict[str, frozenset[str]]:
        """Hand labels on as Alembic does.

        All descendants have them, and so have the revisions that lead up to the
        first branch point or merge point on the way down from a tip.
        """
        found: dict[str, frozenset[str]] = {}
        for id_ in dict.fromkeys(self._labelled.values()):
            labels = found.get(id_, frozenset()).union(self._records[id_].branch_labels)
            descendants = self.descendants((id_,))
            if found:
                for descendant in descendants:
                    found[descendant] = found.get(descendant, frozenset()) | labels
            else:
                found = dict.fromkeys(descendants, labels)
            at = next(one for one in descendants if not self._children[one])
            while True:
                downs = self._records[at].down_revisions
                if len(set(self._followers[at])) > 1 or len(downs) > 1:
                    break
                found[at] = found.get(at, frozenset()) | labels
                if not downs:
                    break
                at = downs[0]
        return found

    def current(self, heads: Iterable[str]) -> set[str]:
        """Return the tips of what is applied: each branch's own, implied ones too.

        :param heads: What the version table holds.
        :return: What :meth:`alembic.script.ScriptDirectory.get_all_current` returns.

        .. versionadded:: 4.0
        """
        applied = self.ancestors(id_ for head in heads for id_ in self.resolve(head))
        return {id_ for id_ in applied if applied.isdisjoint(self._children[id_])}

    def pending(self, heads: Iterable[str]) -> list[str]:
        """Return what an upgrade to ``heads`` would run, each after what it needs.

        :param heads: What the version table holds.
        :return: The revisions of Alembic's plan; the order of separate branches may
            be another one.

        .. versionadded:: 4.0
        """
        applied = self.ancestors(id_ for head in heads for id_ in self.resolve(head))
        return [id_ for id_ in self._order if id_ not in applied]

    def walk(
        self, base: str | None = "base", head: str = "heads"
    ) -> Iterator[RevisionRecord]:
        """Go through the revisions from a head to a base, both included.

        :param base: The last revision, or ``base``.
        :param head: The first revision.
        :raises NeedsMap: At once, when the history is not one line.

        .. versionadded:: 4.0
        """
        if len(self.bases()) > 1 or self._requires or not self._is_line():
            raise NeedsMap("the history is not one line")
        if "@" in f"{base}{head}":
            raise NeedsMap("a branch is named")
        first, last = self.resolve(head), self.resolve(base)
        place = {id_: number for number, id_ in enumerate(self._order)}
        start = place[last[0]] if last else 0
        stop = place[first[0]] if first else -1
        if last and start > stop:
            raise NeedsMap("not an ancestor")
        return (self._records[id_] for id_ in self._order[start : stop + 1][::-1])

    def _is_line(self) -> bool:
        return all(len(children) < 2 for children in self._children.values())

    def resolve(self, target: str | None) -> tuple[str, ...]:
        """Return the revisions that a name stands for.

        :param target: An id or the beginning of one, a label, ``head``, ``heads``,
            ``base``, or one of these after ``label@``.
        :return: What :meth:`alembic.script.ScriptDirectory.get_revisions` returns.
        :raises NeedsMap: When it stands for none, is ambiguous or relative.

        .. versionadded:: 4.0
        """
        if target is None:
            return ()
        branch, at, name = target.rpartition("@")
        if "@" in branch or (at and not branch) or {"+", "-"} & set(target):
            raise NeedsMap(f"{target!r} is not a simple name")
        if name == "base":
            return ()
        family = self._family(branch) if branch else None
        if name in ("head", "heads"):
            if name == "heads" and family is None:
                return self.real_heads()
            heads = self.heads()
            if family is not None:
                heads = tuple(id_ for id_ in heads if id_ in family)
            if name == "head" and len(heads) > 1:
                raise NeedsMap("there are several heads")
            return heads
        return (self._find(name, family),)

    def _family(self, branch: str) -> set[str]:
        """Return the ancestors and descendants of the revision that names a branch."""
        if branch in ("head", "heads", "base"):
            raise NeedsMap(f"{branch!r} is not a branch")
        revision = self._find(branch, None)
        return self.ancestors((revision,), dependencies=False) | self.descendants(
            (revision,)
        )

    def _find(self, name: str, family: set[str] | None) -> str:
        """Return the revision of an id, a label, or the beginning of either."""
        found = self._labelled.get(name) or (name if name in self._records else None)
        if found is None:
            begin = [
                self._labelled.get(key, key)
                for keys in (self._records, self._labelled)
                for key in keys
                if len(key) > 3 and key.startswith(name)
            ]
            if family is not None:
                begin = [id_ for id_ in begin if id_ in family]
            found = begin[0] if len(begin) == 1 and name else None
        if found is None or (family is not None and found not in family):
            raise NeedsMap(f"{name!r} is not found")
        return found
