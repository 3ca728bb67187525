"""The setting ``ALEMBIC_IDS``, and the way of making ids that it chooses."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from .clock import date_slug, timestamp
from .errors import IdsError
from .pattern import Pattern
from .sequence import sequential
from .ulids import ulid
from .wishes import Strategy

SETTING: Final = "ALEMBIC_IDS"

STRATEGIES: Final[Mapping[str, Strategy]] = {
    "timestamp": timestamp,
    "sequential": sequential,
    "date-slug": date_slug,
    "ulid": ulid,
}
"""Every strategy that has a name."""


def is_on(config: Mapping[str, Any]) -> bool:
    """Return whether an app has chosen anything.

    :param config: ``app.config``.
    """
    return bool(config.get(SETTING))


def chosen(config: Mapping[str, Any]) -> Strategy | None:
    """Return the way of making ids that an app has chosen.

    :param config: ``app.config``.
    :return: ``None`` when it has chosen none.
    :raises IdsError: When the setting means nothing.
    """
    return _strategy(config[SETTING]) if is_on(config) else None


def _strategy(value: object) -> Strategy:
    if not isinstance(value, str):
        raise IdsError(
            f"{SETTING} must be the name of a strategy or a strftime pattern, not "
            f"{value!r}.",
            f"Use {_names()} or a pattern like '%Y%m%d_%H%M'.",
        )
    if value in STRATEGIES:
        return STRATEGIES[value]
    if "%" in value:
        return _pattern(value)
    near = difflib.get_close_matches(value.lower().replace("_", "-"), STRATEGIES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise IdsError(
        f"{SETTING} = {value!r} is no strategy{hint}",
        f"Use {_names()} or a strftime pattern like '%Y%m%d_%H%M'.",
    )


# A pattern is proved with thousands of dates, once for each.
_pattern = cache(Pattern)


def _names() -> str:
    return ", ".join(map(repr, STRATEGIES))
