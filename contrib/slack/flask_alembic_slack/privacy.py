"""What must not leave the house: parameters, addresses and passwords.

The first line of a database's error is written by the server, which likes to repeat
the value that it did not like, and by drivers, which repeat where they connected to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from flask import Flask

HIDDEN: Final = "***"
"""What stands in the place of what is hidden."""

_URL = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://\S+")

_SECRET = re.compile(
    r"(?i)\b(password|passwd|pwd|secret|token|api[-_]?key|passfile)"
    r"(['\"]?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|\S+)"
)

_VALUES = tuple(
    re.compile(pattern)
    for pattern in (
        # MariaDB and MySQL
        r"(Duplicate entry )'.*'(?= for key)",
        r"((?:Incorrect|Truncated incorrect) [\w() ]*value:? )'.*?'(?= for | \(|$)",
        # PostgreSQL
        r"(invalid input (?:syntax|value) for [^:]*: )\".*\"",
        r"(out of range: )\".*\"",
        r"(value )\".*\"(?= is out of range)",
        r"(malformed \w+ literal: )\".*\"",
        r"(invalid byte sequence for [^:]*: ).*",
    )
)
"""Where servers repeat a value of a row; each pattern's group is what stays."""


def scrub(text: str, error: BaseException | None, app: Flask) -> str:
    """Return an error's line without values, addresses and passwords.

    :param text: The line.
    :param error: The error it comes from; the parameters of its statement are hidden.
    :param app: The application, whose databases' passwords are hidden.
    """
    for password in _passwords(app):
        text = _without(text, password)
    text = _URL.sub(f"[{HIDDEN}]", text)
    text = _SECRET.sub(rf"\1\2{HIDDEN}", text)
    for pattern in _VALUES:
        text = pattern.sub(rf"\1'{HIDDEN}'", text)
    for value in sorted(_parameters(error), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, text)
    return text


def _parameters(error: BaseException | None) -> set[str]:
    """Return the parameters of every statement in an error's chain, as text."""
    found: set[str] = set()
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        found.update(_texts(getattr(error, "params", None)))
        error = error.__cause__ or error.__context__
    return found


def _texts(value: Any) -> Iterator[str]:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, (list, tuple, set)):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, bytes):
        yield from (text for text in (value.decode("utf-8", "replace"),) if text)
    else:
        # Servers show the beginning of what is long.
        for text in {str(value), str(value)[:64], repr(value).strip("'\"")}:
            if text.strip():
                yield text


def _without(text: str, password: str) -> str:
    """Return a text without a password; a short one only where it stands alone."""
    if len(password) >= 6:
        return text.replace(password, HIDDEN)
    return re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", HIDDEN, text)


def _passwords(app: Flask) -> list[str]:
    """Return the passwords of the app's databases, the longest first."""
    found: set[str] = set()
    for name in ("sqlalchemy", "alembic"):
        extension = app.extensions.get(name)
        for attribute in ("engines", "async_engines"):
            try:
                engines = getattr(extension, attribute, None)
            except Exception:  # Flask-SQLAlchemy wants an app context
                continue
            if not isinstance(engines, Mapping):
                engines = {"default": engines}
            for engine in engines.values():
                password = getattr(getattr(engine, "url", None), "password", None)
                if password:
                    found.add(str(password))
    return sorted(found, key=len, reverse=True)
