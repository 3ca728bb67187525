"""Revisions to show, made from the index alone: neither a map nor Alembic is needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from alembic.script import Script

    from .graph import Graph
    from .index import Index
    from .records import Record


class LightScript:
    """A revision as the index tells it; Alembic's object as soon as more is asked for.

    It passes for an :class:`alembic.script.Script`: what the index knows is answered
    at once, and everything else, ``isinstance`` included, by an object of that class
    that is made then. Importing Alembic costs more than the index of a long history.

    :param record: What the index tells of it.
    :param graph: The history.
    :param index: Where the record comes from.

    .. versionadded:: 4.0
    """

    __slots__ = ("__weakref__", "_graph", "_index", "_labels", "_real", "_record")

    _graph: Graph
    _index: Index
    _labels: set[str] | None
    _real: Script | None
    _record: Record

    def __init__(self, record: Record, graph: Graph, index: Index) -> None:
        set_ = object.__setattr__
        set_(self, "_record", record)
        set_(self, "_graph", graph)
        set_(self, "_index", index)
        set_(self, "_labels", None)
        set_(self, "_real", None)

    def _script(self) -> Script:
        """Return Alembic's object for it; always the same one."""
        script = self._real
        if script is None:
            from .history import LazyScript

            script = LazyScript(self._record, self._index.forget)
            script.nextrev = self.nextrev
            # Alembic's own name for what follows, dependencies included: ``is_head``
            # and its like are computed from the two. tests/test_viewing.py compares
            # them with a map's.
            script._all_nextrev = frozenset(self._graph.followers(self.revision))
            script.branch_labels = self.branch_labels
            object.__setattr__(self, "_real", script)
        return script

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The class that it passes for."""
        return type(self._script())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._script(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            # The graph would go on answering as before.
            raise AttributeError(f"{name} of {self.revision} cannot be set")
        setattr(self._script(), name, value)

    def __dir__(self) -> Iterable[str]:
        return dir(self._script())

    def __repr__(self) -> str:
        return repr(self._script())

    def __str__(self) -> str:
        return str(self._script())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._script().__reduce_ex__(protocol)

    @property
    def revision(self) -> str:
        """Its id."""
        return self._record.revision

    @property
    def down_revision(self) -> str | tuple[str, ...] | None:
        """Its parents: none, one, or several."""
        return self._record.down_revision

    @property
    def dependencies(self) -> str | tuple[str, ...] | None:
        """What else it depends on: none, one, or several."""
        return self._record.dependencies

    @property
    def branch_labels(self) -> set[str]:
        """The branch labels that apply to it, inherited ones too."""
        labels = self._labels
        if labels is None:
            labels = set(self._graph.labels(self.revision))
            object.__setattr__(self, "_labels", labels)
        return labels

    @property
    def nextrev(self) -> frozenset[str]:
        """The revisions that follow it."""
        return frozenset(self._graph.children(self.revision))

    @property
    def path(self) -> str:
        """Its file."""
        return self._record.path

    @property
    def doc(self) -> str:
        """The first paragraph of its docstring."""
        return self._record.doc

    @property
    def longdoc(self) -> str:
        """Its whole docstring."""
        return self._record.longdoc

    @property
    def is_head(self) -> bool:
        """Whether no other follows it."""
        return not self.nextrev

    @property
    def is_base(self) -> bool:
        """Whether it follows no other."""
        return not self._record.down_revisions

    @property
    def is_branch_point(self) -> bool:
        """Whether several others follow it."""
        return len(self.nextrev) > 1

    @property
    def is_merge_point(self) -> bool:
        """Whether it follows several others."""
        return len(self._record.down_revisions) > 1


def light_scripts(index: Index, graph: Graph, ids: Iterable[str]) -> list[Script]:
    """Return the revisions of those ids, as good as Alembic's objects.

    They know what follows them and which labels they inherit, as those of a map do;
    their files are executed when their module is asked for.

    :param index: Where the records come from.
    :param graph: The history.
    :param ids: Whole ids.
    """
    found = [LightScript(graph.record(id_), graph, index) for id_ in ids]
    return cast("list[Script]", found)
