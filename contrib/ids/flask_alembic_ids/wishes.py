"""What a way of making ids is told about the revision that needs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

WIDTH: Final = 32
"""How many characters the version column holds."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A revision that needs an id.

    .. versionadded:: 1.0
    """

    now: datetime
    """The time, in UTC."""

    known: frozenset[str]
    """The ids of every revision there is, in all branches."""

    message: str = ""
    """What was typed about the revision."""

    line: str = ""
    """The branch of history it belongs to, as a slug; empty for the default one."""


Strategy = Callable[[Wish], str]
"""A way of making ids: greater than all known ones that it made itself."""
