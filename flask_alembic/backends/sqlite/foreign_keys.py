"""Whether foreign keys are enforced in a transaction, decided before it begins.

SQLite obeys ``PRAGMA foreign_keys`` between transactions only. With foreign keys on, it
deletes the rows of a dropped table first, and with them, or by setting them to NULL,
what other tables have that points at them. Alembic's batch mode drops a table after it
has copied it, so they have to be off then, as SQLite advises:
https://www.sqlite.org/lang_altertable.html#otheralter

The text of the revisions tells what a transaction will need: one that copies a table,
or turns foreign keys off, has them off from its first statement to its last. What the
text does not tell (a helper of another module copies the table) is found when the
statement comes. Then :class:`KeysUnforeseen` ends the transaction before anything is
lost, and the run begins it again with foreign keys as they have to be. There is no
COMMIT in the middle.

Where they were off, ``PRAGMA foreign_key_check`` looks after each revision for rows
that refer to nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ...errors import DatabaseError
from ..statements import INTERNAL

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SCHEMA = r"(?:[\"\[`]?\w+[\"\]`]?\s*\.\s*)?"
_PRAGMA = re.compile(
    rf"PRAGMA\s+{_SCHEMA}foreign_keys\s*[=(]\s*['\"]?(\w*)", re.IGNORECASE
)
_COPY = rf"({_SCHEMA})(?:\"_alembic_tmp_((?:[^\"]|\"\")+)\"|_alembic_tmp_(\w+))"
_COPIED = re.compile(rf"CREATE\s+TABLE\s+{_COPY}", re.IGNORECASE)
_COPIES = re.compile(r"\bbatch_alter_table\b|_alembic_tmp_")
_MATTERS = re.compile(
    rf"(?:INSERT|UPDATE|DELETE|REPLACE|WITH|DROP\s+TABLE|PRAGMA\s+{_SCHEMA}foreign_key)",
    re.IGNORECASE,
)
_ON = ("1", "on", "yes", "true")
# Alembic cuts the name of the copy off after 50 characters, "_alembic_tmp_" included.
_LONGEST = 50 - len("_alembic_tmp_")
_REFERENCED = """
SELECT 1 FROM {schema}.sqlite_master m
JOIN pragma_foreign_key_list(m.name, '{plain}') f
WHERE m.type = 'table' AND lower(substr(f."table", 1, {length})) = lower('{name}')
LIMIT 1
"""
_CHECKED: Final = "flask_alembic_sqlite_foreign_keys"
"""The key in ``connection.info`` that is there while a run keeps them off."""

_SHOWN: Final = 3
"""How many rows a message shows of each pair of tables."""

Sources = Callable[[], Iterable[str]]
"""Gives the text of the revisions whose transaction is about to begin."""


class KeysUnforeseen(DatabaseError):
    """Foreign keys have to be the other way before the transaction begins.

    :param on: Which way.
    """

    def __init__(self, on: bool) -> None:
        super().__init__(
            f"The revision needs foreign keys to be {'on' if on else 'off'}, and SQLite "
            "switches them between transactions only.",
            "Run the command again; the transaction was rolled back.",
        )
        self.on = on


class ForeignKeys:
    """Foreign keys on one connection, within a run.

    :param connection: The connection.
    :param send: Executes SQL on the driver's connection; returns its first value.
    :param version_table: Statements that name it belong to the revision before them.
    :param sources: Gives the text of the revisions of the next transaction.
    """

    def __init__(
        self,
        connection: Connection,
        send: Callable[[str], Any],
        version_table: str,
        sources: Sources,
    ) -> None:
        self._connection = connection
        self._send = send
        self._version_table = re.compile(rf"\b{re.escape(version_table)}\b")
        self._sources = sources
        self._asked: bool | None = None
        """What a migration has asked for last, for the transactions after it."""
        self._unforeseen: KeysUnforeseen | None = None

    def enter(self) -> None:
        """Remember what the app has set."""
        self._before = self._are_on

    def leave(self) -> None:
        """Set what the app has set; between transactions."""
        self._connection.info.pop(_CHECKED, None)
        self._set(self._before)

    def begin(self) -> None:
        """Set what the next transaction needs; between transactions."""
        base = self._before if self._asked is None else self._asked
        needed, self._unforeseen = self._unforeseen, None
        on = needed.on if needed is not None else base and not self._must_be_off()
        self._set(on)
        if self._before and not on:
            self._connection.info[_CHECKED] = None
        else:
            self._connection.info.pop(_CHECKED, None)

    def end(self) -> None:
        """Refuse a COMMIT after something unforeseen that somebody has caught.

        :raises KeysUnforeseen: When there was something.
        """
        if self._unforeseen is not None:
            raise self._unforeseen

    def check(self, sql: str) -> None:
        """Make sure that foreign keys are as a statement needs them.

        :param sql: A statement within a transaction, from its first word on.
        :raises KeysUnforeseen: When they are not.
        """
        self.end()
        pragma = _PRAGMA.match(sql)
        if pragma:
            self._asked = pragma[1].lower() in _ON
            if not self._asked:
                self._need(False)
            return
        copied = _COPIED.match(sql)
        if copied and self._are_on:
            if self._is_referenced(copied[1], (copied[2] or copied[3])):
                self._need(False)
        elif self._asked and self._matters(sql) and not self._are_kept_off:
            self._need(True)

    def _need(self, on: bool) -> None:
        if self._are_on != on:
            self._unforeseen = KeysUnforeseen(on)
            raise self._unforeseen

    @property
    def _are_on(self) -> bool:
        return bool(self._send("PRAGMA foreign_keys"))

    @property
    def _are_kept_off(self) -> bool:
        return _CHECKED in self._connection.info

    def _matters(self, sql: str) -> bool:
        """Whether a statement depends on foreign keys, that of the version row apart."""
        return bool(_MATTERS.match(sql)) and not self._version_table.search(sql)

    def _set(self, on: bool) -> None:
        self._send(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")

    def _must_be_off(self) -> bool:
        """Whether the text of the revisions copies a table or turns them off."""
        return any(
            _COPIES.search(text)
            or any(match[1].lower() not in _ON for match in _PRAGMA.finditer(text))
            for text in self._sources()
        )

    def _is_referenced(self, schema: str, table: str) -> bool:
        plain = schema.strip().rstrip(".").strip().strip('"[]`') or "main"
        table = table.replace('""', '"')
        query = _REFERENCED.format(
            schema=f'"{plain}"',
            plain=plain.replace("'", "''"),
            length=len(table) if len(table) >= _LONGEST else 2**31 - 1,
            name=table.replace("'", "''"),
        )
        return bool(self._send(query))


@contextmanager
def no_dangling_rows(connection: Connection) -> Iterator[None]:
    """Make sure that a revision leaves no rows that refer to nothing.

    Only where the run has switched foreign keys off; rows that were so before it are
    none of its business. SQLite reads every row that refers to another.

    :param connection: The connection of the run.
    :raises DatabaseError: When there are more of them than before.
    """
    if _CHECKED not in connection.info:
        yield
        return
    before: Counter[tuple[str, str]] | None = connection.info[_CHECKED]
    if before is None:
        before, _ = _violations(connection)
    yield
    if _CHECKED not in connection.info or connection.closed:
        return
    after, rows = _violations(connection)
    connection.info[_CHECKED] = after
    more = [pair for pair in after if pair in before and after[pair] > before[pair]]
    if after.total() > before.total():
        # A table that was renamed brings its rows along.
        more += [pair for pair in after if pair not in before]
    if more:
        raise _dangling(more, after, rows)


def _violations(
    connection: Connection,
) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], list[str]]]:
    """Return how many rows refer to nothing, by child and parent, and a few of them."""
    counted: Counter[tuple[str, str]] = Counter()
    rows: dict[tuple[str, str], list[str]] = {}
    quote = connection.dialect.identifier_preparer.quote

    def send(sql: str) -> Any:
        return connection.exec_driver_sql(sql, execution_options=INTERNAL)

    for _, schema, _ in send("PRAGMA database_list").all():
        prefix = "" if schema == "main" else f"{schema}."
        for child, rowid, parent, _ in send(
            f"PRAGMA {quote(schema)}.foreign_key_check"
        ):
            pair = prefix + child, prefix + parent
            counted[pair] += 1
            shown = rows.setdefault(pair, [])
            if rowid is not None and len(shown) < _SHOWN:
                shown.append(str(rowid))
    return counted, rows


def _dangling(
    pairs: Iterable[tuple[str, str]],
    counted: Counter[tuple[str, str]],
    rows: dict[tuple[str, str], list[str]],
) -> DatabaseError:
    found = []
    for pair in sorted(pairs):
        child, parent = pair
        where = f" (rowid {', '.join(rows[pair])})" if rows[pair] else ""
        number = "1 row" if counted[pair] == 1 else f"{counted[pair]} rows"
        verb = "refers" if counted[pair] == 1 else "refer"
        found.append(
            f"{number} of {child!r}{where} {verb} to rows of {parent!r} that do not exist"
        )
    return DatabaseError(
        f"After this revision {'; '.join(found)}.",
        "Delete or change these rows in the revision. Foreign keys are off in a "
        "transaction that copies a table, so ON DELETE and ON UPDATE do nothing there: "
        "change such data in a revision of its own, with transaction_per_migration.",
    )
