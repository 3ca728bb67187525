"""Test databases of SQLite: files, or copies in memory."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..server_for_tests import DatabaseFiles, TestServer, new_name

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine


def is_memory(url: URL) -> bool:
    """Return whether a URL means a database in memory.

    :param url: A URL of SQLite.
    """
    name = url.database or ":memory:"
    return ":memory:" in name or url.query.get("mode") == "memory"


class Files(DatabaseFiles):
    """Files in a folder; a copy is a copied file."""

    companions = ("-wal", "-shm", "-journal")

    def copy(self, template: str) -> str | None:
        """Copy the file; through SQLite where a write-ahead log belongs to it."""
        name = self.create()
        if not Path(template).exists():  # nothing was ever written
            return name
        if Path(f"{template}-wal").exists():
            with (
                closing(sqlite3.connect(template)) as source,
                closing(sqlite3.connect(name)) as target,
            ):
                source.backup(target)
        else:
            shutil.copyfile(template, name)
        return name

    def where(self, connection: Connection) -> str:
        """Return the file of the main database."""
        rows = connection.exec_driver_sql("PRAGMA database_list").all()
        return next((str(row[2]) for row in rows if row[1] == "main"), "")


class Memory(TestServer):
    """Databases in memory: an engine keeps its own, which is filled from a copy."""

    redirects = False

    def __init__(self) -> None:
        self._kept: dict[str, sqlite3.Connection] = {}

    def create(self) -> str:
        """Keep an empty database."""
        name = new_name()
        self._kept[name] = sqlite3.connect(":memory:", check_same_thread=False)
        return name

    def copy(self, template: str) -> str | None:
        """Keep a copy."""
        name = self.create()
        self._kept[template].backup(self._kept[name])
        return name

    def drop(self, name: str) -> None:
        """Forget a database."""
        self._kept.pop(name).close()

    def where(self, connection: Connection) -> str:
        """Return nothing: one in memory has no name."""
        return ""

    def load(self, engine: Engine, name: str) -> None:
        """Fill the engine's database."""
        with engine.connect() as connection:
            self._kept[name].backup(_driver_connection(connection))

    def save(self, engine: Engine, name: str) -> None:
        """Keep the engine's database."""
        with engine.connect() as connection:
            _driver_connection(connection).backup(self._kept[name])


def _driver_connection(connection: Connection) -> Any:
    return connection.connection.driver_connection
