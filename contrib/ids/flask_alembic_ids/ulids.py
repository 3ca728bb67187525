"""ULIDs as ids: 26 characters, of which the first ten are the time in milliseconds."""

from __future__ import annotations

import re
from typing import Final

from .errors import IdsError
from .wishes import Wish

_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
"""Crockford's base 32, as https://github.com/ulid/spec has it."""


def ulid(wish: Wish) -> str:
    """Return a new ULID, greater than every ULID there is.

    Where the clock gives no greater one, it is the latest plus one, as the
    specification says for several within one millisecond.

    :param wish: The revision that needs it.
    """
    from ulid import ULID

    made = str(ULID.from_timestamp(wish.now.timestamp()))
    latest = max(filter(_ULID.fullmatch, wish.known), default="")
    if made > latest:
        return made
    try:
        return str(ULID.from_int(int(ULID.from_str(latest)) + 1))
    except OverflowError:
        raise IdsError(
            f"There is no ULID after that of revision {latest}.",
            "Name the new revision yourself with --rev-id.",
        ) from None
