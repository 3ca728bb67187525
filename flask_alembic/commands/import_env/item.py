"""What ``flask db import-env`` says of a part of an ``env.py`` or ``alembic.ini``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["not needed", "setting", "no counterpart", "unknown"]
"""What becomes of a part: nothing, a setting or hook, something by hand, or not known."""

NOT_NEEDED: Final = "not needed"
SETTING: Final = "setting"
NO_COUNTERPART: Final = "no counterpart"
UNKNOWN: Final = "unknown"

COPIED: Final = "It is copied."
"""The reason for a part that is set because others need it."""


@dataclass(frozen=True, slots=True)
class EnvItem:
    """A part of an ``env.py``, ``alembic.ini`` or ``pyproject.toml``.

    .. versionadded:: 4.0
    """

    file: str
    """The name of the file."""

    line: int
    """The first of its lines."""

    last_line: int
    """The last of its lines."""

    what: str
    """What it is, such as ``compare_type`` or ``fileConfig()``."""

    verdict: Verdict
    """``not needed``, ``setting`` (set by ``key``), ``no counterpart``, or ``unknown`` where
    it was not recognised."""

    reason: str
    """Why, or what to do instead."""

    key: str = ""
    """What sets it here, such as ``ALEMBIC_CONTEXT["compare_type"]`` or a hook."""

    code: str = ""
    """Its lines as they are in the file, with passwords masked."""


def joined(items: Iterable[EnvItem]) -> list[EnvItem]:
    """Join parts that follow each other where nothing else is said of them."""
    joined: list[EnvItem] = []
    for item in items:
        last = joined[-1] if joined else None
        if (
            last is not None
            and (last.verdict, last.reason, last.key)
            == (item.verdict, item.reason, item.key)
            and item.verdict == NOT_NEEDED
            and item.line <= last.last_line + 2
        ):
            joined[-1] = _both(last, item)
        else:
            joined.append(item)
    return joined


def _both(first: EnvItem, second: EnvItem) -> EnvItem:
    what = first.what
    if second.what not in what.split(", "):
        imports = what.startswith("import ") and second.what.startswith("import ")
        what += ", " + (second.what.removeprefix("import ") if imports else second.what)
    return EnvItem(
        first.file,
        first.line,
        max(first.last_line, second.last_line),
        what,
        first.verdict,
        first.reason,
        first.key,
        f"{first.code}\n{second.code}",
    )
