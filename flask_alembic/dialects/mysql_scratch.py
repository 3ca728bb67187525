"""A scratch database on a MySQL or MariaDB server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from .foreign_databases import guard
from .scratch import database_beside, made_or_lent, not_allowed
from .statements import run

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from .mysql import MySQL

# ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR
_NOT_ALLOWED = (1044, 1142, 1227)
_READABLE = ("information_schema", "performance_schema", "sys")


@contextmanager
def scratch(backend: MySQL, engine: Engine, url: URL | None = None) -> Iterator[Engine]:
    """Give an engine for a database that is gone at the end.

    :param backend: Of the live database.
    :param engine: The app's engine.
    :param url: Another server, or an empty database to use as it is.
    """
    with made_or_lent(backend, engine, url, _new) as other:
        _guard(other)
        yield other


def _new(engine: Engine) -> AbstractContextManager[Engine]:
    return database_beside(engine, _create, _drop, "SELECT DATABASE()")


def _create(connection: Connection, name: str) -> None:
    """Create a database with the character set and collation of the live one."""
    from sqlalchemy.exc import DBAPIError

    from .mysql import errno

    query = "SELECT @@character_set_database, @@collation_database"
    charset, collation = run(connection, query).one()
    try:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}"
        )
    except DBAPIError as error:
        if errno(error) in _NOT_ALLOWED:
            raise not_allowed(connection.engine) from error
        raise


def _drop(connection: Connection, name: str) -> None:
    # A session that was left in it would hold up the drop for a day.
    run(connection, "SET SESSION lock_wait_timeout = 20")
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")


def _guard(engine: Engine) -> None:
    """Let the engine refuse statements that name another database."""
    from sqlalchemy import event

    with engine.connect() as connection:
        own = run(connection, "SELECT DATABASE()").scalar()
        names = set(run(connection, "SHOW DATABASES").scalars())
    event.listen(engine, "before_cursor_execute", guard(names - {own, *_READABLE}))
