"""Ids from a ``strftime`` pattern of the user's, proved to sort before it is used."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Final

from .errors import IdsError
from .wishes import WIDTH, Wish

DIGITS: Final = {
    "Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "f": 6,
    "j": 3, "U": 2, "W": 2, "w": 1, "G": 4, "V": 2, "u": 1,
}  # fmt: skip
"""The directives that give a number, and how many digits each gives."""

_PART: Final = re.compile(r"%(.?)|([A-Za-z0-9_]+)|(.)", re.DOTALL)
_COUNTER: Final = 4
_LAST: Final = 999


class Pattern:
    """Makes ids by a pattern; the second one of a period gets ``_002``, and so on.

    :param text: As for :meth:`datetime.datetime.strftime`; the time is in UTC.
    :raises IdsError: When its ids would not sort, not fit, or not be allowed.

    .. versionadded:: 1.0
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._shape = re.compile(f"({_shape(text)})(?:_([0-9]{{3}}))?")
        longest = len(_EARLY.strftime(text)) + _COUNTER
        if longest > WIDTH:
            raise _wrong(
                text,
                f"gives ids of up to {longest} characters, but the version column "
                f"holds {WIDTH}",
            )
        _check_order(text)

    def __call__(self, wish: Wish) -> str:
        """Return an id that is greater than all that the pattern gave before.

        :param wish: The revision that needs it.
        """
        now = wish.now.strftime(self.text)
        taken = [
            (match[1], int(match[2] or 1))
            for match in map(self._shape.fullmatch, wish.known)
            if match
        ]
        latest, count = max(taken, default=("", 0))
        if now > latest:
            return now
        if count >= _LAST:
            raise IdsError(
                f"ALEMBIC_IDS = {self.text!r} has no id left after {latest}_{count}.",
                "Use a pattern with a finer unit of time.",
            )
        return f"{latest}_{count + 1:03}"


def _wrong(text: str, what: str) -> IdsError:
    return IdsError(
        f"ALEMBIC_IDS = {text!r} {what}.", "A pattern that works is '%Y%m%d_%H%M'."
    )


def _shape(text: str) -> str:
    """Return a regular expression for what a pattern gives."""
    parts: list[str] = []
    for match in _PART.finditer(text):
        directive, literal, _ = match.groups()
        if literal is not None:
            parts.append(literal)
        elif directive in DIGITS:
            parts.append(f"[0-9]{{{DIGITS[directive]}}}")
        else:
            raise _wrong(
                text,
                f"holds {match[0]!r}; ids are made of letters, digits, underscores "
                f"and {' '.join(f'%{name}' for name in DIGITS)}",
            )
    return "".join(parts)


def _check_order(text: str) -> None:
    """Refuse a pattern by which a later time gives a smaller id."""
    for start, step, count in _SERIES:
        times = [start + number * step for number in range(count)]
        for earlier, later in pairwise((time.strftime(text), time) for time in times):
            if earlier[0] > later[0]:
                raise _wrong(
                    text,
                    f"does not sort by time: {earlier[1]:%Y-%m-%d %H:%M} gives "
                    f"{earlier[0]}, but {later[1]:%Y-%m-%d %H:%M} gives {later[0]}",
                )


_EARLY: Final = datetime(2023, 12, 30, tzinfo=timezone.utc)

_SERIES: Final = (
    (_EARLY, timedelta(microseconds=99_999), 40),
    (_EARLY, timedelta(seconds=1), 200),
    (_EARLY, timedelta(minutes=1), 3000),
    (_EARLY, timedelta(days=1), 28 * 366),
    (_EARLY, timedelta(days=365), 75),
)
"""Starts, steps and counts of times at which whatever turns over does so.

The days are a whole cycle of weekdays and leap years.
"""
