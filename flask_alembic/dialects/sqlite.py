"""SQLite: a lock file beside the database, and transactions that are real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

from .base import Backend
from .payloads import LockKey, Session
from .statements import between_transactions, driver_error, run
from .waiting import OnWait

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from .catalog import Catalog
    from .schema_objects import SchemaObject

_BUSY = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED: https://www.sqlite.org/rescode.html
_FOR_EVER = 2**31 - 1


class SQLite(Backend):
    """SQLite through ``sqlite3`` or ``aiosqlite``.

    There are no sessions that could be named, and a statement has no time limit.

    .. versionadded:: 4.0
    """

    name = "SQLite"
    transactional_ddl = True
    renders_as_batch = True
    enforces_length = False

    def server_version(self, connection: Connection) -> str:
        """Return the version of the library, such as ``SQLite 3.45.1``."""
        with between_transactions(connection):
            version = run(connection, "SELECT sqlite_version()").scalar()
        return f"{self.name} {version}"

    def lock(
        self, connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
    ) -> AbstractContextManager[None]:
        """Hold a lock file beside the database; a database in memory has no file.

        It needs no write to the database and no open transaction, so that a reading
        app goes on, and the system frees it when the process ends in whatever way.
        For a database in memory, threads that share its engine exclude each other.

        :raises LockNotObtained: when the time is over.
        :raises DatabaseError: if the file cannot be made.
        """
        from .sqlite_lock import file_lock

        return file_lock(connection, key, timeout, on_wait)

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        """Return the process that holds the lock file now."""
        from .sqlite_lock import lock_holders

        return lock_holders(connection)

    @contextmanager
    def timeouts(
        self,
        connection: Connection,
        *,
        ddl_lock: float | None = None,
        statement: float | None = None,
    ) -> Iterator[None]:
        """Set ``busy_timeout``; ``statement`` has no counterpart in SQLite."""
        if ddl_lock is None:
            yield
            return
        wanted = max(1, round(ddl_lock * 1000)) if ddl_lock > 0 else _FOR_EVER
        with between_transactions(connection):
            before = run(connection, "PRAGMA busy_timeout").scalar()
            run(connection, f"PRAGMA busy_timeout = {min(wanted, _FOR_EVER)}")
        try:
            yield
        finally:
            with suppress(Exception), between_transactions(connection):
                run(connection, f"PRAGMA busy_timeout = {before}")

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Tell whether another connection kept the database locked for too long."""
        original = driver_error(error)
        code = getattr(original, "sqlite_errorcode", None)  # Python 3.11 and later
        if isinstance(code, int):
            return code & 0xFF in _BUSY
        text = str(original)
        return "database is locked" in text or "table is locked" in text

    def transaction(
        self,
        connection: Connection,
        *,
        version_table: str = "alembic_version",
        on_commit: Callable[[], None] | None = None,
    ) -> AbstractContextManager[None]:
        """Begin with ``BEGIN IMMEDIATE`` instead of what ``sqlite3`` does by itself.

        See :mod:`.sqlite_transaction` for the statements that SQLite executes only
        between transactions, and what they mean for the work before them.
        """
        from .sqlite_transaction import real_transactions

        return real_transactions(connection, version_table, on_commit)

    @contextmanager
    def scratch(self, engine: Engine, url: URL | None = None) -> Iterator[Engine]:
        """Give an engine for a file in a temporary folder, or for the one of ``url``.

        :raises ConfigurationError: if there is something in that file.
        """
        import os
        import tempfile

        from .engines import engine_beside
        from .scratch import require_kind

        if url is not None and url.database not in (None, "", ":memory:"):
            require_kind(self, url)
            with super().scratch(engine, url) as other:
                yield other
            if os.path.exists(str(url.database)):
                os.unlink(str(url.database))
            return
        with tempfile.TemporaryDirectory(prefix="flask-alembic-") as folder:
            # Without arguments like mode=ro, which are about the app's own file.
            path = os.path.join(folder, "scratch.db")
            beside = engine.url.set(database=path, query={})
            other = engine_beside(engine, beside, uri=False)
            try:
                yield other
            finally:
                other.dispose()

    def catalog(self) -> Catalog | None:
        """Return ``sqlite_master`` and the pragmas."""
        from .sqlite_catalog import SQLiteCatalog

        return SQLiteCatalog(self.dialect)

    def schema_objects(self, connection: Connection) -> list[SchemaObject]:
        """Return views, triggers and virtual tables."""
        from .sqlite_objects import schema_objects

        return schema_objects(connection)

    def derived_tables(self, connection: Connection) -> frozenset[str]:
        """Return virtual tables and the tables that they keep their content in."""
        from .sqlite_objects import derived_tables

        return derived_tables(connection)
