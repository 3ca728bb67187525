"""A database that Flask-Alembic does not know, with a backend: as a stranger writes it.

Real files of SQLite behind a dialect of another name, which Alembic does not know
either: its implementation class stands here, as it would in a plugin's module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.ddl.sqlite import SQLiteImpl

from flask_alembic.backends import (
    Backend,
    LockKey,
    Session,
    file_lock,
    file_lock_holders,
)
from flask_alembic.testing import DatabaseFiles, TestServer

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class StrangeImpl(SQLiteImpl):
    """What Alembic needs."""

    __dialect__ = "strange"
    transactional_ddl = True


class Minimal(Backend):
    """A backend that overrides nothing."""


class Strange(Backend):
    """A backend with a lock, a version, scratch databases and test databases."""

    name = "StrangeDB"
    transactional_ddl = True

    def server_version(self, connection: Connection) -> str:
        return f"{self.name} {self.read(connection, 'SELECT 40 + 2')[0][0]}"

    def lock(
        self, connection: Connection, key: LockKey, timeout: float, on_wait: Any
    ) -> AbstractContextManager[None]:
        return file_lock(file_of(connection.engine), key, timeout, on_wait)

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        return file_lock_holders(file_of(connection.engine))

    def test_server(self, engine: Engine, folder: Path) -> TestServer:
        return StrangeFiles(folder)


class StrangeFiles(DatabaseFiles):
    """Test databases in files."""

    suffix = ".strange"

    def where(self, connection: Connection) -> str:
        return str(connection.exec_driver_sql("PRAGMA database_list").one()[2])


def file_of(engine: Engine) -> Path:
    return Path(str(engine.url.database))


@contextmanager
def dialect() -> Iterator[None]:
    """Let SQLAlchemy know ``strange://`` and ``nameless://``, as an installed dialect does."""
    registry = sa.dialects.registry
    registry.register("strange", "strange_dialect", "StrangeDialect")
    registry.register("nameless", "strange_dialect", "NamelessDialect")
    try:
        yield
    finally:
        for name in ("strange", "nameless"):
            registry.impls.pop(name, None)
