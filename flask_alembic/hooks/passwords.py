"""Saying what was raised, without the passwords that errors like to quote."""

from __future__ import annotations

import re


def hide_passwords(text: str) -> str:
    """Replace the password of every URL in a text.

    :param text: Any text. A password may itself hold an unescaped ``@`` or ``/``, a
        user name an ``@``; a password may be a parameter of the URL too.

    .. versionadded:: 4.0
    """
    text = re.sub(r"(://[^:/\s]*):\S*@", r"\1:***@", text)
    return re.sub(r"(?i)\b((?:password|passwd|pwd)=)[^\s&;]+", r"\1***", text)


def words(error: BaseException) -> str:
    """Return the kind and the text of an error.

    Of an error of the database only the driver's first line: SQLAlchemy appends the
    statement with its parameters, and drivers append rows.

    :param error: What was raised.

    .. versionadded:: 4.0
    """
    original = getattr(error, "orig", None)
    if not isinstance(original, BaseException):
        return hide_passwords(f"{type(error).__name__}: {error}".rstrip(": "))
    lines = str(original).strip().splitlines() or [""]
    return hide_passwords(f"{type(original).__name__}: {lines[0]}".rstrip(": "))
