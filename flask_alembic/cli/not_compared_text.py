"""What a report says was not compared, in text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .text import readable

if TYPE_CHECKING:
    from .writer import Writer


def show_not_compared(uncompared: Sequence[Mapping[str, Any]], writer: Writer) -> None:
    """Write which kinds of objects were not compared.

    :param uncompared: Each with its ``text``, as reports hold them.
    :param writer: What writes.
    """
    if uncompared:
        listed = "; ".join(readable(each["text"]) for each in uncompared)
        writer.note(f"Not compared: {listed}", fg="yellow")
