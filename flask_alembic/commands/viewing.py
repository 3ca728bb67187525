"""The history as commands look at it: from the index where it can tell, else the map.

Both answer alike; ``tests/test_viewing.py`` compares them. Building Alembic's map
costs about four times what the index does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment.graph import Graph, NeedsMap
from ..environment.listing import holds_scripts
from ..environment.translation import translated

if TYPE_CHECKING:
    from alembic.script import Script

    from ..environment.index import Index
    from ..environment.objects import Environment
    from ..environment.scripts import Scripts


def real_heads(scripts: Scripts) -> set[str]:
    """Return the ids that a version table holds when everything is applied.

    A head that another revision depends on is none of them.

    :param scripts: The history.
    """
    found = scripts.get_revisions("heads")
    return {script.revision for script in found if script is not None}


def is_empty(environment: Environment) -> Path | None:
    """Return the script directory if there are no revisions; else ``None``.

    Every script is a revision, or else an error for whoever reads it.

    :param environment: The app's environment.
    :raises HistoryError: When the files make no history.
    """
    locations = environment.locations
    if any(holds_scripts(str(path)) for path in locations.paths):
        return None
    with translated():
        return None if view_of(environment).real_heads() else locations.script


def view_of(environment: Environment, *, cheap: bool = False) -> View:
    """Return a look at the history of an app.

    :param environment: The app's environment.
    :param cheap: Whether to miss a file that was rewritten in place; see
        :meth:`~flask_alembic.environment.objects.Environment.graph`.
    :raises HistoryError: When the files make no history.
    """
    try:
        return IndexView(environment.index, environment.graph(cheap=cheap))
    except NeedsMap:
        return MapView(environment.scripts())


class View:
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


class IndexView(View):
    """The history as the index alone tells it.

    :param index: Where the records come from.
    :param graph: The history.
    """

    def __init__(self, index: Index, graph: Graph) -> None:
        self.index = index
        self.graph = graph

    def __contains__(self, id_: object) -> bool:
        """Return whether there is a revision of that whole id."""
        return id_ in self.graph

    def _scripts(self, ids: Iterable[str]) -> list[Script]:
        from ..environment.light import light_scripts

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


class MapView(View):
    """The history as Alembic's map tells it.

    :param scripts: The history.
    """

    def __init__(self, scripts: Scripts) -> None:
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
