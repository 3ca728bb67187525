"""Transactions of SQLite that are real: ``BEGIN IMMEDIATE`` first, DDL included.

Python's ``sqlite3`` begins a transaction by itself before the first ``INSERT``, and
before nothing else, so that DDL is committed as it goes. SQLite itself rolls back DDL
like anything else. Within :func:`real_transactions` the driver's own control is off,
and each ``begin()`` of SQLAlchemy sends ``BEGIN IMMEDIATE``, which also takes the write
lock at once instead of failing in the middle.

Some statements fail inside a transaction: ``PRAGMA journal_mode``, ``VACUUM`` and their
like. A migration may hold them all the same; then the transaction is committed before
such a statement and goes on with a new one, so that **the work before it is durable**,
as it is before Alembic's ``autocommit_block()``. ``PRAGMA foreign_keys`` does nothing
inside a transaction; it is decided before (see :mod:`.foreign_keys`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from ..statement_class import Control
from ..statements import INTERNAL, between_transactions, is_internal, without_comments
from .foreign_keys import ForeignKeys, Sources
from .statement_rules import classify

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExecutionContext

_REOPENS = "flask_alembic_sqlite_reopens"
"""The key in ``connection.info`` that is there between two transactions."""


def is_between(connection: Connection) -> bool:
    """Tell whether the transaction goes on with the next statement.

    :param connection: A connection, within :func:`real_transactions`.
    """
    return _REOPENS in connection.info


_MARK = "flask_alembic_run"
"""A savepoint that tells our transaction from one that others have begun."""


def has_mark(connection: Connection) -> bool | None:
    """Tell whether the transaction is still the one that was begun here.

    :param connection: A connection, within :func:`real_transactions`.
    :return: ``None`` where no transaction is marked, as in an autocommit block.
    """
    driver: Any = connection.connection.driver_connection
    if _MARK not in connection.info or is_between(connection):
        return None
    if not driver.in_transaction:
        return None
    with closing(connection.connection.cursor()) as cursor:
        try:
            cursor.execute(f"RELEASE {_MARK}")
            cursor.execute(f"SAVEPOINT {_MARK}")
        except connection.dialect.loaded_dbapi.OperationalError as error:
            if "no such savepoint" not in str(error):
                raise
            return False
    return True


@contextmanager
def real_transactions(
    connection: Connection,
    version_table: str,
    on_commit: Callable[[], None] | None,
    sources: Sources,
) -> Iterator[None]:
    """Make transactions real within the block; see ``Backend.transaction``.

    Driver, isolation level and ``foreign_keys`` are as they were afterwards. A
    transaction that is still open at the end is rolled back.
    """
    from sqlalchemy import event

    control = _Control(connection, version_table, on_commit, sources)
    listeners: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("begin", control.begin),
        ("before_cursor_execute", control.before_statement),
        ("commit", control.commit),
        ("rollback", control.rollback),
    )
    control.enter()
    for name, listener in listeners:
        event.listen(connection, name, listener, retval=name.startswith("before"))
    try:
        yield
    finally:
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
        sources: Sources,
    ) -> None:
        self.connection = connection
        self.on_commit = on_commit
        self._keys = ForeignKeys(connection, self._send, version_table, sources)
        self._fresh = False  # nothing has happened since our BEGIN

    # The state of the driver

    @property
    def _reopen(self) -> bool:
        """Whether a statement is running between two transactions."""
        return is_between(self.connection)

    @_reopen.setter
    def _reopen(self, between: bool) -> None:
        if between:
            self.connection.info[_REOPENS] = None
        else:
            self.connection.info.pop(_REOPENS, None)

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
            self._keys.enter()
            # The driver's other mode (PEP 249, connect_args={"autocommit": False}):
            # it begins whenever it has committed, and expects to be in a transaction.
            self._always_inside = self._in_transaction
        if self._level_before == "AUTOCOMMIT":
            self.connection.execution_options(isolation_level="SERIALIZABLE")

    def leave(self) -> None:
        """Put back what was there before."""
        if self.connection.closed or self.connection.invalidated:
            return
        self._reopen = False
        self.connection.info.pop(_MARK, None)
        if self._in_transaction:
            self._send("ROLLBACK")
        self._keys.leave()
        if self._always_inside:
            self._send("BEGIN")
        if self._level_before == "AUTOCOMMIT":
            self.connection.execution_options(isolation_level="AUTOCOMMIT")
        dbapi: Any = self.connection.connection.dbapi_connection
        if dbapi.isolation_level != self._driver_level:
            dbapi.isolation_level = self._driver_level

    def _send(self, sql: str) -> Any:
        """Execute on the driver's connection, unseen by listeners; return a value."""
        with closing(self.connection.connection.cursor()) as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
            return row[0] if row else None

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
        self.connection.info.pop(_MARK, None)
        if not self._autocommit:
            self._begin()
        self._fresh = True

    def _begin(self) -> None:
        begin = "BEGIN IMMEDIATE"
        self.connection.exec_driver_sql(begin, execution_options=INTERNAL)
        self._send(f"SAVEPOINT {_MARK}")
        self.connection.info[_MARK] = None

    def commit(self, connection: Connection) -> None:
        """Refuse a COMMIT of what foreign keys were not ready for."""
        self._keys.end()
        self.end(connection)

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
        found = classify(statement)
        fresh, self._fresh = self._fresh, False
        if (
            fresh and found.control is Control.BEGIN
        ):  # a listener of the app that begins, too
            return "SELECT 1", ()
        if self._autocommit:
            return statement, parameters
        if self._reopen and not self._in_transaction:
            self._begin()
        self._reopen = False
        if not self._in_transaction:
            return statement, parameters  # the migration has sent COMMIT by itself
        self._keys.check(without_comments(statement))
        if found.needs_autocommit and not self.connection.in_nested_transaction():
            self._commit()
            self._reopen = True
        return statement, parameters

    def _commit(self) -> None:
        self._send("COMMIT")
        if self.on_commit is not None:
            self.on_commit()
