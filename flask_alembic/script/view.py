"""The history as commands look at it: from the index where it can tell, else the map.

Both answer alike; ``tests/script/test_history_reader.py`` compares them. Building Alembic's map
costs about four times what the index does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from .graph import NeedsMap, RevisionGraph
from .irreversible_mark import irreversible

if TYPE_CHECKING:
    from alembic.script import Script

    from .index import RevisionIndex
    from .loader import AppScriptDirectory
    from .records import RevisionRecord


def real_heads(scripts: AppScriptDirectory) -> set[str]:
    """Return the ids that a version table holds when everything is applied.

    A head that another revision depends on is none of them.

    :param scripts: The history.
    """
    found = scripts.get_revisions("heads")
    return {script.revision for script in found if script is not None}


class HistoryReader:
    """What commands ask of the history."""

    def __contains__(self, id_: object) -> bool:
        """Return whether there is a revision of that whole id."""
        raise NotImplementedError

    def real_heads(self) -> frozenset[str]:
        """Return what a version table holds when everything is applied."""
        raise NotImplementedError

    def heads(self, resolve_dependencies: bool) -> list[Script]:
        """Return the revisions that no other follows, by id."""
        raise NotImplementedError

    def current(self, ids: Sequence[str]) -> list[Script]:
        """Return the tips of what is applied, by id.

        :param ids: What a version table holds; each has a file.
        """
        raise NotImplementedError

    def branch_points(self) -> list[Script]:
        """Return the revisions that more than one other follows."""
        raise NotImplementedError

    def labels(self, id_: str) -> Collection[str]:
        """Return the branch labels that apply to a revision.

        :param id_: Its whole id.
        """
        raise NotImplementedError

    def message(self, id_: str) -> str:
        """Return what the revision of that whole id is about."""
        raise NotImplementedError

    def irreversible(self, id_: str) -> bool | str:
        """Return whether a revision says that it cannot be reverted, or the reason.

        :param id_: Its whole id.
        """
        raise NotImplementedError

    def pending(self, ids: Sequence[str]) -> tuple[str, ...] | None:
        """Return what an upgrade would run, in order, where that is one line.

        :param ids: What a version table holds; each has a file.
        :return: ``None`` when only Alembic's plan can tell.
        """
        return () if frozenset(ids) == self.real_heads() else None

    def line(self, start: Any, end: Any) -> list[Script] | None:
        """Return the revisions of a history that is one line, the base first.

        :return: ``None`` when only the map can tell.
        """
        return None

    def named(self, names: Sequence[Any]) -> list[Script] | None:
        """Return the revisions of those names.

        :return: ``None`` when only the map can tell.
        """
        return None


class IndexedHistory(HistoryReader):
    """The history as the index alone tells it.

    :param index: Where the records come from.
    :param graph: The history.
    """

    def __init__(self, index: RevisionIndex, graph: RevisionGraph) -> None:
        self.index = index
        self.graph = graph

    def __contains__(self, id_: object) -> bool:
        """Return whether there is a revision of that whole id."""
        return id_ in self.graph

    def _scripts(self, ids: Iterable[str]) -> list[Script]:

        return light_scripts(self.index, self.graph, ids)

    def real_heads(self) -> frozenset[str]:
        """Return what a version table holds when everything is applied."""
        return frozenset(self.graph.real_heads())

    def heads(self, resolve_dependencies: bool) -> list[Script]:
        """Return the revisions that no other follows, by id."""
        graph = self.graph
        ids = graph.real_heads() if resolve_dependencies else graph.heads()
        return self._scripts(sorted(ids))

    def current(self, ids: Sequence[str]) -> list[Script]:
        """Return the tips of what is applied, by id."""
        return self._scripts(sorted(self.graph.current(ids)))

    def branch_points(self) -> list[Script]:
        """Return the revisions that more than one other follows."""
        return self._scripts(sorted(self.graph.branch_points()))

    def labels(self, id_: str) -> Collection[str]:
        """Return the branch labels that apply to a revision."""
        return self.graph.labels(id_)

    def message(self, id_: str) -> str:
        """Return what a revision is about."""
        return self.graph.record(id_).doc

    def irreversible(self, id_: str) -> bool | str:
        """Return whether a revision says that it cannot be reverted, or the reason."""
        return self.graph.record(id_).irreversible

    def pending(self, ids: Sequence[str]) -> tuple[str, ...] | None:
        """Return what an upgrade would run, in order, where that is one line."""
        if len(ids) > 1 or frozenset(ids) == self.real_heads():
            return super().pending(ids)
        ahead = self.graph.pending(ids)
        parents = [tuple(ids), *((id_,) for id_ in ahead)]
        for id_, parent in zip(ahead, parents, strict=False):
            record = self.graph.record(id_)
            if record.down_revisions != parent or record.depends_on:
                return None
        return tuple(ahead)

    def line(self, start: Any, end: Any) -> list[Script] | None:
        """Return the revisions of a history that is one line, the base first."""
        if not (isinstance(start, str) and isinstance(end, str)):
            return None
        if "current" in (start, end):
            return None
        try:
            walked = [record.revision for record in self.graph.walk(start, end)]
        except NeedsMap:
            return None
        return self._scripts(reversed(walked))

    def named(self, names: Sequence[Any]) -> list[Script] | None:
        """Return the revisions of those names."""
        ids: dict[str, None] = {}
        for name in names:
            if not isinstance(name, str) or name.strip() in {"", "current", "base"}:
                return None
            try:
                ids.update(dict.fromkeys(self.graph.resolve(name.strip())))
            except NeedsMap:
                return None
        return self._scripts(ids)


class AlembicHistory(HistoryReader):
    """The history as Alembic's map tells it.

    :param scripts: The history.
    """

    def __init__(self, scripts: AppScriptDirectory) -> None:
        self.scripts = scripts

    def __contains__(self, id_: object) -> bool:
        """Return whether there is a revision of that whole id."""
        return id_ in self.scripts.known_ids()

    def real_heads(self) -> frozenset[str]:
        """Return what a version table holds when everything is applied."""
        return frozenset(real_heads(self.scripts))

    def heads(self, resolve_dependencies: bool) -> list[Script]:
        """Return the revisions that no other follows, by id."""
        scripts = self.scripts
        ids = real_heads(scripts) if resolve_dependencies else scripts.get_heads()
        return [scripts.get_revision(id_) for id_ in sorted(ids)]

    def current(self, ids: Sequence[str]) -> list[Script]:
        """Return the tips of what is applied, by id."""
        found = self.scripts.get_all_current(tuple(ids))
        return sorted(
            (script for script in found if script), key=lambda script: script.revision
        )

    def branch_points(self) -> list[Script]:
        """Return the revisions that more than one other follows."""
        walked = self.scripts.walk_revisions()
        points = [script for script in walked if script.is_branch_point]
        return sorted(points, key=lambda script: script.revision)

    def labels(self, id_: str) -> Collection[str]:
        """Return the branch labels that apply to a revision."""
        return self.scripts.get_revision(id_).branch_labels

    def message(self, id_: str) -> str:
        """Return what a revision is about."""
        return self.scripts.get_revision(id_).doc

    def irreversible(self, id_: str) -> bool | str:
        """Return whether a revision says that it cannot be reverted, or the reason."""
        return irreversible(self.scripts.get_revision(id_))


class IndexedScript:
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

    _graph: RevisionGraph
    _index: RevisionIndex
    _labels: set[str] | None
    _real: Script | None
    _record: RevisionRecord

    def __init__(
        self, record: RevisionRecord, graph: RevisionGraph, index: RevisionIndex
    ) -> None:
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
            from .loader import LazyScript

            script = LazyScript(self._record, self._index.forget)
            script.nextrev = self.nextrev
            # Alembic's own name for what follows, dependencies included: ``is_head``
            # and its like are computed from the two. tests/script/test_history_reader.py compares
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
    def irreversible(self) -> bool | str:
        """Whether its file says that it cannot be reverted, or the reason it gives."""
        return self._record.irreversible

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


def light_scripts(
    index: RevisionIndex, graph: RevisionGraph, ids: Iterable[str]
) -> list[Script]:
    """Return the revisions of those ids, as good as Alembic's objects.

    They know what follows them and which labels they inherit, as those of a map do;
    their files are executed when their module is asked for.

    :param index: Where the records come from.
    :param graph: The history.
    :param ids: Whole ids.
    """
    found = [IndexedScript(graph.record(id_), graph, index) for id_ in ids]
    return cast("list[Script]", found)
