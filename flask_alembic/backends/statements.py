"""Our own statements on a connection that belongs to a run, and the text of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExecutionContext

_OPTION = "flask_alembic_internal"
INTERNAL: Mapping[str, Any] = MappingProxyType({_OPTION: True})
"""Execution options of the statements that Flask-Alembic sends for itself."""

# Dollar quotes of PostgreSQL and quotes that the server cut off in the middle count too.
_LITERAL = re.compile(
    r"""\$(\w*)\$.*?(?:\$\1\$|\Z)|[eE]?'(?:[^'\\]|''|\\.)*(?:'|\Z)""", re.DOTALL
)
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|""|\\.)*(?:"|\Z)', re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.$:])\d+(?:\.\d+)?(?![\w.])")
_COMMENT = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|;)+", re.DOTALL)
_DEFINES = ("CREATE", "ALTER", "DROP", "LOCK", "TRUNCATE", "VACUUM", "REINDEX")
_SHOWN = 200


def is_internal(context: ExecutionContext | None) -> bool:
    """Tell whether a statement is Flask-Alembic's own, not the migration's.

    For listeners of ``before_cursor_execute`` and its like, which see both.

    :param context: The last argument but one of such a listener.

    .. versionadded:: 4.0
    """
    return context is not None and bool(context.execution_options.get(_OPTION))


def run(
    connection: Connection, sql: str, parameters: Mapping[str, Any] | None = None
) -> Any:
    """Execute a statement of our own; ``:name`` in it stands for a parameter.

    :return: SQLAlchemy's result. Its rows have the shape that the text says, which a
        type checker cannot know.
    """
    import sqlalchemy as sa

    return connection.execute(
        sa.text(sql), dict(parameters or {}), execution_options=INTERNAL
    )


@contextmanager
def between_transactions(connection: Connection) -> Iterator[None]:
    """End the transaction that our own reading began; leave a caller's alone.

    It is rolled back: what lives in the session (locks, settings of MySQL) stays, and
    settings of PostgreSQL are written with :func:`committed`.
    """
    inside = connection.in_transaction()
    try:
        yield
    finally:
        if not inside and connection.in_transaction():
            connection.rollback()


@contextmanager
def committed(connection: Connection) -> Iterator[None]:
    """Commit what our own statements did, unless the caller has a transaction open."""
    with between_transactions(connection):
        inside = connection.in_transaction()
        yield
        if not inside and connection.in_transaction():
            connection.commit()


def without_comments(sql: str) -> str:
    """Return the statement from its first word on."""
    match = _COMMENT.match(sql)
    return sql[match.end() :] if match else sql


def mask(sql: str | None, limit: int = _SHOWN, quotes: str = "'") -> str | None:
    """Return a statement that may be shown: literals replaced, one line, not long.

    Other sessions' statements reach us with their parameters filled in, and a
    statement may set a password, so text is never shown. Numbers are kept only in
    definitions, where they are lengths.

    :param sql: The statement, None if there is none to be seen.
    :param limit: The most characters to keep.
    :param quotes: What encloses text; MySQL takes double quotes too.
    """
    if not sql or not sql.strip():
        return None
    text = _LITERAL.sub("?", sql)
    if '"' in quotes:
        text = _DOUBLE_QUOTED.sub("?", text)
    text = " ".join(without_comments(text).split())
    if not text.upper().startswith(_DEFINES):
        text = _NUMBER.sub("?", text)
    return text if len(text) <= limit else text[: limit - 3] + "..."


_PIECE = r"""\$(\w*)\$.*?(?:\$\1\$|\Z)|'(?:TEXT)*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z)
|--[^\n]*|/\*.*?(?:\*/|\Z)|;|."""


def split_statements(sql: str, *, escapes: bool = False) -> list[str]:
    """Split a script at the semicolons between its statements.

    :param sql: The script.
    :param escapes: Whether a backslash in a text escapes the next character.
    :return: The statements without semicolons; those of comments only are left out.
    """
    text = r"[^'\\]|\\.|''" if escapes else "[^']|''"
    piece = re.compile(_PIECE.replace("TEXT", text), re.DOTALL | re.VERBOSE)
    statements = [""]
    for match in piece.finditer(sql):
        if match[0] == ";":
            statements.append("")
        else:
            statements[-1] += match[0]
    return [each.strip() for each in statements if without_comments(each).strip()]


def driver_error(error: BaseException | None) -> BaseException | None:
    """Return the driver's own exception inside SQLAlchemy's, or the exception itself."""
    original = getattr(error, "orig", None)
    return original if isinstance(original, BaseException) else error
