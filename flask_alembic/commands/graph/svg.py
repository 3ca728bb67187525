"""The history as a picture: SVG that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from ...cli.text import readable
from .labels import COLOURS, briefly, shorten
from .layout import HEIGHT, WIDTH, Layout, Route, laid_out

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph, Node

STYLE = """
text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2126; }
.id { font: bold 13px ui-monospace, "DejaVu Sans Mono", monospace; }
.tag { font-size: 11px; font-weight: 600; text-anchor: end; }
.more { font-size: 11px; fill: #4a535c; }
.end { text-anchor: end; }
.route { fill: none; stroke: #8a939c; stroke-width: 1.6; }
.dependency { stroke-dasharray: 5 4; }
.node rect { stroke-width: 1.4; }
.node.here rect { stroke-width: 3.4; }
""" + "\n".join(
    f".{state} rect {{ fill: {fill}; stroke: {border}; }}"
    for state, (fill, border) in COLOURS.items()
)


def draw(graph: HistoryGraph) -> str:
    """Return the history as an SVG document, the newest revision on top.

    :param graph: The history.
    :raises ConfigurationError: When the layout library is missing.

    .. versionadded:: 4.0
    """
    layout = laid_out(graph)
    size = f'width="{layout.width:g}" height="{layout.height:g}"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {layout.width:g} {layout.height:g}">',
            f"<title>{_text(graph.name or 'history')}</title>",
            f"<style>{STYLE}</style>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *elements(graph, layout),
            "</svg>",
        ]
    )


def elements(graph: HistoryGraph, layout: Layout) -> Iterator[str]:
    """Yield the elements of the drawing: the lines, and the revisions over them.

    :param graph: The history.
    :param layout: Where everything goes.
    """
    for route in layout.routes:
        kind = "route dependency" if route.dependency else "route"
        yield (
            f'<path class="{kind}" d="{_path(route)}" '
            f'data-from="{_text(route.child)}" data-to="{_text(route.parent)}"/>'
        )
    for node in graph.nodes:
        yield from _box(node, *layout.places[node.revision])


def _path(route: Route) -> str:
    """Return a line that leaves and arrives upright, and bends in between."""
    (x, y), *rest = route.points
    parts = [f"M{x:g} {y:g}"]
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        parts.append(
            f"V{to_y:g}"
            if x == to_x
            else f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"
        )
        x, y = to_x, to_y
    return "".join(parts)


def _box(node: Node, x: float, y: float) -> Iterator[str]:
    here = " here" if node.at else ""
    left, top = x - WIDTH / 2, y - HEIGHT / 2
    yield (
        f'<g class="node {node.state}{here}" data-id="{_text(node.revision)}" '
        f'transform="translate({left:g} {top:g})">'
    )
    hint = "\n".join([node.revision, node.doc, node.path, *node.operations])
    yield f"<title>{_text(hint)}</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
    tag = ", ".join(node.labels) or ("head" if node.is_head else "")
    yield f'<text class="id" x="11" y="20">{_text(shorten(node.revision, 22))}</text>'
    if tag:
        longest = max(4, 30 - len(node.revision))
        yield (
            f'<text class="tag" x="{WIDTH - 11}" y="20">'
            f"{_text(shorten(tag, longest))}</text>"
        )
    yield f'<text class="doc" x="11" y="38">{_text(shorten(node.doc, 33))}</text>'
    yield f'<text class="more" x="11" y="55">{_text((node.date or "")[:16])}</text>'
    yield (
        f'<text class="more end" x="{WIDTH - 11}" y="55">'
        f"{_text(shorten(briefly(node), 22 if node.date else 40))}</text>"
    )
    yield "</g>"


def _text(text: str) -> str:
    return escape(readable(text))
