"""Ids that begin with the time in UTC, to the second.

A second that is taken already, or lies before one that is taken, gives way to the
next free one, so that ids always sort in the order in which they were made, however
fast they follow each other and whatever a clock says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Final

from .errors import IdsError
from .slugs import slug
from .wishes import WIDTH, Wish

_TIMESTAMP: Final = re.compile(r"(\d{14})")
_DATE_SLUG: Final = re.compile(r"(\d{8}_\d{6})(?:_[a-z0-9_]+)?")


def timestamp(wish: Wish) -> str:
    """Return an id like ``20260731142530``.

    :param wish: The revision that needs it.
    """
    return _free(wish, _TIMESTAMP, "%Y%m%d%H%M%S")


def date_slug(wish: Wish) -> str:
    """Return an id like ``20260731_142530_add_users``.

    :param wish: The revision that needs it; the words are those of its message.
    """
    when = _free(wish, _DATE_SLUG, "%Y%m%d_%H%M%S")
    words = slug(wish.message, WIDTH - len(when) - 1)
    return f"{when}_{words}" if words else when


def _free(wish: Wish, shape: re.Pattern[str], layout: str) -> str:
    """Return the time, or the second after the latest that is taken."""
    now = wish.now.replace(microsecond=0)
    latest = _latest(wish.known, shape, layout)
    if latest is not None and latest >= now:
        try:
            now = latest + timedelta(seconds=1)
        except OverflowError:
            raise IdsError(
                f"No time is left after that of revision {latest.strftime(layout)}.",
                "Name the new revision yourself with --rev-id.",
            ) from None
    return now.strftime(layout)


def _latest(
    known: Iterable[str], shape: re.Pattern[str], layout: str
) -> datetime | None:
    """Return the latest time that an id stands for.

    Fourteen digits need not be a time: the greatest that are one count.
    """
    matches = (shape.fullmatch(id_) for id_ in known)
    for text in sorted((match[1] for match in matches if match), reverse=True):
        try:
            return datetime.strptime(text, layout).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None
