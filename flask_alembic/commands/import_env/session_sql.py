"""SQL that an ``env.py`` sends before a run, told apart by its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

_LOCK: Final = re.compile(
    r"\bpg_(?:try_)?advisory_|\bget_lock\s*\(|\brelease_lock", re.I
)
_BEGIN: Final = re.compile(r"^\s*begin\s+(?:immediate|exclusive)", re.I)
_TIMEOUT: Final = re.compile(
    r"\b(?P<name>lock_timeout|statement_timeout|lock_wait_timeout"
    r"|innodb_lock_wait_timeout|max_execution_time|max_statement_time)"
    r"\s*(?:=|\bto\b)\s*'?\s*(?P<number>\d+)\s*(?P<unit>ms|s|min|h)?\s*'?",
    re.I,
)
_NAMES: Final = re.compile(
    r"\b(?:lock_timeout|statement_timeout|lock_wait_timeout|max_execution_time"
    r"|max_statement_time)\b",
    re.I,
)
_CLEANUP: Final = re.compile(
    r"^\s*(?:reset\s|set\s+(?:session\s+)?(?:role\s+none|authorization\s+default)"
    r"|pragma\s+foreign_keys\s*=\s*(?:on|1|true)|commit\b|discard\b)",
    re.I,
)
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_MILLISECONDS: Final = frozenset(
    {"lock_timeout", "statement_timeout", "max_execution_time"}
)


def sql_in(node: ast.AST) -> Iterator[str]:
    """Yield the strings inside a node, the constant parts of f-strings included.

    :param node: The node.
    """
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def is_lock(text: str) -> bool:
    """Return whether SQL takes or releases an advisory lock.

    :param text: The SQL.
    """
    return bool(_LOCK.search(text))


def is_begin(text: str) -> bool:
    """Return whether SQL begins a transaction of SQLite that writes.

    :param text: The SQL.
    """
    return bool(_BEGIN.match(text))


def is_cleanup(text: str) -> bool:
    """Return whether SQL only takes back what was set before the run.

    :param text: The SQL.
    """
    return bool(_CLEANUP.match(text))


def is_session_setting(text: str) -> bool:
    """Return whether SQL sets something that stays set in the session.

    :param text: The SQL.
    """
    return re.match(r"\s*set\b", text, re.I) is not None


def names_timeout(text: str) -> bool:
    """Return whether SQL sets a time limit.

    :param text: The SQL.
    """
    return bool(_NAMES.search(text))


def time_limits(text: str) -> dict[str, float]:
    """Return the settings for the time limits that SQL sets, in seconds.

    :param text: The SQL, or the ``options`` of a PostgreSQL connection.
    """
    found: dict[str, float] = {}
    for match in _TIMEOUT.finditer(text):
        name = match["name"].lower()
        unit = (match["unit"] or "").lower()
        factor = _SECONDS.get(unit) or (0.001 if name in _MILLISECONDS else 1.0)
        is_lock_limit = "lock" in name
        key = "ddl_lock_timeout" if is_lock_limit else "statement_timeout"
        found[key] = round(int(match["number"]) * factor, 3)
    return found


def shown_seconds(seconds: float) -> str:
    """Return a time limit as Python; 0 is no limit.

    :param seconds: The limit.
    """
    if not seconds:
        return "None"
    return str(int(seconds)) if seconds == int(seconds) else repr(seconds)
