"""What statements of PostgreSQL do: read, change, commit.

https://www.postgresql.org/docs/current/sql-commands.html

What these lists do not have may change and may commit.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ..statement_class import (
    UNKNOWN,
    Effect,
    StatementClass,
    Syntax,
    bare_statements,
    classify_each,
    control_of,
    verb_of,
)

# A comment ends at a carriage return, too, and has others inside.
_SYNTAX: Final = Syntax(
    re.compile(
        r"""
        (?P<text>\b[eE]'(?:[^'\\]|''|\\.)*'|(?<!\b[eE])'(?:[^']|'')*'
            |(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
        |(?P<name>"(?:[^"]|"")*")
        |(?P<comment>--[^\r\n]*)
        |(?P<nested>/\*)
        |(?P<end>;)
        |(?P<open>['"]|(?<![\w$])\$(?:[^\W\d]\w*)?\$)
        """,
        re.VERBOSE | re.DOTALL,
    ),
    re.compile(
        r"CREATE\b.*?\b(?:FUNCTION|PROCEDURE)\b.*?\bBEGIN\s+ATOMIC\b", re.IGNORECASE
    ),
)

_READ: Final = frozenset(["SHOW"])
_QUERY: Final = frozenset(["SELECT", "VALUES", "TABLE", "WITH"])
_CHANGE: Final = frozenset(
    [
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "TRUNCATE",
        "COPY",
        "CREATE",
        "ALTER",
        "DROP",
        "GRANT",
        "REVOKE",
        "COMMENT",
        "ANALYZE",
        "ANALYSE",
        "REFRESH",
        "IMPORT",
        "SECURITY",
        "REASSIGN",
        "REINDEX",
        "CLUSTER",
        "NOTIFY",
    ]
)
_SESSION: Final = frozenset(
    [
        "SET",
        "RESET",
        "DISCARD",
        "LOCK",
        "LISTEN",
        "UNLISTEN",
        "PREPARE",
        "DEALLOCATE",
        "DECLARE",
        "FETCH",
        "MOVE",
        "CLOSE",
        "LOAD",
        "CHECKPOINT",
    ]
)
_ALONE: Final = re.compile(
    r"VACUUM\b|ALTER\s+SYSTEM\b|(?:COMMIT|ROLLBACK)\s+PREPARED\b|DISCARD\s+ALL\b"
    r"|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE|SUBSCRIPTION)\b"
    r"|ALTER\s+DATABASE\b.*\bSET\s+TABLESPACE\b"
    r"|CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b|DROP\s+INDEX\s+CONCURRENTLY\b"
    r"|REINDEX\b.*?\b(?:DATABASE|SYSTEM|SCHEMA|CONCURRENTLY)\b|CLUSTER\s*\Z"
    r"|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY\b",
    re.IGNORECASE,
)
"""What PostgreSQL refuses inside a transaction."""

_CONCURRENTLY: Final = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_PROCEDURES: Final = frozenset(["CALL", "DO"])
"""What may commit inside, where no transaction is open."""

_EXECUTES: Final = re.compile(
    r"EXPLAIN\s+(?:ANALY[ZS]E\b|\([^)]*\bANALY[ZS]E\b)[^()]*?\)?\s*", re.IGNORECASE
)
_EXPLAINED: Final = re.compile(
    r"\b(?:INSERT|UPDATE|DELETE|MERGE|CREATE|REFRESH|EXECUTE)\b", re.IGNORECASE
)
_WRITES: Final = re.compile(
    r"[()]\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b"
    r"|\bINTO\b|\b(?:nextval|setval|lo_\w+|pg_notify|dblink\w*)\s*\(",
    re.IGNORECASE,
)
_LOCKS: Final = re.compile(
    r"\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE|KEY\s+SHARE)\b|\bset_config\s*\("
    r"|\bpg_\w*advisory\w*\s*\(",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"\bFROM\b", re.IGNORECASE)
_CALL: Final = re.compile(r'([\w$."]+)\s*\(')
_READING: Final = re.compile(
    r"(?:pg_catalog|information_schema)\s*\."
    r"|(?:select|values|in|any|all|some|array|exists|not|and|or|case|when|then|else|as"
    r"|row|on|using|from|where|having|by|over|filter|within|group|distinct|union|except"
    r"|intersect|with|recursive|materialized|between|like|limit|offset"
    r"|abs|age|array_\w+|avg|bool_\w+|ceil|char_length|coalesce|concat\w*|count|cast"
    r"|current_\w+|date_\w+|extract|every|floor|format|format_type|generate_\w+|greatest"
    r"|has_\w+|inet_\w+|json\w*|least|left|length|lower|max|md5|min|mod|now|nullif"
    r"|octet_length|overlay|pg_\w+|position|power|quote_\w+|random|regexp_\w+|repeat"
    r"|replace|right|round|row_\w+|obj_description|col_description|set_config|shobj_\w+"
    r"|split_part|string_\w+|strpos|substr\w*|sum|to_\w+|trim|btrim|ltrim|rtrim|trunc"
    r"|txid_\w+|unnest|upper|version|xml\w*|gen_random_uuid|clock_timestamp"
    r"|statement_timestamp|transaction_timestamp|timeofday|int\w*|numeric|varchar|char)\Z",
    re.IGNORECASE,
)
_RETURNING: Final = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_ROUTINE: Final = re.compile(
    r"(?:CREATE|ALTER|DROP)\b.*?\b(?:FUNCTION|PROCEDURE|ROUTINE|EXTENSION|SCHEMA)\b",
    re.IGNORECASE,
)


@lru_cache(8)
def classify(sql: str) -> StatementClass:
    """Return what a statement does, or several in one text.

    :param sql: The text.
    """
    return classify_each(bare_statements(sql, _SYNTAX), _classify)


def _classify(text: str) -> StatementClass:
    control = control_of(text)
    if control is not None:
        return control
    word = verb_of(text)
    if _ALONE.match(text):
        effect = Effect.SESSION if word == "DISCARD" else Effect.CHANGE
        return StatementClass(
            effect,
            commits=True,
            # An index that is not valid stays behind.
            is_atomic=_CONCURRENTLY.search(text) is None,
            needs_autocommit=True,
        )
    if word == "EXPLAIN":
        match = _EXECUTES.match(text)
        if match is None:
            return StatementClass(Effect.READ)
        return _explained(text[match.end() :])
    if word in _READ:
        return StatementClass(Effect.READ)
    if word in _QUERY:
        return _query(text)
    if word in _SESSION:
        return StatementClass(Effect.SESSION)
    if word in _CHANGE:
        return StatementClass(
            Effect.CHANGE,
            returns_rows=bool(_RETURNING.search(text)),
            defines_routines=bool(_ROUTINE.match(text)),
        )
    return replace(UNKNOWN, is_atomic=word not in _PROCEDURES)


def _explained(text: str) -> StatementClass:
    """Return what a statement does that is explained and executed."""
    if _EXPLAINED.search(text):
        return StatementClass(Effect.CHANGE, returns_rows=True)
    return _query(text)


def _query(text: str) -> StatementClass:
    """Return what a query does: more than reading, where it writes or calls."""
    if _WRITES.search(text):
        return StatementClass(Effect.CHANGE, returns_rows=True)
    if _FROM.search(text) is None and not all(
        _READING.match(name) for name in _CALL.findall(text)
    ):
        # SELECT f(): nobody calls a function of the app so for what it returns only.
        return UNKNOWN
    return StatementClass(Effect.SESSION if _LOCKS.search(text) else Effect.READ)
