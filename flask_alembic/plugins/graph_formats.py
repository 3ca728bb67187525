"""The drawings of ``flask db graph``: an implementation of ``graph_formats``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl
from ..hooks.payloads import GraphFormat

if TYPE_CHECKING:
    from ..hooks.history_graph import HistoryGraph


@hookimpl(trylast=True)
def graph_formats() -> list[GraphFormat]:
    """Give text, Mermaid, Graphviz, SVG and HTML; each is imported when it is used."""
    return [
        GraphFormat("text", _text, help="plain text", operations=False),
        GraphFormat("mermaid", _mermaid, help="a Mermaid flowchart", operations=False),
        GraphFormat("dot", _dot, help="a Graphviz graph"),
        GraphFormat("svg", _svg, is_file=True, help="an image"),
        GraphFormat("html", _html, is_file=True, help="a page to search and zoom"),
    ]


def _text(graph: HistoryGraph) -> str:
    from ..commands.graph import text

    return "\n".join(line.text for line in text.draw(graph))


def _mermaid(graph: HistoryGraph) -> str:
    from ..commands.graph import mermaid

    return mermaid.draw(graph)


def _dot(graph: HistoryGraph) -> str:
    from ..commands.graph import dot

    return dot.draw(graph)


def _svg(graph: HistoryGraph) -> str:
    from ..commands.graph import svg

    return svg.draw(graph)


def _html(graph: HistoryGraph) -> str:
    from ..commands.graph import html

    return html.draw(graph)
