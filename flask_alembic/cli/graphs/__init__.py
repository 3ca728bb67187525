"""Ways to draw the history: as text, for Mermaid and Graphviz, as SVG and as a page.

Each module has ``draw(graph)``, which returns the whole text; modules that nobody asks
for are not imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...commands.graphing import HistoryGraph

FORMATS = ("mermaid", "dot", "svg", "html")
"""What ``--format`` of ``flask db graph`` knows besides the formats of all commands."""


def draw(graph: HistoryGraph, format: str) -> str:
    """Draw the history.

    :param graph: The history.
    :param format: One of :data:`FORMATS`.
    :raises ConfigurationError: When the library for it is missing.

    .. versionadded:: 4.0
    """
    module = import_module(f".{format}", __package__)
    text: str = module.draw(graph)
    return text
