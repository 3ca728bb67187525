"""Plugins that installed packages announce through entry points.

Each is loaded in a ``try`` of its own: a broken one is kept with its reason and
does not take the others down.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .markers import ENTRY_POINT_GROUP

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


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
    """Return the entry points of our group, sorted by name.

    The scan reads the metadata of every installed distribution, so it is done
    once per process, and only when a command runs. ``candidates.cache_clear()``
    makes the next call scan again.
    """
    from importlib.metadata import entry_points

    found = [
        Candidate(
            name=entry_point.name,
            entry_point=entry_point,
            distribution=entry_point.dist.name if entry_point.dist else "",
            version=entry_point.dist.version if entry_point.dist else "",
        )
        for entry_point in entry_points(group=ENTRY_POINT_GROUP)
    ]
    return tuple(sorted(found, key=lambda candidate: candidate.name))


def load(candidate: Candidate) -> tuple[object | None, str]:
    """Load a candidate.

    :param candidate: What to load.
    :return: The plugin and an empty reason, or ``None`` and why it failed.
        ``KeyboardInterrupt`` is the only thing that passes.
    """
    try:
        return candidate.entry_point.load(), ""
    except (Exception, SystemExit) as error:
        return None, f"{type(error).__name__}: {error}"


def release(version: str) -> tuple[int, ...]:
    """Return the numbers at the start of a version, to compare it by.

    :param version: As in ``1.2.0rc1``, which gives ``(1, 2, 0)``.
    """
    numbers: list[int] = []
    for part in version.split("."):
        digits = ""
        for character in part:
            if not character.isdigit():
                break
            digits += character
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
