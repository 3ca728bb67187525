"""What statements of MySQL and MariaDB do: read, change, commit.

https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/

What these lists do not have may change and may commit.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ..statement_class import (
    UNKNOWN,
    Control,
    Effect,
    StatementClass,
    control_of,
    verb_of,
)

_TOKEN: Final = re.compile(
    r"""
    (?P<text>'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")
    |(?P<name>`(?:[^`]|``)*`)
    |(?P<executed>/\*M?!\d*)
    |(?P<comment>/\*.*?\*/|--(?=\s|\Z)[^\n]*|\#[^\n]*)
    |(?P<end>\*/)
    |(?P<open>['"`]|/\*)
    """,
    re.VERBOSE | re.DOTALL,
)

_READ: Final = frozenset(
    [
        "SELECT",
        "VALUES",
        "TABLE",
        "SHOW",
        "EXPLAIN",
        "DESC",
        "DESCRIBE",
        "HELP",
        "CHECKSUM",
        "DO",
        "SIGNAL",
    ]
)
_DML: Final = frozenset(["INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD"])
_SESSION: Final = frozenset(
    [
        "SET",
        "USE",
        "SAVEPOINT",
        "RELEASE",
        "ROLLBACK",
        "PREPARE",
        "DEALLOCATE",
        "HANDLER",
        "GET",
    ]
)
_SESSION_COMMITS: Final = frozenset(["COMMIT", "LOCK", "UNLOCK", "BACKUP"])
_CONTROLS: Final = frozenset(["SET", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT"])
_COMMITS: Final = frozenset(
    [
        "ALTER",
        "CREATE",
        "DROP",
        "RENAME",
        "TRUNCATE",
        "COMMENT",
        "GRANT",
        "REVOKE",
        "ANALYZE",
        "CACHE",
        "CHECK",
        "FLUSH",
        "OPTIMIZE",
        "REPAIR",
        "RESET",
        "INSTALL",
        "UNINSTALL",
        "SHUTDOWN",
        "START",
        "STOP",
        "CHANGE",
        "PURGE",
    ]
)
_ROWS: Final = frozenset(["ANALYZE", "CHECK", "OPTIMIZE", "REPAIR", "CACHE"])

_WITH: Final = re.compile(r"\b(?:SELECT|VALUES|INSERT|REPLACE|UPDATE|DELETE)\b", re.I)
_QUERY: Final = re.compile(
    r"ANALYZE\s+(?:FORMAT\s*=\s*\w+\s+)?(?=SELECT\b|UPDATE\b|DELETE\b|INSERT\b"
    r"|REPLACE\b|WITH\b)",
    re.IGNORECASE,
)
_SET_STATEMENT: Final = re.compile(r"SET\s+STATEMENT\b.*?\bFOR\s+", re.I | re.DOTALL)
_BEGIN: Final = re.compile(r"BEGIN(?:\s+WORK)?\s*\Z|START\s+TRANSACTION\b", re.I)
_XA_RECOVER: Final = re.compile(r"XA\s+RECOVER\b", re.IGNORECASE)
_DEFINES_FUNCTION: Final = re.compile(
    r"(?:CREATE|ALTER|DROP)\b.*?\b(?:FUNCTION|PACKAGE|DATABASE|SCHEMA)\b", re.IGNORECASE
)
_AUTOCOMMIT: Final = re.compile(r"\bAUTOCOMMIT\b", re.IGNORECASE)
_TEMPORARY: Final = re.compile(
    r"(?:CREATE(?:\s+OR\s+REPLACE)?|DROP)\s+TEMPORARY\b", re.IGNORECASE
)
_ROUTINE: Final = re.compile(
    r"(?:CREATE|ALTER)\b[^;]*?\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE)\b", re.I
)
_BODY_END: Final = re.compile(r"\bEND\b\W*\w*\W*\Z", re.IGNORECASE)
_LOCKS_ALL: Final = re.compile(
    r"FLUSH\b.*\b(?:WITH\s+READ\s+LOCK|FOR\s+EXPORT)\b", re.I | re.S
)
_SETS_ACCOUNT: Final = re.compile(r"SET\s+(?:PASSWORD|DEFAULT\s+ROLE)\b", re.IGNORECASE)
_SETS_ROLE: Final = re.compile(r"SET\s+ROLE\b", re.IGNORECASE)
_RESULT_OF_LAST: Final = re.compile(
    r"\b(?:LAST_INSERT_ID|ROW_COUNT|FOUND_ROWS)\s*\(|@@(?:\w+\s*\.\s*)?"
    r"(?:IDENTITY|LAST_INSERT_ID|WARNING_COUNT|ERROR_COUNT)\b"
    r"|\ASHOW\s+(?:WARNINGS|ERRORS|COUNT)\b|\AGET\b.*\bDIAGNOSTICS\b",
    re.IGNORECASE | re.DOTALL,
)
_ID_OF_LAST: Final = re.compile(r"INSERT_ID|IDENTITY", re.IGNORECASE)
_VOLATILE: Final = re.compile(
    r"\bFROM\b|\bSELECT\b|\b(?:NOW|SYSDATE|CURRENT_\w+|LOCALTIME\w*|CURDATE|CURTIME"
    r"|UTC_\w+|UNIX_TIMESTAMP|UUID\w*|RAND|CONNECTION_ID|SYS_GUID|RANDOM_BYTES"
    r"|LAST_INSERT_ID|ROW_COUNT|FOUND_ROWS|NEXTVAL|GET_LOCK)\b",
    re.IGNORECASE,
)
_INTO_VARIABLE: Final = re.compile(r"\bINTO\s+@", re.IGNORECASE)
_WRITES_FILE: Final = re.compile(r"\bINTO\s+(?:OUTFILE|DUMPFILE)\b", re.IGNORECASE)
_SEQUENCE: Final = re.compile(
    r"\b(?:NEXTVAL|SETVAL)\s*\(|\bNEXT\s+VALUE\s+FOR\b|\.\s*NEXTVAL\b", re.IGNORECASE
)
_ASSIGNS: Final = re.compile(r"@[\w.$]+\s*:=")
_CALLS: Final = re.compile(r"`?([\w$]+)`?\s*\(")
_RETURNING: Final = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_REPLACES_TABLE: Final = re.compile(
    r"CREATE\s+OR\s+REPLACE\s+(?:TABLE|SEQUENCE)\b", re.IGNORECASE
)
_SEVERAL: Final = re.compile(
    r"(?:DROP|GRANT|REVOKE|CREATE\s+(?:USER|ROLE)|RENAME)\b", re.I
)


def classify(sql: str, functions: Collection[str] = ()) -> StatementClass:
    """Return what a statement does.

    :param sql: Its text. Comments are skipped, but those that the server executes
        (``/*! ... */``) are read.
    :param functions: The names of stored functions, in lower case: a query that calls
        one of them may change anything.
    """
    return _classified(sql, frozenset(functions))


@lru_cache(8)
def _classified(sql: str, functions: frozenset[str]) -> StatementClass:
    text, is_conditional = _bare(sql)
    if text is None:
        return UNKNOWN
    found = replace(_classify(text, functions), verb=verb_of(text))
    if found.verb == "SET" and _AUTOCOMMIT.search(sql):  # as a quoted name, too
        found = replace(found, commits=True, sets_autocommit=True)
    if is_conditional and not found.changes:
        # A part of it is executed by some servers only.
        without, _ = _bare(sql, conditional=False)
        other = UNKNOWN if without is None else _classify(without, functions)
        return found if found == other or not without else UNKNOWN
    return found


def savepoint(sql: str) -> tuple[str, str] | None:
    """Return what a statement does with a savepoint: which word, and whose.

    :param sql: Its text.
    :return: ``("SAVEPOINT", name)``, ``("ROLLBACK TO", name)``, ``("ROLLBACK", "")``
        for the whole transaction, else ``None``.
    """
    text, _ = _bare(sql, names=True)
    match = re.match(
        r"SAVEPOINT\s+(?P<set>\S+)"
        r"|ROLLBACK(?:\s+WORK)?\s+TO(?:\s+SAVEPOINT)?\s+(?P<to>\S+)"
        r"|(?:XA\s+)?ROLLBACK\b",
        text or "",
        re.IGNORECASE,
    )
    if match is None:
        return None
    if match["set"]:
        return "SAVEPOINT", match["set"].strip("`;").lower()
    if match["to"]:
        return "ROLLBACK TO", match["to"].strip("`;").lower()
    return "ROLLBACK", ""


def locks_tables(sql: str) -> bool | None:
    """Tell whether a statement locks tables (true) or ends that (false).

    :param sql: Its text.
    :return: ``None`` for one that does neither.
    """
    text, _ = _bare(sql)
    if re.match(r"LOCK\s+TABLES?\b", text or "", re.IGNORECASE):
        return True
    if re.match(r"UNLOCK\s+TABLES?\b", text or "", re.I) or _BEGIN.match(text or ""):
        return False
    return None


def _bare(
    sql: str, *, conditional: bool = True, names: bool = False
) -> tuple[str | None, bool]:
    """Return the text without comments, literals and quoted names.

    :param conditional: Whether what only some servers execute belongs to it.
    :param names: Whether quoted names stay.
    :return: ``None`` where a quote is not closed; and whether a part is conditional.
    """
    parts: list[str] = []
    end, depth, is_conditional = 0, 0, False
    for match in _TOKEN.finditer(sql):
        kept = depth == 0 or conditional
        parts.append(sql[end : match.start()] if kept else "")
        end = match.end()
        if match["open"]:
            return None, is_conditional
        if match["executed"]:
            depth, is_conditional = depth + 1, True
        elif match["end"]:
            depth -= 1
        elif match["name"]:
            parts.append(match["name"] if names and kept else " `n` " if kept else "")
        elif match["text"] and kept:
            parts.append("''")
        parts.append(" " if not match["text"] else "")
    parts.append(sql[end:])
    return " ".join("".join(parts).split()).lstrip("( ;"), is_conditional


def _classify(text: str, functions: Collection[str]) -> StatementClass:
    word = verb_of(text)
    if not text:
        return StatementClass(Effect.READ)
    if ";" in text.rstrip("; ") and not _is_routine(text):
        return UNKNOWN
    if word == "SET":
        match = _SET_STATEMENT.match(text)
        if match:
            return _classify(text[match.end() :], functions)
        if re.match(r"SET\s+STATEMENT\b", text, re.IGNORECASE):
            return UNKNOWN
    if word == "WITH":
        return _with(text, functions)
    if word == "ANALYZE":
        match = _QUERY.match(text)
        if match:
            found = _classify(text[match.end() :], functions)
            return _with_rows(found)
    if word in _READ:
        return _query(text, functions)
    if re.match(r"LOAD\s+INDEX\b", text, re.IGNORECASE):
        return StatementClass(Effect.CHANGE, commits=True, returns_rows=True)
    if word in _DML:
        returns = bool(_RETURNING.search(text))
        return _asking(StatementClass(Effect.CHANGE, returns_rows=returns), text)
    if _calls(text, functions) and (word in _SESSION or word in _SESSION_COMMITS):
        return UNKNOWN
    return _other(word, text)


def _other(word: str, text: str) -> StatementClass:
    """Return what a statement does that is no query and no DML."""
    if word == "XA":
        if _XA_RECOVER.match(text):
            return StatementClass(Effect.READ)
        return StatementClass(Effect.SESSION, commits=True, control=Control.DISTRIBUTED)
    control = control_of(text) if word in _CONTROLS else None
    if control is not None:
        return control
    if _BEGIN.match(text):
        return StatementClass(Effect.SESSION, commits=True, control=Control.BEGIN)
    if word in _SESSION_COMMITS or _LOCKS_ALL.match(text):
        return StatementClass(Effect.SESSION, commits=True)
    if _SETS_ACCOUNT.match(text):
        return StatementClass(Effect.CHANGE, commits=True)
    if _TEMPORARY.match(text):
        return StatementClass(Effect.SESSION, keeps="a temporary table")
    if re.match(r"DROP\s+PREPARE\b", text, re.IGNORECASE):
        return StatementClass(Effect.SESSION)
    if word in _SESSION:
        is_volatile = word == "SET" and _VOLATILE.search(text) is not None
        found = StatementClass(
            Effect.SESSION,
            commits=bool(_SETS_ROLE.match(text)),
            keeps="a variable that was set from data" if is_volatile else "",
        )
        return _asking(found, text)
    if word in _COMMITS:
        several = bool(_SEVERAL.match(text)) and "," in text
        return StatementClass(
            Effect.CHANGE,
            commits=True,
            is_atomic=not several and not _REPLACES_TABLE.match(text),
            returns_rows=word in _ROWS,
            defines_routines=bool(_DEFINES_FUNCTION.match(text)),
        )
    return UNKNOWN


def _asking(found: StatementClass, text: str) -> StatementClass:
    """Add whether a statement asks about the one before it."""
    if not _RESULT_OF_LAST.search(text):
        return found
    return replace(found, reads_session=True, reads_id=bool(_ID_OF_LAST.search(text)))


def _query(text: str, functions: Collection[str]) -> StatementClass:
    """Return what a query does: more than reading, where a function is called."""
    if _WRITES_FILE.search(text) or _SEQUENCE.search(text) or _calls(text, functions):
        return UNKNOWN
    if _INTO_VARIABLE.search(text) or _ASSIGNS.search(text):
        keeps = "a variable that was set from data"
        return _asking(StatementClass(Effect.SESSION, keeps=keeps), text)
    return _asking(StatementClass(Effect.READ), text)


def _with(text: str, functions: Collection[str]) -> StatementClass:
    """Return what a statement does after its ``WITH``: the first verb outside of it."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            match = _WITH.match(text, position)
            if match and not text[position - 1].isalnum():
                return _classify(text[position:], functions)
    return UNKNOWN


def _with_rows(found: StatementClass) -> StatementClass:
    return replace(found, returns_rows=found.changes)


def _calls(text: str, functions: Collection[str]) -> bool:
    """Whether the text calls one of the stored functions."""
    if not functions:
        return False
    return any(name.lower() in functions for name in _CALLS.findall(text)) or (
        # A quoted name was replaced by another one.
        re.search(r"`n`\s*\(", text) is not None
    )


def _is_routine(text: str) -> bool:
    return bool(_ROUTINE.match(text)) and bool(_BODY_END.search(text.rstrip("; ")))
