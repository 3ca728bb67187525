"""The history as a page: one file that needs no network, to be searched and zoomed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...cli.text import readable
from .labels import FEW, MEANINGS
from .layout import HEIGHT, WIDTH, laid_out
from .svg import elements

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph, Node

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def draw(graph: HistoryGraph) -> str:
    """Return the history as an HTML document, the newest revision on top.

    :param graph: The history.
    :raises ConfigurationError: When the layout library is missing.

    .. versionadded:: 4.0
    """
    layout = laid_out(graph)
    data = {
        "width": layout.width,
        "height": layout.height,
        "box": [WIDTH, HEIGHT],
        "databases": list(graph.databases),
        "revisions": [
            {**_described(node), "place": layout.places[node.revision]}
            for node in graph.nodes
        ],
    }
    values = {
        "name": escape(readable(graph.name or "history")),
        "summary": escape(_summary(graph)),
        "legend": _legend(graph),
        "style": _part("page.css"),
        "script": _part("page.js"),
        "drawing": "\n".join(elements(graph, layout)),
        "data": _as_json(data),
    }
    # In one pass, so that nothing in a value is taken for a place.
    return _PLACE.sub(lambda match: values[match[1]], _part("page.html"))


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _described(node: Node) -> dict[str, Any]:
    return {
        "id": node.revision,
        "doc": readable(node.doc),
        "file": readable(node.path),
        "date": node.date,
        "labels": node.labels,
        "parents": node.down_revisions,
        "depends": node.depends_on,
        "head": node.is_head,
        "state": node.state,
        "states": dict(node.states),
        "operations": [readable(words) for words in node.operations],
    }


def _as_json(data: object) -> str:
    """Return JSON that can stand in a script element.

    Its end is looked for in the text, so no ``<`` may be in it:
    https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _summary(graph: HistoryGraph) -> str:
    heads = sum(node.is_head for node in graph.nodes)
    parts = [
        _count(len(graph.nodes), "revision"),
        _count(heads, "head"),
        *_places(graph),
        *(
            f"{name}: no file has {', '.join(ids)}"
            for name, ids in graph.unknown.items()
            if ids
        ),
    ]
    return readable(" · ".join(parts))


def _places(graph: HistoryGraph) -> Iterator[str]:
    """Yield where the databases are, those at one place together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for name, ids in graph.databases.items():
        together.setdefault(tuple(ids), []).append(name)
    for ids, names in together.items():
        who = ", ".join(names) if len(names) <= FEW else _count(len(names), "database")
        verb = "is" if len(names) == 1 else "are"
        yield f"{who} {verb} at {', '.join(ids) or 'base'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _legend(graph: HistoryGraph) -> str:
    there = {node.state for node in graph.nodes}
    return "".join(
        f'<span class="sign {state}">{meaning}</span>'
        for state, meaning in MEANINGS.items()
        if state in there
    )
