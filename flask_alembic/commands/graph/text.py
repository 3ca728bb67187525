"""The history as text, with lines beside it, as ``git log --graph`` draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ...cli.text import readable
from .labels import briefly, shorten, standing

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph, Node

Direction = Literal["fork", "join"]

UNICODE = {
    "applied": "●",
    "pending": "○",
    "partly": "◐",
    "none": "•",
    "line": "│",
    "across": "─",
    "over": "┼",
    "stem": "├",
    "fork": "╮",
    "fork on": "┬",
    "join": "╯",
    "join on": "┴",
}
ASCII = {
    "applied": "*",
    "pending": "o",
    "partly": "%",
    "none": "*",
    "line": "|",
    "across": "-",
    "over": "+",
    "stem": "|",
    "fork": ".",
    "fork on": ".",
    "join": "'",
    "join on": "'",
}


SHORTEST: Final = 12
"""What is left of a message on a terminal that is much too narrow."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the drawing."""

    text: str
    """What is written."""

    state: str = ""
    """The state of the revision on it; empty when it holds lines only."""


def draw(
    graph: HistoryGraph, signs: dict[str, str] = UNICODE, width: int | None = None
) -> list[Line]:
    """Draw the history, the newest revision first.

    :param graph: The history.
    :param signs: What to draw with.
    :param width: How long a line may be: messages are shortened to it; as long as
        they are by default.

    .. versionadded:: 4.0
    """
    lanes: list[str | None] = []
    lines: list[Line] = []
    for node in graph.nodes:
        lines += _node(node, lanes, signs, width)
    return lines


def legend(graph: HistoryGraph, signs: dict[str, str] = UNICODE) -> str:
    """Return what the signs in front of revisions mean; empty when there is one only.

    :param graph: The history.
    :param signs: What it is drawn with.
    """
    words = {"applied": "applied", "partly": "applied to some", "pending": "pending"}
    there = {node.state for node in graph.nodes}
    return "  ".join(f"{signs[one]} {words[one]}" for one in words if one in there)


def _node(
    node: Node, lanes: list[str | None], signs: dict[str, str], width: int | None
) -> Iterator[Line]:
    """Yield the lines of one revision, and go on with its parents' lanes.

    :param lanes: The revision that each lane leads to; changed.
    """
    mine = [place for place, id_ in enumerate(lanes) if id_ == node.revision]
    if not mine:
        mine = [_free(lanes)]
        lanes[mine[0]] = node.revision
    here, *others = mine
    if others:
        yield Line(_across(lanes, here, others, "join", signs))
        for place in others:
            lanes[place] = None
        _trim(lanes)
    cells = [signs["line"] if id_ else " " for id_ in lanes]
    cells[here] = signs[node.state]
    drawn = " ".join(cells)
    room = None if width is None else width - len(drawn) - 2
    yield Line(f"{drawn}  {caption(node, room)}", node.state)
    parents = list(dict.fromkeys((*node.down_revisions, *node.depends_on)))
    lanes[here] = parents[0] if parents else None
    forks: list[int] = []
    for parent in parents[1:]:
        # A lane of its own even where another leads there: the two meet at the parent.
        place = _free(lanes, after=here)
        lanes[place] = parent
        forks.append(place)
    if forks:
        yield Line(_across(lanes, here, forks, "fork", signs))
    _trim(lanes)


def _free(lanes: list[str | None], after: int = -1) -> int:
    """Return the place of a lane that leads nowhere; a new one if there is none."""
    for place in range(after + 1, len(lanes)):
        if lanes[place] is None:
            return place
    lanes.append(None)
    return len(lanes) - 1


def _trim(lanes: list[str | None]) -> None:
    while lanes and lanes[-1] is None:
        lanes.pop()


def _across(
    lanes: Sequence[str | None],
    here: int,
    others: Sequence[int],
    direction: Direction,
    signs: dict[str, str],
) -> str:
    """Return the line on which lanes leave that of a revision, or come to it."""
    last = max(others)
    text = ""
    for place, id_ in enumerate(lanes):
        inside = here < place < last
        if place == here:
            sign = signs["stem"]
        elif place in others:
            sign = signs[direction if place == last else f"{direction} on"]
        elif inside:
            sign = signs["over"] if id_ else signs["across"]
        else:
            sign = signs["line"] if id_ else " "
        text += sign + (signs["across"] if here <= place < last else " ")
    return text.rstrip()


def caption(node: Node, room: int | None = None) -> str:
    """Return what is said of a revision on its line.

    :param node: The revision.
    :param room: How long it may be; the message is shortened for it.
    """
    doc, marks = readable(node.doc), _marks(node, standing)
    if room is not None:
        shortest = shorten(doc, SHORTEST)
        if len(f"{node.revision} {shortest} {marks}") > room:
            marks = _marks(node, briefly)
        doc = shorten(doc, max(room - len(f"{node.revision}  {marks}"), SHORTEST))
    return " ".join(filter(None, [node.revision, doc, marks]))


def _marks(node: Node, describe: Callable[[Node], str]) -> str:
    """Return what stands behind the message: labels and states."""
    words = []
    if node.labels:
        words.append(f"({', '.join(node.labels)})")
    if node.is_head:
        words.append("(head)")
    if node.state == "pending":
        words.append("[pending]")
    elif node.state == "partly" or "unknown" in node.states.values():
        words.append(f"[{describe(node)}]")
    if node.at and node.state != "partly":
        words.append(f"<- {', '.join(node.at)}")
    return " ".join(words)
