"""The history in the language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...cli.text import readable
from .labels import COLOURS, edges, shorten, where

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph, Node


def draw(graph: HistoryGraph) -> str:
    """Return the history as a graph of Graphviz, the newest revision on top.

    :param graph: The history.

    .. versionadded:: 4.0
    """
    lines = [
        f"digraph {_quoted(graph.name or 'history')} {{",
        "    rankdir=TB;",
        '    node [shape=box, style="rounded,filled", fontname="sans-serif"];',
    ]
    for node in graph.nodes:
        fill, border = COLOURS[node.state]
        tooltip = "\n".join([node.path, *node.operations])
        lines.append(
            f"    {_quoted(node.revision)} [label={_quoted(_label(node))}, "
            f'tooltip={_quoted(tooltip)}, fillcolor="{fill}", color="{border}"];'
        )
    for child, parent, dependency in edges(graph):
        style = " [style=dashed]" if dependency else ""
        lines.append(f"    {_quoted(child)} -> {_quoted(parent)}{style};")
    return "\n".join([*lines, "}"])


def _label(node: Node) -> str:
    parts = [
        node.revision,
        shorten(node.doc, 60),
        ", ".join(node.labels),
        where(node),
    ]
    return "\n".join(part for part in parts if part)


def _quoted(text: str) -> str:
    """Return a text as a quoted string: https://graphviz.org/doc/info/lang.html."""
    escaped = readable(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n") + '"'
