"""Docstrings as a terminal shows them."""

from __future__ import annotations

import re
from typing import Final

_RULES: Final = (
    (re.compile(r"^(\s*):param (\w+):", re.MULTILINE), r"\1\2:"),
    (re.compile(r"^(\s*):return:", re.MULTILINE), r"\1Result:"),
    (re.compile(r"^(\s*)\.\. versionadded:: (\S+)", re.MULTILINE), r"\1Since \2."),
    (re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`"), r"\1"),
    (re.compile(r"``([^`]+)``"), r"\1"),
)


def plain(text: str) -> str:
    """Return a docstring without the markup that Sphinx reads.

    :param text: The docstring.
    """
    for pattern, shown in _RULES:
        text = pattern.sub(shown, text)
    return text
