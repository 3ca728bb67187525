"""The connection of a run, shared with whatever else a revision opens.

A revision may use the session of the app, ``engine.connect()`` or
``inspect(bind.engine)``. A second connection would not see what the transaction of the
run has changed, and could wait for its locks for ever. So while the function of a
revision runs, the pool of the engine gives its thread the connection of the run:
everything is in the one transaction, is seen at once, and commits or rolls back with
the revision.

What was opened so behaves like a connection of its own as far as that can be:
``commit()`` keeps what it has done in the transaction of the run, ``rollback()`` reverts
it with a savepoint. Where the revision has changed something by other means in between,
neither could be reverted alone; then the revision fails, and everything is rolled back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from ..backends.statement_class import Control
from ..backends.statements import is_internal
from ..errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy.pool import Pool, PoolProxiedConnection

    from .request import DatabaseRun
    from .statement_log import StatementLog

logger = logging.getLogger("flask_alembic.runtime")

_IGNORED: Final = frozenset({Control.BEGIN, Control.MODE})
"""What is about a transaction that the run has begun."""

_DONE_FOR: Final = _IGNORED | {Control.COMMIT, Control.ROLLBACK}
"""What is not sent, but done for the one who sends it."""

_MODES: Final = (
    "autocommit",
    "set_autocommit",
    "set_isolation_level",
    "set_session",
    "begin",
)
"""What drivers have to change how transactions begin and end."""

_active: ContextVar[SharedTransaction | None] = ContextVar("shared", default=None)


@contextmanager
def shared_connection(database_run: DatabaseRun, log: StatementLog) -> Iterator[None]:
    """Give the connection of a run to whatever the thread opens within the block.

    :param database_run: The database, in the transaction of the run.
    :param log: What sees the statements; it sees those of the others too.
    :raises DatabaseError: When the others have left changes that can neither be kept
        nor reverted.
    """
    from sqlalchemy import event

    connection = database_run.connection
    engine = connection.engine
    pool = engine.pool
    shared = SharedTransaction(database_run, pool, log)
    engines = [engine]
    if database_run.database.engine is not engine:
        engines.append(database_run.database.engine)
    for each in engines:
        event.listen(each, "before_cursor_execute", shared.before, retval=True)
        event.listen(each, "after_cursor_execute", shared.after)
    event.listen(connection, "before_cursor_execute", shared.before_own)
    token = _active.set(shared)
    lending: Any = LendingPool(pool, shared)
    engine.pool = lending
    try:
        yield
        shared.finish()
    finally:
        shared.is_over = True
        if engine.pool is lending:  # unless the revision has disposed of the engine
            engine.pool = pool
        _active.reset(token)
        event.remove(connection, "before_cursor_execute", shared.before_own)
        for each in engines:
            event.remove(each, "before_cursor_execute", shared.before)
            event.remove(each, "after_cursor_execute", shared.after)


class LendingPool:
    """Stands in for the pool of an engine, and gives the run's connection.

    Other threads, and everything but ``connect()``, get what the pool has.

    :param pool: The pool.
    :param shared: The transaction of the run.
    """

    def __init__(self, pool: Pool, shared: SharedTransaction) -> None:
        self._pool = pool
        self._shared = shared

    def connect(self) -> PoolProxiedConnection:
        """Return a connection; the caller closes it."""
        if _active.get() is self._shared and self._shared.can_be_shared():
            return self._shared.connect()
        return self._pool.connect()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


class SharedTransaction:
    """The transaction of a run, and what else works in it.

    :param database_run: The database.
    :param pool: The pool of its engine.
    :param log: What sees the statements of the revision.
    """

    def __init__(
        self, database_run: DatabaseRun, pool: Pool, log: StatementLog
    ) -> None:
        self.connection = database_run.connection
        self.backend = database_run.backend
        self.log = log
        self.pool: Any = pool
        self.driver: Any = self.connection.connection.dbapi_connection
        self.is_over = False
        """Whether the function of the revision has ended."""
        self.others: list[SharedDriver] = []
        """What was opened."""
        self.savepoints: list[SharedDriver] = []
        """Who has a savepoint, the oldest first."""
        self.failure: DatabaseError | None = None
        self._thread = threading.get_ident()
        self._own = 0
        self._number = 0

    def can_be_shared(self) -> bool:
        """Tell whether the run is in a transaction that others can work in."""
        if self.is_over or threading.get_ident() != self._thread:
            return False
        if self.connection.closed or self.connection.invalidated:
            return False
        return not self._is_autocommit()

    def connect(self) -> PoolProxiedConnection:
        """Return the connection of the run as one that can be closed by itself."""
        from sqlalchemy.pool import NullPool

        other: Any = SharedDriver(self)
        self.others.append(other)
        pool = NullPool(lambda: other, dialect=self.connection.dialect)
        return pool.connect()

    def _is_autocommit(self) -> bool:
        options = self.connection.get_execution_options()
        return options.get("isolation_level") == "AUTOCOMMIT"

    def _is_released(self) -> bool:
        """Whether the revision has sent a COMMIT, so that there is nothing to save."""
        guard = self.log.guard
        if guard is None or not guard.is_released:
            return False
        return self.backend.in_transaction(self.connection) is False

    # What is sent

    def before_own(self, conn: Any, cursor: Any, sql: str, *rest: Any) -> None:
        """Count what the revision changes by ``op``."""
        context = rest[1]
        if not is_internal(context) and self._may_change(sql):
            self._own += 1

    def before(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        """Let the run see what another one sends."""
        other = self._other(conn)
        if other is None or is_internal(context) or self.control(sql):
            return sql, params
        if not self._may_change(sql):
            other.changes -= 1
        if self.backend.is_autocommit(conn):
            other.is_autocommit = True
        return self.log.before_cursor_execute(conn, cursor, sql, params, context, many)

    def after(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> None:
        """Let the run see what another one has sent."""
        other = self._other(conn)
        if other is None or is_internal(context) or self.control(sql):
            return
        self.log.after_cursor_execute(conn, cursor, sql, params, context, many)
        if self.backend.commits_implicitly(sql):
            self.savepoints.clear()
            other.changes = 0

    def _other(self, conn: Any) -> SharedDriver | None:
        driver = conn.connection.dbapi_connection
        if isinstance(driver, SharedDriver) and driver.shared is self:
            return None if driver.is_detached else driver
        return None

    # Savepoints

    def begin(self, other: SharedDriver) -> None:
        """Set a savepoint to which another one's work can be rolled back."""
        if other in self.savepoints or self._is_autocommit():
            return
        if self._is_released():
            other.is_autocommit = True
            return
        self._number += 1
        other.savepoint = f"flask_alembic_shared_{self._number}"
        other.mark = self._changes_beside(other)
        self._send(f"SAVEPOINT {other.savepoint}")
        self.savepoints.append(other)

    def commit(self, other: SharedDriver) -> None:
        """Keep another one's work in the transaction of the run."""
        if other in self.savepoints:
            is_last = self.savepoints[-1] is other
            self.savepoints.remove(other)
            if is_last and self._changes_beside(other) == other.mark:
                self._send(f"RELEASE SAVEPOINT {other.savepoint}")
        self._own += max(other.changes, 0)
        other.changes = 0

    def rollback(self, other: SharedDriver) -> None:
        """Revert another one's work.

        :raises DatabaseError: When something else would be reverted with it.
        """
        if other.is_autocommit:
            self.commit(other)
            return
        alone = self._changes_beside(other) == other.mark
        if other in self.savepoints and alone:
            self._send(f"ROLLBACK TO SAVEPOINT {other.savepoint}")
            self._send(f"RELEASE SAVEPOINT {other.savepoint}")
            del self.savepoints[self.savepoints.index(other) :]
        elif other.changes > 0:
            self.failure = _mixed()
            raise self.failure
        elif other in self.savepoints:
            self.savepoints.remove(other)
        other.changes = 0

    def finish(self) -> None:
        """Revert what was not committed by the end of the revision.

        :raises DatabaseError: When that cannot be done, or could not before.
        """
        if self.failure is not None:
            raise self.failure
        if not self.can_be_shared():
            return
        for other in reversed(self.others):
            if other.is_closed:
                continue
            has_changes = other.changes > 0 and not other.is_autocommit
            self.rollback(other)
            if has_changes:
                logger.warning(
                    "A session or connection of the app had changes that were not "
                    "committed at the end of the revision; they were rolled back"
                )

    def _changes_beside(self, other: SharedDriver) -> int:
        changes = (max(each.changes, 0) for each in self.others if each is not other)
        return self._own + sum(changes)

    def _may_change(self, sql: str) -> bool:
        """Whether a statement changes something, or what can be rolled back alone."""
        found = self.backend.classify(sql)
        return found.changes or found.control in (Control.SAVEPOINT, Control.ROLLBACK)

    def control(self, sql: str) -> Control | None:
        """Return what is done for the one who sends a statement that is not sent.

        :param sql: Its text.
        :return: ``None`` where the statement is sent.
        """
        control = self.backend.classify(sql).control
        return control if control in _DONE_FOR else None

    def _send(self, sql: str) -> None:
        if self.log.journal is not None:
            self.log.journal.flush()
        cursor = self.driver.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()
        if self.log.journal is not None:
            self.log.journal.session_statement(sql)


class SharedDriver:
    """The driver's connection of a run, as another one has it.

    It joins the transaction of the next revision where one is still open, and once all
    are over it is a connection of the pool.

    :param shared: The transaction of the run.
    """

    _FIELDS: Final = frozenset(
        {
            "shared",
            "changes",
            "mark",
            "savepoint",
            "is_autocommit",
            "is_closed",
            "_modes",
            "_real",
        }
    )

    def __init__(self, shared: SharedTransaction) -> None:
        self.shared = shared
        self.changes = 0
        """How many statements since the last commit that may have changed anything."""
        self.mark = 0
        """What the others had changed when the savepoint was set."""
        self.savepoint = ""
        self.is_autocommit = False
        self.is_closed = False
        self._modes: dict[str, Any] = {}
        self._real: Any = None

    @property
    def is_detached(self) -> bool:
        """Whether it is a connection of its own now."""
        return self.shared.is_over

    def _attach(self) -> None:
        """Join the transaction of the next revision, unless it has one of its own."""
        active = _active.get()
        if self._real is not None or active is None or active is self.shared:
            return
        if active.pool is self.shared.pool and active.can_be_shared():
            self.shared = active
            active.others.append(self)

    @property
    def _target(self) -> Any:
        if not self.is_detached:
            return self.shared.driver
        if self._real is None:
            self._real = self.shared.pool.connect()
        return self._real.dbapi_connection

    def cursor(self, *arguments: Any, **named: Any) -> SharedCursor:
        """Return a cursor, behind a savepoint."""
        self._attach()
        if not self.is_detached:
            self.shared.begin(self)
            self.changes += 1  # until it shows that it only reads
        return SharedCursor(self, self._target.cursor(*arguments, **named))

    def execute(self, *arguments: Any, **named: Any) -> Any:
        """Execute a statement on a new cursor, as some drivers allow."""
        return self.cursor().execute(*arguments, **named)

    def commit(self) -> None:
        """Keep what was done in the transaction of the run."""
        if not self.is_detached:
            self.shared.commit(self)
        elif self._real is not None:
            self._real.dbapi_connection.commit()

    def rollback(self) -> None:
        """Revert what was done since the last commit."""
        if not self.is_detached:
            self.shared.rollback(self)
        elif self._real is not None:
            self._real.dbapi_connection.rollback()

    def close(self) -> None:
        """Close it, and leave the connection of the run alone."""
        self.is_closed = True
        if self._real is not None:
            real, self._real = self._real, None
            real.close()

    def __getattr__(self, name: str) -> Any:
        if self.is_detached:
            return getattr(self._target, name)
        if name in self._modes:
            return self._modes[name]
        value = getattr(self._target, name)
        if name in _MODES and callable(value):
            return lambda *arguments, **named: None
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._FIELDS:
            object.__setattr__(self, name, value)
        elif self.is_detached:
            setattr(self._target, name, value)
        else:  # how transactions begin and end is the run's
            self._modes[name] = value


class SharedCursor:
    """A cursor that leaves the transaction of the run alone.

    :param driver: What it was made by.
    :param cursor: The driver's own cursor.
    """

    def __init__(self, driver: SharedDriver, cursor: Any) -> None:
        object.__setattr__(self, "_driver", driver)
        object.__setattr__(self, "_cursor", cursor)

    def execute(self, sql: Any, *arguments: Any, **named: Any) -> Any:
        """Execute a statement, or do for the one who sends it what it asks for."""
        driver: SharedDriver = self._driver
        control = None
        if isinstance(sql, str) and not driver.is_detached:
            control = driver.shared.control(sql)
        if control is not None:
            driver.changes -= 1
            if control is Control.COMMIT:
                driver.commit()
            elif control is Control.ROLLBACK:
                driver.rollback()
            return self
        result = self._cursor.execute(sql, *arguments, **named)
        return self if result is self._cursor else result

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def __next__(self) -> Any:
        return next(self._cursor)

    def __enter__(self) -> SharedCursor:
        return self

    def __exit__(self, *error: object) -> None:
        self._cursor.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._cursor, name, value)


def _mixed() -> DatabaseError:
    return DatabaseError(
        "A session or connection of the app was rolled back or not committed, and the "
        "revision has changed something else in between. Both are in one transaction, "
        "so neither can be reverted alone.",
        "Commit or close it before the revision continues with op, or use "
        "op.get_bind() for both.",
    )
