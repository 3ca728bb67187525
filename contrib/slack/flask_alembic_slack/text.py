"""Text as Slack takes it: escaped, and short enough.

Limits, by Slack's reference of Block Kit and what its servers were seen to refuse:

- the text of a ``section`` block: 3000 characters, else ``invalid_blocks``;
- a message: 50 blocks, and some 12,000 characters over all of them, else
  ``msg_blocks_too_long`` (the sum is not documented; slackapi/bolt-js#2509, #2867);
- ``text`` beside the blocks, which notifications and screen readers show: 4000
  characters recommended, cut at 40,000.

A notice has at most two sections besides its error, each of :data:`SECTION`
characters at most, so it stays far below all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

SECTION: Final = 2800
"""How long the text of a section may become, in characters after escaping."""

LINES: Final = 20
"""How many lines a list has before the rest is only counted."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
"""What would break a line, or the order of its letters."""


def escape(text: str) -> str:
    """Replace the three characters that mean something to Slack.

    :param text: Any text.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: object, width: int = 120) -> str:
    """Return a text on one line, escaped and not longer than that.

    It is cut before it is escaped, so no escape is ever cut in half.

    :param text: Any text.
    :param width: How many characters of it may be shown.
    """
    line = " ".join(_CONTROL.sub(" ", str(text)).split())
    return escape(line if len(line) <= width else line[: width - 1] + "…")


def code(text: object, width: int = 80) -> str:
    """Return a name in the type of code.

    :param text: The name.
    :param width: How many characters of it may be shown.
    """
    return f"`{plain(text, width).replace('`', 'ˋ') or ' '}`"


def bold(text: object, width: int = 120) -> str:
    """Return a text in bold type.

    :param text: The text.
    :param width: How many characters of it may be shown.
    """
    return f"*{plain(text, width).replace('*', '∗')}*"


def quoted(text: object, width: int = 500) -> str:
    """Return a text in a box of its own.

    :param text: The text.
    :param width: How many characters of it may be shown.
    """
    return f"```{plain(text, width).replace('`', 'ˋ')}```"


def listed(lines: Iterable[str], limit: int = SECTION) -> str:
    """Return lines one below the other; those that do not fit are counted.

    :param lines: Text that is escaped already.
    :param limit: How many characters there is room for.
    """
    everything = list(lines)
    shown: list[str] = []
    room = limit - len("…and 1000000 more")
    for line in everything[:LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    left = len(everything) - len(shown)
    if left:
        shown.append(f"…and {left} more")
    return "\n".join(shown)


def section(text: str) -> dict[str, Any]:
    """Return a block of text.

    :param text: Text in Slack's ``mrkdwn``, escaped.
    """
    # verbatim: names and addresses in it are not turned into links or mentions.
    body = {"type": "mrkdwn", "text": text, "verbatim": True}
    return {"type": "section", "text": body}


def context(text: str) -> dict[str, Any]:
    """Return a block of small, grey text.

    :param text: Text in Slack's ``mrkdwn``, escaped.
    """
    body = {"type": "mrkdwn", "text": text, "verbatim": True}
    return {"type": "context", "elements": [body]}


def duration(seconds: float) -> str:
    """Return how long something took, in words for a person.

    :param seconds: The time.
    """
    if seconds < 0.01:
        return "under 10 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    :param number: How many.
    :param noun: In the singular.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
