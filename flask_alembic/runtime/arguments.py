"""Arguments of the Python API, checked in one place before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

from ..errors import UsageError
from ..hooks.payloads import Direction, Mode
from ..hooks.redaction import shown

D = TypeVar("D", bound=Direction)

UP_AND_DOWN: Final[tuple[Literal["upgrade", "downgrade"], ...]] = (
    "upgrade",
    "downgrade",
)
"""The directions in which revisions are executed."""

MODES: Final = (Mode.ONLINE, Mode.DRY_RUN, Mode.SQL, Mode.PLAN)
"""Every mode, in the order in which a message lists them."""


def parse_mode(value: object) -> Mode:
    """Return the mode of a run.

    :param value: A :class:`~flask_alembic.hooks.Mode` or its word.
    :raises UsageError: When it is neither, naming the four modes.
    """
    try:
        return Mode(value)
    except ValueError:
        raise _unknown("mode", value, [mode.value for mode in MODES]) from None


def parse_direction(value: object, allowed: Sequence[D]) -> D:
    """Return the direction of a run.

    :param value: Its word.
    :param allowed: The directions that are possible here.
    :raises UsageError: When it is none of them.
    """
    for direction in allowed:
        if value == direction:
            return direction
    raise _unknown("direction", value, allowed)


def parse_items(name: str, value: str | Iterable[str]) -> tuple[str, ...]:
    """Return an argument that takes several strings as a tuple.

    :param name: The name of the argument, for the message.
    :param value: The strings; a single one is one item, not a list of its letters.
    :raises UsageError: When it is something else.
    """
    if isinstance(value, str):
        return (value,)
    given: Any = value
    if not isinstance(given, Iterable) or isinstance(given, (bytes, bytearray)):
        raise _no_list(name, given)
    items = tuple(given)
    for item in items:
        if not isinstance(item, str):
            raise _no_list(name, item)
    return items


def parse_names(name: str, value: object) -> dict[str, str]:
    """Return an argument that has new names by old ones.

    :param name: The name of the argument, for the message.
    :param value: The names.
    :raises UsageError: When it is something else than a mapping of strings.
    """
    if isinstance(value, Mapping) and all(
        isinstance(text, str) and text for item in value.items() for text in item
    ):
        return dict(value)
    raise UsageError(
        f"{name} takes a dict of new names by old ones, not {shown(value)}.",
        f"Pass {name}={{'old': 'new'}}.",
    )


def _no_list(name: str, value: object) -> UsageError:
    return UsageError(
        f"{name} takes a string or a list of strings, not {type(value).__name__}.",
        f"Pass {name}='one' or {name}=['one', 'two'].",
    )


def _unknown(what: str, value: object, words: Sequence[str]) -> UsageError:
    from difflib import get_close_matches

    listed = ", ".join(repr(word) for word in words[:-1]) + f" or {words[-1]!r}"
    typed = value if isinstance(value, str) else type(value).__name__
    likened = typed[:80].strip().lower().replace("_", "-").replace(" ", "-")
    near = get_close_matches(likened, words, n=1, cutoff=0.5)
    return UsageError(
        f"There is no {what} {shown(typed)}; use {listed}.",
        f"Did you mean {near[0]!r}?" if near else "",
    )
