"""Words made fit for an id."""

from __future__ import annotations

import re
import unicodedata

_OTHERS = re.compile(r"[^a-z0-9]+")


def slug(text: str, width: int) -> str:
    """Return a text in lower-case ASCII letters, digits and single underscores.

    Accents are dropped, whatever else is not a letter or digit becomes an underscore,
    and what is too long is cut, between two words where that is possible.

    :param text: Any text.
    :param width: How many characters there may be.
    :return: The slug; empty when nothing is left.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    whole = _OTHERS.sub("_", plain.lower()).strip("_")
    if len(whole) <= width:
        return whole
    words = whole[: width + 1].rpartition("_")[0]
    # A single long word is cut rather than lost.
    return words if 2 * len(words) > width else whole[:width].strip("_")
