"""Text of errors and of input as it may be shown: no password, one line, not too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final


def hide_passwords(text: str) -> str:
    """Replace the password of every URL in a text.

    :param text: Any text. A password may itself hold an unescaped ``@`` or ``/``, a
        user name an ``@``; a password may be a parameter of the URL too.

    .. versionadded:: 4.0
    """
    text = re.sub(r"(://[^:/\s]*):\S*@", r"\1:***@", text)
    return re.sub(r"(?i)\b((?:password|passwd|pwd)=)[^\s&;]+", r"\1***", text)


_NAME = r"\w*(?:password|passwd|passphrase|pwd|secret|api_?key|private_?key|_token)\w*"
_QUOTE = r"[\"'`\[\]]"
# Quoted on both sides, as a name in JSON is, or without a quote on one of them.
_KEY = (
    rf"(?:(?<={_QUOTE}){_NAME}(?:\\?{_QUOTE}|(?!\\?{_QUOTE}))|(?<!{_QUOTE})\b{_NAME})"
)
_IDENTIFIED = r"\bidentified\s+(?:(?:with|via)\s+\S+\s+)?(?:by|as|using)"
_SEPARATOR = r"(?:\s|=>|:=|[=:(]|\bto\b|\bpassword\b)*"
_OPERATOR = r"\s*(?:=>|:=|[=:(])\s*"
_SINGLE = r"(?:[ebnx]|u&|_\w+\s*)?'(?:[^'\\]|''|\\.)*(?:'|\Z)"
_DOLLAR = r"\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)"
_DOUBLE = r"\\?\"(?:[^\"\\]|\"\"|\\[^\"])*(?:\\?\"|\Z)"

_SECRETS: Final = tuple(
    re.compile(f"{before}(?P<text>{literal})", re.IGNORECASE | re.DOTALL)
    for before, literal in (
        (rf"(?:{_KEY}|{_IDENTIFIED}){_SEPARATOR}", rf"{_SINGLE}|{_DOLLAR}"),
        # In double quotes there is a name, unless an operator is before it.
        (rf"(?:{_KEY}{_OPERATOR}|{_IDENTIFIED}\s*)", _DOUBLE),
        (r"\bset\s+password\s+for\s+[^=]*=\s*", rf"{_SINGLE}|{_DOUBLE}"),
        (rf"{_IDENTIFIED}\s+{_SINGLE}\s+replace\s+", _SINGLE),
    )
)


def hide_secrets(text: str) -> str:
    """Replace passwords in statements, in JSON and in URLs.

    Whatever follows a name like ``password`` as a literal is replaced: rather too much
    than too little.

    :param text: A statement, or a text that may quote one.

    .. versionadded:: 4.0
    """
    spans = sorted(span for pattern in _SECRETS for span in _spans(pattern, text))
    pieces: list[str] = []
    shown = 0
    for start, end in spans:
        if start >= shown:
            pieces += [text[shown:start], _mask_like(text[start:end])]
        shown = max(shown, end)
    return hide_passwords("".join([*pieces, text[shown:]]))


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Find the literals, also one that begins inside of another.

    In a text that quotes a statement, what looks like an escaped quote may end both.
    """
    match = pattern.search(text)
    while match is not None:
        yield match.span("text")
        match = pattern.search(text, match.start("text") + 1)


def _mask_like(literal: str) -> str:
    if literal.startswith('\\"'):
        return '\\"***\\"'
    return '"***"' if literal.startswith('"') else "'***'"


_PARAMETERS: Final = re.compile(r"^\[parameters: .*?\]$", re.M | re.S)
"""How SQLAlchemy writes the values of a statement, which may have several lines."""


def hide_parameters(text: str) -> str:
    """Replace the values of parameters in the text of an error of SQLAlchemy.

    :param text: A text, such as a traceback.

    .. versionadded:: 4.0
    """
    return _PARAMETERS.sub("[parameters: ***]", text)


def redacted(error: BaseException) -> str:
    """Return the kind and the text of an error.

    Of an error of the database only the driver's first line: SQLAlchemy appends the
    statement with its parameters, and drivers append rows.

    :param error: What was raised.

    .. versionadded:: 4.0
    """
    original = getattr(error, "orig", None)
    if not isinstance(original, BaseException):
        text = f"{type(error).__name__}: {error}".rstrip(": ")
        return hide_secrets(hide_parameters(text))
    lines = str(original).strip().splitlines() or [""]
    return hide_secrets(f"{type(original).__name__}: {lines[0]}".rstrip(": "))


_LONG = 500
"""How much of a foreign message is shown, in characters."""


def first_line(error: BaseException | None) -> str:
    """Return the first line of an error's text, without URLs' passwords.

    :param error: The error; drivers put the code first in ``args``.
    """
    if error is None:
        return ""
    arguments: tuple[Any, ...] = getattr(error, "args", ())
    if isinstance(error, OSError) and error.strerror:
        text = (
            f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        )
    elif len(arguments) > 1 and isinstance(arguments[0], int):
        text = f"{arguments[1]} ({arguments[0]})"
    else:
        text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = lines[0] if lines else type(error).__name__
    return hide_secrets(line)[:_LONG].rstrip(". ")


def shown(text: object, longest: int = 80) -> str:
    """Return a text as a person may read it: quoted, on one line, not too long.

    What is typed or read may hold line breaks, escape codes of a terminal, or more
    than fits on a screen.

    :param text: What was typed or read.
    :param longest: How many characters are shown.
    """
    whole = str(text)
    quoted = repr(whole[:longest]).encode("utf-8", "backslashreplace").decode("utf-8")
    return quoted if len(whole) <= longest else f"{quoted}..."


_HEADINGS = ("Revision ID:", "Revises:", "Create Date:")
# What Alembic's template writes below the message, which may be empty.


def headline(doc: str) -> str:
    """Return the first line of a docstring, for lists with a line for each revision.

    :param doc: The docstring, or its first paragraph.
    :return: Empty where the docstring begins with what Alembic's template adds.
    """
    first = doc.strip().split("\n", 1)[0].rstrip()
    return "" if first.startswith(_HEADINGS) else first
