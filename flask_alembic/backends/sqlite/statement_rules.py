"""What statements of SQLite do: read, change, commit.

https://www.sqlite.org/lang.html

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

# A comment may be left open at the end.
_SYNTAX: Final = Syntax(
    re.compile(
        r"""
        (?P<text>'(?:[^']|'')*')
        |(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
        |(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
        |(?P<end>;)
        |(?P<open>['"`\[])
        """,
        re.VERBOSE | re.DOTALL,
    ),
    re.compile(r"CREATE\b.*?\bTRIGGER\b.*?\bBEGIN\b", re.IGNORECASE),
)

_QUERY: Final = frozenset(["SELECT", "VALUES", "WITH"])
_CHANGE: Final = frozenset(
    [
        "INSERT",
        "UPDATE",
        "DELETE",
        "REPLACE",
        "CREATE",
        "ALTER",
        "DROP",
        "ANALYZE",
        "REINDEX",
    ]
)
_WRITES: Final = re.compile(
    r"\b(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+)?INTO\b|\bUPDATE\b|\bDELETE\s+FROM\b", re.I
)
_RETURNING: Final = re.compile(r"\bRETURNING\b", re.IGNORECASE)

_PRAGMA: Final = re.compile(
    r'PRAGMA\s+(?:[\w"]+\s*\.\s*)?([\w"]+)\s*([=(])?', re.IGNORECASE
)
_ALONE: Final = frozenset(["journal_mode", "synchronous", "locking_mode", "temp_store"])
"""Pragmas that cannot be set inside a transaction."""

_READING: Final = frozenset(
    [
        "table_info",
        "table_xinfo",
        "table_list",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
        "foreign_key_check",
        "integrity_check",
        "quick_check",
        "database_list",
        "collation_list",
        "function_list",
        "module_list",
        "pragma_list",
        "compile_options",
        "data_version",
        "freelist_count",
        "page_count",
        "stats",
    ]
)
"""Pragmas that read, whatever they are given."""

_OF_SESSION: Final = frozenset(
    [
        "synchronous",
        "locking_mode",
        "temp_store",
        "foreign_keys",
        "busy_timeout",
        "cache_size",
        "cache_spill",
        "case_sensitive_like",
        "defer_foreign_keys",
        "ignore_check_constraints",
        "legacy_alter_table",
        "query_only",
        "recursive_triggers",
        "reverse_unordered_selects",
        "writable_schema",
        "trusted_schema",
        "mmap_size",
        "read_uncommitted",
        "automatic_index",
        "analysis_limit",
        "secure_delete",
        "threads",
        "hard_heap_limit",
        "soft_heap_limit",
        "cell_size_check",
        "checkpoint_fullfsync",
        "fullfsync",
        "journal_size_limit",
        "wal_autocheckpoint",
        "max_page_count",
        "full_column_names",
        "short_column_names",
    ]
)
"""Pragmas that the connection forgets when it is closed."""

_SHOWN: Final = frozenset(
    [
        "user_version",
        "application_id",
        "encoding",
        "page_size",
        "auto_vacuum",
        "journal_mode",
        "schema_version",
    ]
)
"""Pragmas of the file, which only show it where they are given nothing."""


@lru_cache(8)
def classify(sql: str) -> StatementClass:
    """Return what a statement does; drivers refuse several in one text.

    :param sql: The text.
    """
    return classify_each(bare_statements(sql, _SYNTAX), _classify)


def _classify(text: str) -> StatementClass:
    control = control_of(text)
    if control is not None:
        return control
    word = verb_of(text)
    if word == "EXPLAIN":  # it executes nothing
        return StatementClass(Effect.READ)
    if word in _QUERY:
        writes = word == "WITH" and _WRITES.search(text)
        return StatementClass(Effect.CHANGE if writes else Effect.READ)
    if word in _CHANGE:
        return StatementClass(Effect.CHANGE, returns_rows=bool(_RETURNING.search(text)))
    if word == "PRAGMA":
        return _pragma(text)
    if word == "VACUUM":
        return StatementClass(Effect.CHANGE, commits=True, needs_autocommit=True)
    if word == "ATTACH":
        return StatementClass(Effect.SESSION)
    if word == "DETACH":
        return StatementClass(Effect.SESSION, needs_autocommit=True)
    return replace(UNKNOWN, is_atomic=True)


def _pragma(text: str) -> StatementClass:
    """Return what a pragma does, which depends on whether it is given a value."""
    match = _PRAGMA.match(text)
    if match is None:
        return UNKNOWN
    name, is_set = match[1].lower(), bool(match[2])
    if name in _READING or (not is_set and name in (_SHOWN | _OF_SESSION)):
        return StatementClass(Effect.READ)
    effect = Effect.SESSION if name in _OF_SESSION else Effect.CHANGE
    return StatementClass(effect, needs_autocommit=is_set and name in _ALONE)
