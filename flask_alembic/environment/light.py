"""Revisions to show, made from the index alone: no map of the history is built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .history import LazyScript

if TYPE_CHECKING:
    from alembic.script import Script

    from .graph import Graph
    from .index import Index


def light_scripts(index: Index, graph: Graph, ids: Iterable[str]) -> list[Script]:
    """Return the revisions of those ids as Alembic's objects.

    They know what follows them and which labels they inherit, as those of a map do;
    their files are executed when their module is asked for.

    :param index: Where the records come from.
    :param graph: The history.
    :param ids: Whole ids.
    """
    return [_light(index, graph, id_) for id_ in ids]


def _light(index: Index, graph: Graph, id_: str) -> Script:
    script = LazyScript(graph.record(id_), index.forget)
    script.nextrev = frozenset(graph.children(id_))
    # Alembic's own name for what follows, dependencies included: ``is_head`` and its
    # like are computed from the two. tests/test_viewing.py compares them with a map's.
    script._all_nextrev = frozenset(graph.followers(id_))
    script.branch_labels = set(graph.labels(id_))
    return script
