"""Questions about the history that the index alone can answer, without Alembic.

Each answer is the one that Alembic's :class:`~alembic.script.ScriptDirectory` gives.
Whatever Alembic would answer with an error or a warning, and whatever depends on how
it orders branches, is not answered here but handed on, by raising :exc:`NeedsMap`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .graph_edges import Edges, NeedsMap
from .records import Record, Scan

__all__ = ["Graph", "NeedsMap"]


class Graph(Edges):
    """The history as a graph that can be asked by name.

    :param scan: What :meth:`~flask_alembic.environment.index.Index.scan` found.
    :raises NeedsMap: When a script has to be executed, or Alembic has something to
        report: an id that is used twice, a parent that is missing, a cycle.

    .. versionadded:: 4.0
    """

    def __init__(self, scan: Scan) -> None:
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

    def walk(self, base: str | None = "base", head: str = "heads") -> Iterator[Record]:
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
