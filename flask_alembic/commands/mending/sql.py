"""What a statement in a revision does, told from its first words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dialects.statements import without_comments

_QUOTES = '`"[]'
_NAME = r"([\w$`\"\[\].]+)"
_MADE = re.compile(
    r"\bCREATE\s+(?:\w+\s+){0,2}?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    + _NAME
    # "ALTER TABLE a RENAME TO b" and "RENAME TABLE a TO b"
    + r"|\bTABLE\s+[\w$`\"\[\].]+\s+(?:RENAME\s+)?TO\s+"
    + _NAME,
    re.IGNORECASE,
)
# What a comparison of the schemas shows, so that it cannot get lost unseen.
_COMPARED = re.compile(
    r"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:(?:UNIQUE|TEMP|TEMPORARY|UNLOGGED|"
    r"MATERIALIZED|RECURSIVE|FULLTEXT|SPATIAL|CONSTRAINT|VIRTUAL|FOREIGN|ALGORITHM=\w+|"
    r"SQL\s+SECURITY\s+\w+)\s+)*"
    r"(TABLE|INDEX|VIEW|TRIGGER|FUNCTION|PROCEDURE|TYPE|SEQUENCE|EXTENSION|DOMAIN)\b"
    r"|COMMENT\s+ON\b",
    re.IGNORECASE,
)
_WITH_ROWS = re.compile(
    r"\bTABLE\b[^;]*?\bAS\s*\(?\s*(?:SELECT|WITH|TABLE|VALUES)\b", re.I
)
_RENAME = re.compile(r"\bRENAME\b|\bCHANGE\s+(?:COLUMN\s+)?\S+\s+\S+", re.IGNORECASE)
_UNSEEN = re.compile(
    r"\b(?:OWNER\s+TO|SET\s*\(|RESET\s*\(|CLUSTER|REPLICA|TABLESPACE|INHERIT|USING)\b",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(?:SET|RESET|PRAGMA|BEGIN|COMMIT|END|LOCK|UNLOCK|ANALYZE|VACUUM|SHOW|USE)\b", re.I
)
_ROWS = re.compile(r"(INSERT|UPDATE|DELETE|MERGE|REPLACE|COPY|LOAD|TRUNCATE)\b", re.I)
_BODY = re.compile(r"\b(?:FUNCTION|PROCEDURE|TRIGGER|EVENT)\b", re.IGNORECASE)


def tables_made(sql: str) -> Iterator[tuple[str | None, str]]:
    """Yield schema and name of the tables that SQL text creates.

    :param sql: Any text.
    """
    for match in _MADE.finditer(sql):
        schema, _, name = (match[1] or match[2]).rpartition(".")
        yield schema.strip(_QUOTES) or None, name.strip(_QUOTES)


def what_is_lost(sql: str, *, reading: bool = False) -> str | None:
    """Return what SQL does that a comparison of schemas does not show.

    :param sql: One statement or several.
    :param reading: Whether a ``SELECT`` is there to read rows, not for what it does.
    """
    for statement in _statements(sql):
        lost = _lost(statement, reading)
        if lost:
            return lost
    return None


def _statements(sql: str) -> list[str]:
    """Split at semicolons; the body of a routine is no statement of its own."""
    if _BODY.search(sql) or "$$" in sql:
        return [without_comments(sql)]
    parts = (without_comments(part).strip() for part in sql.split(";"))
    return [part for part in parts if part]


def _lost(statement: str, reading: bool) -> str | None:
    rows = _ROWS.match(statement)
    if rows:
        return f"{rows[1].upper()} of rows"
    if _COMPARED.match(statement):
        if _BODY.search(statement.partition("(")[0]):
            return None
        if _WITH_ROWS.search(statement) and " VIEW " not in statement.upper():
            return "creates a table with rows"
        if _RENAME.search(statement):
            return "renames, where the new revision would drop and create"
        if statement.upper().startswith("ALTER") and _UNSEEN.search(statement):
            return "sets what no comparison shows"
        return None
    if _HARMLESS.match(statement):
        return None
    if statement.upper().startswith(("SELECT", "WITH")) and reading:
        return None
    return "does what no comparison shows"
