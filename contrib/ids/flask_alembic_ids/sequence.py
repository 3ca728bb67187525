"""Ids that count: ``0001``, ``0002``; in a branch of its own ``auth_0001``."""

from __future__ import annotations

import re
from typing import Final

from .errors import IdsError
from .wishes import Wish

DIGITS: Final = 4
"""How many digits a number has. With a fifth, ids would no longer sort."""

LINE_WIDTH: Final = 24
"""How many characters the name of a branch may take of an id."""

_NUMBERED: Final = re.compile(rf"(?:(.+)_)?(\d{{{DIGITS}}})", re.ASCII)


def sequential(wish: Wish) -> str:
    """Return the number after the highest of the branch.

    :param wish: The revision that needs it; ``line`` tells the branch.
    :raises IdsError: When all numbers are used.
    """
    numbers = [number for line, number in map(parse, wish.known) if line == wish.line]
    following = max(numbers, default=0) + 1
    if following >= 10**DIGITS:
        raise IdsError(
            f"The numbers 0001 to {following - 1} are used up.",
            "Choose another strategy in ALEMBIC_IDS; ids that are there stay.",
        )
    number = f"{following:0{DIGITS}}"
    return f"{wish.line}_{number}" if wish.line else number


def parse(id_: str) -> tuple[str | None, int]:
    """Return the branch and the number of an id.

    :param id_: Any id.
    :return: ``None`` and 0 when the id is not one of ours.
    """
    match = _NUMBERED.fullmatch(id_)
    return (match[1] or "", int(match[2])) if match else (None, 0)
