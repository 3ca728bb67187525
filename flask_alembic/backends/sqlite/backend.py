"""SQLite: a lock file beside the database, and transactions that are real."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from ..base import Backend
from ..lock import LockKey, OnWait, Session
from ..statements import between_transactions, driver_error, run

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Column, Connection, Engine

    from ..catalog import Catalog
    from ..schema_objects import SchemaObject, StoredDefinition, UncomparedObjects
    from ..scratch_templates import ScratchTemplates
    from ..server_for_tests import TestServer

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
    connects_in_thread = False

    def where(self, url: URL) -> str:
        """Return the file, or ``:memory:``."""
        return f"SQLite database {url.database or ':memory:'!r}"

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
        from .lock import lock

        return lock(connection, key, timeout, on_wait)

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        """Return the process that holds the lock file now."""
        from .lock import lock_holders

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
            if not connection.closed and not connection.invalidated:
                with suppress(Exception), between_transactions(connection):
                    run(connection, f"PRAGMA busy_timeout = {before}")

    def reading_limit(
        self, connection: Connection, seconds: float
    ) -> AbstractContextManager[None]:
        """Leave it to ``busy_timeout``, which the driver sets to 5 seconds."""
        return nullcontext()

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Tell whether another connection kept the database locked for too long."""
        original = driver_error(error)
        code = getattr(original, "sqlite_errorcode", None)  # Python 3.11 and later
        if isinstance(code, int):
            return code & 0xFF in _BUSY
        text = str(original)
        return "database is locked" in text or "table is locked" in text

    def in_transaction(self, connection: Connection) -> bool | None:
        """Tell what ``sqlite3`` knows.

        Between two transactions in which a statement such as ``VACUUM`` has been
        executed, the next one is as good as open.
        """
        from .transaction import is_between

        driver: Any = connection.connection.driver_connection
        return bool(driver.in_transaction) or is_between(connection)

    def is_same_transaction(self, connection: Connection) -> bool | None:
        """Tell by a savepoint that is set right after BEGIN, and ends with it."""
        from .transaction import has_mark

        return has_mark(connection)

    def transaction(
        self,
        connection: Connection,
        *,
        version_table: str = "alembic_version",
        on_commit: Callable[[], None] | None = None,
        sources: Callable[[], Iterable[str]] = tuple,
    ) -> AbstractContextManager[None]:
        """Begin with ``BEGIN IMMEDIATE`` instead of what ``sqlite3`` does by itself.

        See :mod:`.transaction` for the statements that SQLite executes only between
        transactions, and what they mean for the work before them. The text of the
        revisions tells whether foreign keys have to be off (:mod:`.foreign_keys`).
        """
        from .transaction import real_transactions

        return real_transactions(connection, version_table, on_commit, sources)

    def must_begin_again(self, error: BaseException) -> bool:
        """Tell whether foreign keys had to be switched before the transaction."""
        from .foreign_keys import KeysUnforeseen

        return isinstance(error, KeysUnforeseen)

    @contextmanager
    def scratch(self, engine: Engine, url: URL | None = None) -> Iterator[Engine]:
        """Give an engine for a file in a temporary folder, or for the one of ``url``.

        :raises ConfigurationError: if there is something in that file.
        """
        import os
        import tempfile

        from ..connection import engine_beside
        from ..scratch import require_kind

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

    def literal(self, value: object) -> str | None:
        """Return a value as it stands in SQL text, as SQLite's driver would have sent it.

        :param value: The value.
        :raises ValueError: When the database has no such value.
        """
        from ..literals import sqlite_literal

        return sqlite_literal(value)

    def scratch_templates(
        self, engine: Engine, folder: Path | None, project: str, url: URL | None = None
    ) -> ScratchTemplates | None:
        """Return files in the folder; none where ``url`` names a file to use."""
        from .scratch import SQLiteTemplates

        if folder is None or url is not None or engine.dialect.is_async:
            return None
        return SQLiteTemplates(project, folder, engine)

    def catalog(self) -> Catalog | None:
        """Return ``sqlite_master`` and the pragmas."""
        from .catalog import SQLiteCatalog

        return SQLiteCatalog(self.dialect)

    @contextmanager
    def complete_operations(self, context: MigrationContext) -> Iterator[None]:
        """Keep what a copy of a table in batch mode would lose.

        :raises DatabaseError: When foreign keys were off, and rows refer to nothing.
        """
        from .foreign_keys import no_dangling_rows
        from .table_copies import complete_copies

        assert context.connection is not None
        with no_dangling_rows(context.connection), complete_copies(context):
            yield

    def stored_column(
        self, connection: Connection, column: Column[Any]
    ) -> Mapping[str, Any]:
        """Return what ``PRAGMA table_xinfo`` says of it in a temporary table."""
        from ..temporary_column import stored_column

        return stored_column(connection, column)

    def schema_objects(self, connection: Connection) -> list[SchemaObject]:
        """Return views, triggers and virtual tables."""
        from .objects import schema_objects

        return schema_objects(connection)

    def stored_definitions(
        self, connection: Connection, tables: Collection[str]
    ) -> list[StoredDefinition]:
        """Return what statements say of tables and indexes."""
        from .definitions import stored_definitions

        return stored_definitions(connection, tables)

    def unread_objects(
        self, connection: Connection, tables: Collection[str]
    ) -> list[UncomparedObjects]:
        """Return tables of attached databases, and pragmas of the file."""
        from .definitions import unread_objects

        return unread_objects(connection, tables)

    def derived_tables(self, connection: Connection) -> frozenset[str]:
        """Return virtual tables and the tables that they keep their content in."""
        from .objects import derived_tables

        return derived_tables(connection)

    def test_server(self, engine: Engine, folder: Path) -> TestServer:
        """Return files, or copies in memory where that is what the engine has."""
        from . import server_for_tests

        if (
            server_for_tests.is_memory(engine.url)
            and engine.dialect.driver == "pysqlite"
        ):
            return server_for_tests.Memory()
        return server_for_tests.Files(folder)

    def test_server_key(self, url: URL) -> tuple[object, ...]:
        """Return what tells files from databases in memory, not one file from others."""
        from .server_for_tests import is_memory

        return "sqlite", url.get_driver_name(), is_memory(url)

    def shareable_url(self, url: URL) -> URL:
        """Return the URL of a file for that of a database in memory."""
        from .server_for_tests import is_memory

        return url.set(database="memory.db", query={}) if is_memory(url) else url
