"""What every drawing says in the same words and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...commands.graphing import HistoryGraph, Node

COLOURS = {
    "applied": ("#e3f4e8", "#1f8a4c"),
    "pending": ("#fff4db", "#b97a00"),
    "partly": ("#e4eefc", "#2565c7"),
    "none": ("#f1f3f5", "#69727d"),
}
"""The fill and the border of a revision by its state."""

MEANINGS = {
    "applied": "applied",
    "partly": "applied to some databases",
    "pending": "pending",
    "none": "not known",
}
"""What the states mean, for a legend."""


def shorten(text: str, longest: int) -> str:
    """Return a text that fits.

    :param text: The text.
    :param longest: How long it may be, in characters.
    """
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def where(node: Node) -> str:
    """Return how the databases stand to a revision, in one line.

    :param node: The revision.
    """
    if node.state == "partly" or "unknown" in node.states.values():
        return ", ".join(f"{name}: {state}" for name, state in node.states.items())
    words = {"none": "", "pending": "pending", "applied": "applied"}[node.state]
    return f"here: {', '.join(node.at)}" if node.at else words


def edges(graph: HistoryGraph) -> list[tuple[str, str, bool]]:
    """Return the edges of a history: from, to, and whether it is a dependency only.

    :param graph: The history.
    """
    return [
        (node.revision, parent, dependency)
        for node in graph.nodes
        for parents, dependency in (
            (node.down_revisions, False),
            (tuple(set(node.depends_on) - set(node.down_revisions)), True),
        )
        for parent in sorted(parents)
    ]
