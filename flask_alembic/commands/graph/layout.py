"""Where each revision and each line goes on a drawing: computed by igraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...errors import ConfigurationError
from .labels import edges

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph

WIDTH, HEIGHT = 250, 64
"""How large the box of a revision is, in pixels."""

ACROSS, DOWN = 28, 36
"""How much room is left beside a box and below it, in pixels."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Route:
    """A line from a revision to what it follows."""

    child: str
    parent: str
    dependency: bool
    """Whether it is a dependency only."""

    points: tuple[Point, ...]
    """What it goes through, both ends included; in pixels."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in pixels; the newest revision is on top."""

    places: dict[str, Point]
    """The centres of the boxes, by id."""

    routes: tuple[Route, ...]
    width: float
    height: float


def laid_out(graph: HistoryGraph) -> Layout:
    """Return where each revision goes, in layers: Sugiyama's method.

    :param graph: The history.
    :raises ConfigurationError: When igraph is not installed.
    """
    igraph = _library()
    ids = [node.revision for node in graph.nodes]
    if not ids:
        return Layout({}, (), 0, 0)
    number = {id_: place for place, id_ in enumerate(ids)}
    drawn = edges(graph)
    made = igraph.Graph(
        len(ids),
        [(number[child], number[parent]) for child, parent, _ in drawn],
        directed=True,
    )
    found = made.layout_sugiyama(
        layers=_layers(graph), hgap=WIDTH + ACROSS, vgap=HEIGHT + DOWN
    )
    # Since igraph 1.0; before it, lines are straight.
    routing: Sequence[Sequence[Point]] = getattr(found, "edge_routing", None) or []
    coordinates = [(float(x), float(y)) for x, y, *_ in list(found)[: len(ids)]]
    bends = [[(float(x), float(y)) for x, y, *_ in points] for points in routing]
    left = min(x for x, _ in [*coordinates, *(p for b in bends for p in b)])
    right = max(x for x, _ in [*coordinates, *(p for b in bends for p in b)])
    lowest = max(y for _, y in coordinates)

    def placed(point: Point) -> Point:
        return (
            round(point[0] - left + ACROSS + WIDTH / 2, 1),
            round(point[1] + DOWN + HEIGHT / 2, 1),
        )

    places = {id_: placed(coordinates[number[id_]]) for id_ in ids}
    routes = tuple(
        Route(child, parent, dependency, _through(places, child, parent, between))
        for place, (child, parent, dependency) in enumerate(drawn)
        for between in [
            sorted(
                (placed(point) for point in (bends[place] if bends else [])),
                key=lambda point: point[1],
            )
        ]
    )
    return Layout(
        places,
        routes,
        round(right - left + WIDTH + 2 * ACROSS, 1),
        round(lowest + HEIGHT + 2 * DOWN, 1),
    )


def _through(
    places: dict[str, Point], child: str, parent: str, between: Sequence[Point]
) -> tuple[Point, ...]:
    (x, y), (to_x, to_y) = places[child], places[parent]
    return ((x, y + HEIGHT / 2), *between, (to_x, to_y - HEIGHT / 2))


def _layers(graph: HistoryGraph) -> list[int]:
    """Return the layer of each revision, the top one first.

    Each is as near to what it follows as it can be, so that a branch that nobody goes
    on with stays where it began.
    """
    rank: dict[str, int] = {}
    for node in reversed(graph.nodes):
        below = [rank[id_] for id_ in (*node.down_revisions, *node.depends_on)]
        rank[node.revision] = max(below, default=-1) + 1
    top = max(rank.values())
    return [top - rank[node.revision] for node in graph.nodes]


def _library() -> Any:
    """Import the layout library.

    :raises ConfigurationError: When it is not there.
    """
    try:
        return import_module("igraph")
    except ImportError:
        raise ConfigurationError(
            "Drawing the history as svg or html needs igraph, which is not installed.",
            'pip install "Flask-Alembic[graph]"; text, mermaid and dot need nothing.',
        ) from None
