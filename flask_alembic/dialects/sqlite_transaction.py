"""Transactions of SQLite that are real: ``BEGIN IMMEDIATE`` first, DDL included.

Python's ``sqlite3`` begins a transaction by itself before the first ``INSERT``, and
before nothing else, so that DDL is committed as it goes. SQLite itself rolls back DDL
like anything else. Within :func:`real_transactions` the driver's own control is off,
and each ``begin()`` of SQLAlchemy sends ``BEGIN IMMEDIATE``, which also takes the write
lock at once instead of failing in the middle.

Some statements do nothing or fail inside a transaction: ``PRAGMA foreign_keys`` (see
:mod:`.sqlite_foreign_keys`), ``PRAGMA journal_mode``, ``VACUUM`` and their like. A
migration may hold them all the same; then the transaction is committed before such a
statement and goes on with a new one, so that **the work before it is durable**, as it
is before Alembic's ``autocommit_block()``. Inside a savepoint that cannot be done; a
warning says so.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .sqlite_foreign_keys import ForeignKeys
from .statements import INTERNAL, between_transactions, is_internal, without_comments

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExecutionContext

logger = logging.getLogger("flask_alembic.dialects")

# https://www.sqlite.org/lang_vacuum.html, lang_attach.html, pragma.html: what cannot
# be executed within a transaction.
_BETWEEN = re.compile(
    r"VACUUM\b|DETACH\b"
    r"|PRAGMA\s+(?:\w+\s*\.\s*)?(?:journal_mode|synchronous|locking_mode|temp_store)\s*[=(]",
    re.IGNORECASE,
)
_BEGIN = re.compile(r"BEGIN\b", re.IGNORECASE)


@contextmanager
def real_transactions(
    connection: Connection,
    version_table: str,
    on_commit: Callable[[], None] | None,
) -> Iterator[None]:
    """Make transactions real within the block; see ``Backend.transaction``.

    Driver, isolation level and ``foreign_keys`` are as they were afterwards. A
    transaction that is still open at the end is rolled back.
    """
    from sqlalchemy import event

    control = _Control(connection, version_table, on_commit)
    listeners: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("begin", control.begin),
        ("before_cursor_execute", control.before_statement),
        ("commit", control.end),
        ("rollback", control.rollback),
    )
    control.enter()
    for name, listener in listeners:
        event.listen(connection, name, listener, retval=name.startswith("before"))
    try:
        yield
    finally:
        if connection.in_transaction() and not connection.closed:
            connection.rollback()
        for name, listener in listeners:
            event.remove(connection, name, listener)
        control.leave()


class _Control:
    """The listeners on one connection and what they remember between statements."""

    def __init__(
        self,
        connection: Connection,
        version_table: str,
        on_commit: Callable[[], None] | None,
    ) -> None:
        self.connection = connection
        self.on_commit = on_commit
        self._keys = ForeignKeys(self._send, version_table)
        self._fresh = False  # nothing has happened since our BEGIN
        self._reopen = False  # a statement is running between two transactions

    # The state of the driver

    @property
    def _in_transaction(self) -> bool:
        """Whether SQLite itself is in a transaction; sqlite3 and aiosqlite tell."""
        driver: Any = self.connection.connection.driver_connection
        return bool(driver.in_transaction)

    @property
    def _autocommit(self) -> bool:
        options = self.connection.get_execution_options()
        return options.get("isolation_level") == "AUTOCOMMIT"

    def _take_control(self) -> None:
        """Switch off what the driver does by itself; autocommit blocks put it back."""
        dbapi: Any = self.connection.connection.dbapi_connection
        if dbapi.isolation_level is not None:
            dbapi.isolation_level = None

    def enter(self) -> None:
        """Remember what is there, and let an AUTOCOMMIT connection begin for once."""
        with between_transactions(self.connection):
            dbapi: Any = self.connection.connection.dbapi_connection
            self._driver_level = dbapi.isolation_level
            self._level_before = self.connection.get_execution_options().get(
                "isolation_level"
            )
            self._keys_before = self._send("PRAGMA foreign_keys")
            # The driver's other mode (PEP 249, connect_args={"autocommit": False}):
            # it begins whenever it has committed, and expects to be in a transaction.
            self._always_inside = self._in_transaction
        if self._level_before == "AUTOCOMMIT":
            self.connection.execution_options(isolation_level="SERIALIZABLE")

    def leave(self) -> None:
        """Put back what was there before."""
        if self.connection.closed or self.connection.invalidated:
            return
        if self._in_transaction:
            self._send("COMMIT")
        self._send(f"PRAGMA foreign_keys = {self._keys_before}")
        if self._always_inside:
            self._send("BEGIN")
        if self._level_before == "AUTOCOMMIT":
            self.connection.execution_options(isolation_level="AUTOCOMMIT")
        dbapi: Any = self.connection.connection.dbapi_connection
        if dbapi.isolation_level != self._driver_level:
            dbapi.isolation_level = self._driver_level

    def _send(self, sql: str) -> Any:
        """Execute on the driver's connection, unseen by listeners; return a value."""
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(sql)
            row = cursor.fetchone()
            return row[0] if row else None
        finally:
            cursor.close()

    # Events

    def begin(self, connection: Connection) -> None:
        """Send BEGIN when SQLAlchemy begins, except in an autocommit block."""
        self._take_control()
        self._reopen = False
        if self._in_transaction:
            # Opened by the driver (see enter) or by a listener of the app; it is empty,
            # and it has no write lock.
            self._send("COMMIT")
        self._keys.begin()
        if not self._autocommit:
            self._begin()
        self._fresh = True

    def _begin(self) -> None:
        begin = "BEGIN IMMEDIATE"
        self.connection.exec_driver_sql(begin, execution_options=INTERNAL)

    def end(self, connection: Connection) -> None:
        """Give the driver what it expects before SQLAlchemy commits or rolls back."""
        if connection.closed or connection.invalidated:
            return
        if self._always_inside and not self._in_transaction:
            self._send("BEGIN")

    def rollback(self, connection: Connection) -> None:
        """Roll back even where SQLAlchemy skips it (``skip_autocommit_rollback``)."""
        self.end(connection)
        if connection.closed or connection.invalidated:
            return
        skips = getattr(connection.dialect, "skip_autocommit_rollback", False)
        if skips and not self._autocommit and self._in_transaction:
            self._send("ROLLBACK")

    def before_statement(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: ExecutionContext | None,
        executemany: bool,
    ) -> tuple[str, Any]:
        """Prepare for a statement that cannot be executed as it stands."""
        if is_internal(context):
            return statement, parameters
        sql = without_comments(statement)
        fresh, self._fresh = self._fresh, False
        if fresh and _BEGIN.match(sql):  # a listener of the app that begins, too
            return "SELECT 1", ()
        if self._autocommit:
            return statement, parameters
        if self._reopen and not self._in_transaction:
            self._begin()
        self._reopen = False
        if not self._in_transaction:
            return statement, parameters  # the migration has sent COMMIT by itself
        if self._keys.must_switch(sql):
            self._switch_keys(sql)
        elif _BETWEEN.match(sql) and not self.connection.in_nested_transaction():
            self._commit()
            self._reopen = True
        return statement, parameters

    def _switch_keys(self, sql: str) -> None:
        """Let ``PRAGMA foreign_keys`` take effect between two transactions."""
        if self.connection.in_nested_transaction():
            if self._keys.give_up():
                what = " ".join(sql.split())
                logger.warning("foreign_keys stay on, in a savepoint: %s", what)
            return
        self._commit()
        self._keys.switch()
        self._begin()

    def _commit(self) -> None:
        self._send("COMMIT")
        if self.on_commit is not None:
            self.on_commit()
