"""The history as a graph to draw: what ``flask db graph`` gives to a format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["current", "applied", "pending", "unknown"]
"""How a database stands to a revision: it is at it, past it, before it, or nobody can
tell, because it holds ids without a file or could not be read."""


@dataclass(frozen=True, slots=True)
class Node:
    """One revision in the graph.

    .. versionadded:: 4.0
    """

    revision: str
    """Its id."""

    doc: str
    """The first paragraph of its docstring."""

    path: str
    """Its file, from the folder of the app where it is inside."""

    date: str | None
    """When it was made, as its docstring says."""

    labels: tuple[str, ...]
    """The branch labels that it was given itself."""

    down_revisions: tuple[str, ...]
    """Its parents."""

    depends_on: tuple[str, ...]
    """The ids of what it depends on besides."""

    is_head: bool
    """Whether no other revision follows it."""

    operations: tuple[str, ...]
    """What it does, in words; none where that was not asked for."""

    states: Mapping[str, State] = field(default_factory=dict)
    """How each database stands to it, by name."""

    @property
    def state(self) -> str:
        """One word for all databases: ``applied``, ``pending``, ``partly`` or ``none``.

        ``none`` when no database was asked or none can tell.
        """
        done = {
            state in ("current", "applied")
            for state in self.states.values()
            if state != "unknown"
        }
        if not done:
            return "none"
        return "partly" if len(done) > 1 else "applied" if True in done else "pending"

    @property
    def at(self) -> tuple[str, ...]:
        """The databases that are at this revision."""
        return tuple(name for name, one in self.states.items() if one == "current")


@dataclass(frozen=True, slots=True)
class HistoryGraph:
    """The history, and where each database is in it.

    .. versionadded:: 4.0
    """

    nodes: tuple[Node, ...]
    """The revisions, the newest first: each before what it follows, branches kept
    together."""

    databases: Mapping[str, tuple[str, ...]]
    """The ids that each database is at, by name."""

    unknown: Mapping[str, tuple[str, ...]]
    """Of these, the ids that no file has."""

    name: str = ""
    """The name of the app."""

    errors: Mapping[str, str] = field(default_factory=dict)
    """Why databases could not be read, by name; of those the state is ``unknown``."""
