"""What every drawing says in the same words and colours."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph, Node

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


FEW: Final = 4
"""How many databases are named one by one."""


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
        return standing(node)
    words = {"none": "", "pending": "pending", "applied": "applied"}[node.state]
    return f"here: {', '.join(node.at)}" if node.at else words


def standing(node: Node) -> str:
    """Return how each database stands to a revision; how many, where there are many.

    :param node: The revision.
    """
    if len(node.states) <= FEW:
        return ", ".join(f"{name}: {state}" for name, state in node.states.items())
    counts = Counter(node.states.values())
    return ", ".join(f"{number} {state}" for state, number in counts.items())


def briefly(node: Node) -> str:
    """Return what there is room for in a box; its colour says the rest.

    :param node: The revision.
    """
    if node.state != "partly" or "unknown" in node.states.values():
        return where(node)
    if node.at:
        return f"here: {', '.join(node.at)}"
    lacking = [name for name, state in node.states.items() if state == "pending"]
    if len(lacking) == 1:
        return f"pending: {lacking[0]}"
    return f"pending in {len(lacking)} of {len(node.states)}"


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
