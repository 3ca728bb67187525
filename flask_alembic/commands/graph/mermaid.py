"""The history for Mermaid, which GitHub, GitLab and many wikis draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...cli.text import readable
from .labels import COLOURS, edges, shorten, where

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph, Node

MOST_EDGES = 500
"""How many edges Mermaid draws unless it is told otherwise:
https://mermaid.js.org/config/schema-docs/config.html#maxedges."""


def draw(graph: HistoryGraph) -> str:
    """Return the history as a Mermaid flowchart, the newest revision on top.

    :param graph: The history.

    .. versionadded:: 4.0
    """
    # Ids of revisions may be words of Mermaid's own, like "end".
    names = {node.revision: f"r{place}" for place, node in enumerate(graph.nodes)}
    drawn = edges(graph)
    lines = []
    if len(drawn) > MOST_EDGES:
        lines.append(f'%%{{init: {{"maxEdges": {len(drawn)}}}}}%%')
    lines.append("flowchart TD")
    for node in graph.nodes:
        lines.append(
            f'    {names[node.revision]}["{_label(node)}"]:::{_class(node.state)}'
        )
    for child, parent, dependency in drawn:
        arrow = "-.->" if dependency else "-->"
        lines.append(f"    {names[child]} {arrow} {names[parent]}")
    for state, (fill, border) in COLOURS.items():
        style = f"fill:{fill},stroke:{border},color:#1c2126"
        lines.append(f"    classDef {_class(state)} {style}")
    return "\n".join(lines)


def _class(state: str) -> str:
    return f"state_{state}"


def _label(node: Node) -> str:
    parts = [f"<b>{_escaped(node.revision)}</b>"]
    parts += [
        _escaped(text)
        for text in (shorten(node.doc, 60), ", ".join(node.labels), where(node))
        if text
    ]
    return "<br>".join(parts)


def _escaped(text: str) -> str:
    """Return a text in which nothing means anything to Mermaid.

    Its entities are numbers between a hash and a semicolon:
    https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters.
    """
    return "".join(
        sign if sign.isalnum() or sign in " .,:-_/…()" else f"#{ord(sign)};"
        for sign in readable(text)
    )
