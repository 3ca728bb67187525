"""Plugins that installed packages announce through entry points.

Each is loaded in a ``try`` of its own: a broken one is kept with its reason and
does not take the others down.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .redaction import redacted

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP: Final = "flask_alembic.plugins"
"""The entry-point group in which installed packages announce plugins."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry point of our group, not loaded yet."""

    name: str
    """The name of the entry point."""

    entry_point: EntryPoint
    """What loads it."""

    distribution: str
    """The name of the distribution; empty if unknown."""

    version: str
    """The version of the distribution; empty if unknown."""


@functools.cache
def candidates() -> tuple[Candidate, ...]:
    """Return the entry points of our group, sorted by name and distribution.

    The scan reads the metadata of every installed distribution, so it is done
    once per process, and only when a command runs. ``candidates.cache_clear()``
    makes the next call scan again.
    """
    from importlib.metadata import entry_points

    found = [
        Candidate(entry_point.name, entry_point, *_distribution(entry_point))
        for entry_point in entry_points(group=ENTRY_POINT_GROUP)
    ]
    return tuple(sorted(found, key=lambda one: (one.name, one.distribution)))


def _distribution(entry_point: EntryPoint) -> tuple[str, str]:
    """Return the name and version of where an entry point comes from.

    An installation that was interrupted may have no metadata to read them from.
    """
    try:
        distribution = entry_point.dist
        if distribution is None:
            return "", ""
        return distribution.name or "", distribution.version or ""
    except Exception:
        return "", ""


def left_out() -> bool:
    """Return whether the environment asks to leave installed plugins out."""
    return os.environ.get("FLASK_ALEMBIC_NO_PLUGINS", "") not in {"", "0"}


def load(candidate: Candidate) -> tuple[object | None, str]:
    """Load a candidate.

    :param candidate: What to load.
    :return: The plugin and an empty reason, or ``None`` and why it failed.
        ``KeyboardInterrupt`` is the only thing that passes.
    """
    try:
        return candidate.entry_point.load(), ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, redacted(error)
