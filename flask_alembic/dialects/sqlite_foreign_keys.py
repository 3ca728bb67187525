"""When ``PRAGMA foreign_keys`` is to be switched, given the statements of a migration.

SQLite obeys it between transactions only. Two things need it:

- a migration that says so. *Off* is needed at once; *on*, which mostly is the last word
  of a revision, not before a statement that foreign keys matter to: until then the
  revision and its version row stay in one transaction;
- Alembic's batch mode, which copies a table and drops the old one. With foreign keys
  on, SQLite deletes the rows of a dropped table first, and with them, or by setting
  them to NULL, what other tables have that points at them. They are switched off around
  the copying of a table that others point at, as SQLite advises:
  https://www.sqlite.org/lang_altertable.html#otheralter
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_SCHEMA = r"(?:[\"\[`]?\w+[\"\]`]?\s*\.\s*)?"
_PRAGMA = re.compile(
    rf"PRAGMA\s+{_SCHEMA}foreign_keys\s*[=(]\s*['\"]?(\w+)", re.IGNORECASE
)
_COPY = rf"{_SCHEMA}(?:\"_alembic_tmp_((?:[^\"]|\"\")+)\"|_alembic_tmp_(\w+))"
_COPIED = re.compile(rf"CREATE\s+TABLE\s+{_COPY}", re.IGNORECASE)
_RENAMED = re.compile(rf"ALTER\s+TABLE\s+{_COPY}\s+RENAME\s+TO\b", re.IGNORECASE)
_MATTERS = re.compile(
    rf"(?:INSERT|UPDATE|DELETE|REPLACE|WITH|DROP\s+TABLE|PRAGMA\s+{_SCHEMA}foreign_key)",
    re.IGNORECASE,
)
_ON = ("1", "on", "yes", "true")
# Alembic cuts the name of the copy off after 50 characters, "_alembic_tmp_" included.
_LONGEST = 50 - len("_alembic_tmp_")
_REFERENCED = """
SELECT 1 FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
WHERE m.type = 'table' AND lower(substr(f."table", 1, {length})) = lower('{name}')
LIMIT 1
"""


class ForeignKeys:
    """The pragma on one connection, within a run.

    :param send: Executes SQL on the driver's connection; returns its first value.
    :param version_table: Statements that name it belong to the revision before them.
    """

    def __init__(self, send: Callable[[str], Any], version_table: str) -> None:
        self._send = send
        self._version_table = re.compile(rf"\b{re.escape(version_table)}\b")
        self._wanted: str | None = None
        self._copying = False  # between CREATE TABLE and RENAME of batch mode
        self._on_after_copy = False

    def must_switch(self, sql: str) -> bool:
        """Tell whether :meth:`switch` is needed before a statement.

        :param sql: A statement within a transaction, from its first word on.
        """
        pragma = _PRAGMA.match(sql)
        if pragma:
            return self._asked(pragma[1].lower() in _ON)
        copied = _COPIED.match(sql)
        if copied:
            return self._copy((copied[1] or copied[2]).replace('""', '"'))
        if _RENAMED.match(sql):
            self._end_copy()
            return False
        if self._wanted is None or self._copying:
            return False
        return bool(_MATTERS.match(sql)) and not self._version_table.search(sql)

    def switch(self) -> None:
        """Do what is wanted; between transactions."""
        if self._wanted:
            self._send(f"PRAGMA foreign_keys = {self._wanted}")
            self._wanted = None

    def give_up(self) -> bool:
        """Forget what cannot be done in a savepoint; True if the migration needs it."""
        needed = self._wanted == "OFF"
        if needed:
            self._wanted = None
        return needed

    def begin(self) -> None:
        """Do what is left to do before a transaction begins."""
        if self._copying:  # it has failed
            self._end_copy()
        self.switch()

    @property
    def _are_on(self) -> bool:
        return bool(self._send("PRAGMA foreign_keys"))

    def _asked(self, on: bool) -> bool:
        if on == self._are_on:
            self._wanted = None
            return False
        self._wanted = "ON" if on else "OFF"
        return not on

    def _copy(self, table: str) -> bool:
        self._copying = True
        if self._wanted == "ON":  # they are off still: let them be
            self._wanted, self._on_after_copy = None, True
        elif self._are_on and self._is_referenced(table):
            self._wanted, self._on_after_copy = "OFF", True
            return True
        return False

    def _end_copy(self) -> None:
        if self._on_after_copy:
            self._wanted = "ON"
        self._copying = self._on_after_copy = False

    def _is_referenced(self, table: str) -> bool:
        length = len(table) if len(table) >= _LONGEST else 2**31 - 1
        name = table.replace("'", "''")
        return bool(self._send(_REFERENCED.format(length=length, name=name)))
