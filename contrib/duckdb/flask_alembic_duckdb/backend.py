"""What Flask-Alembic and Alembic need to know about DuckDB."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.ddl.impl import DefaultImpl
from sqlalchemy import Column, String, Table

from flask_alembic.backends import (
    Backend,
    LockKey,
    Session,
    file_lock,
    file_lock_holders,
)
from flask_alembic.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from flask_alembic.testing import TestServer

_IN_USE = "Could not set lock on file"
_PAUSE = 0.1
_PATH = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"


class AlembicDuckDBImpl(DefaultImpl):
    """Alembic's implementation class: standard ``ALTER TABLE``, and DDL rolls back."""

    __dialect__ = "duckdb"
    transactional_ddl = True

    def create_table(self, table: Table, **kw: Any) -> None:
        """Create a table; its integer key is no ``SERIAL``, which DuckDB lacks."""
        for column in table.primary_key:
            column.autoincrement = False
        super().create_table(table, **kw)

    def compare_type(
        self, inspector_column: Column[Any], metadata_column: Column[Any]
    ) -> bool:
        """Return whether types differ; DuckDB keeps no length of a text."""
        both = (inspector_column.type, metadata_column.type)
        if all(isinstance(type_, String) for type_ in both):
            return False
        return super().compare_type(inspector_column, metadata_column)


class DuckDB(Backend):
    """DuckDB through ``duckdb-engine``."""

    name = "DuckDB"
    transactional_ddl = True
    enforces_length = False  # VARCHAR(32) is VARCHAR
    schemas_are_inside = True

    def where(self, url: URL) -> str:
        """Return the file, or ``:memory:``."""
        return f"DuckDB database {url.database or ':memory:'!r}"

    def connect(self, engine: Engine, seconds: float) -> Connection:
        """Connect; while another process has the file open, try again.

        DuckDB lets one process at a time open a file for writing, and does not wait.

        :raises DatabaseError: if the file is still open there when the time is over.
        """
        from .reflection import DuckDBInspector

        # What sqlalchemy.inspect() asks for, as for dialects with one of their own.
        engine.dialect.inspector = DuckDBInspector  # type: ignore[attr-defined]
        end = time.monotonic() + seconds
        while True:
            try:
                return super().connect(engine, seconds)
            except DatabaseError as error:
                if _IN_USE not in error.message:
                    raise
                if 0 < seconds <= seconds + time.monotonic() - end:
                    raise DatabaseError(
                        f"The {self.where(engine.url)} is open in another process, and "
                        f"was not closed within {seconds:g} seconds.",
                        "Stop that process; ALEMBIC['connect_timeout'] says how long "
                        "to wait.",
                    ) from error
            time.sleep(_PAUSE)

    def server_version(self, connection: Connection) -> str:
        """Return the version of the library, such as ``DuckDB 1.4.2``."""
        version = str(self.read(connection, "SELECT version()")[0][0])
        return f"{self.name} {version.removeprefix('v')}"

    def lock(
        self,
        connection: Connection,
        key: LockKey,
        timeout: float,
        on_wait: Callable[[tuple[Session, ...], float], None],
    ) -> AbstractContextManager[None]:
        """Hold a lock file beside the database; one in memory needs none."""
        path = self._path(connection)
        return file_lock(path, key, timeout, on_wait) if path else nullcontext()

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        """Return the process that holds the lock file now."""
        path = self._path(connection)
        return file_lock_holders(path) if path else ()

    def _path(self, connection: Connection) -> Path | None:
        """Return the file of the database, ``None`` if it is in memory."""
        path = self.read(connection, _PATH)[0][0]
        return Path(path).resolve() if path else None

    @contextmanager
    def scratch(self, engine: Engine, url: URL | None = None) -> Iterator[Engine]:
        """Give an engine for a file in a temporary folder, or for the one of ``url``."""
        import sqlalchemy as sa

        if url is not None:
            with super().scratch(engine, url) as other:
                yield other
            return
        with tempfile.TemporaryDirectory(prefix="flask-alembic-") as folder:
            path = str(Path(folder, "scratch.duckdb"))
            other = sa.create_engine(
                engine.url.set(database=path, query={}), poolclass=sa.NullPool
            )
            try:
                yield other
            finally:
                other.dispose()

    def test_server(self, engine: Engine, folder: Path) -> TestServer:
        """Return where the test kit makes files."""
        from .testing import DuckDBFiles

        return DuckDBFiles(folder)

    def test_server_key(self, url: URL) -> tuple[Any, ...]:
        """Return the same for every file: the test databases are files of their own."""
        return ("duckdb",)

    def shareable_url(self, url: URL) -> URL:
        """Return the URL of a file for that of a database in memory."""
        in_memory = (url.database or ":memory:").startswith(":memory:")
        return url.set(database="memory.duckdb", query={}) if in_memory else url
