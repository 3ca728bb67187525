"""A scratch database on a PostgreSQL server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from .scratch import database_beside, made_or_lent, not_allowed

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from .postgresql import PostgreSQL

_OBJECT_IN_USE = "55006"
_INSUFFICIENT_PRIVILEGE = "42501"


def scratch(
    backend: PostgreSQL, engine: Engine, url: URL | None = None
) -> AbstractContextManager[Engine]:
    """Give an engine for a database that is gone at the end.

    :param backend: Of the live database.
    :param engine: The app's engine.
    :param url: Another server, or an empty database to use as it is.
    """
    return made_or_lent(backend, engine, url, _new)


def _new(engine: Engine) -> AbstractContextManager[Engine]:
    return database_beside(engine, _create, _drop, "SELECT current_database()")


def _create(connection: Connection, name: str) -> None:
    from sqlalchemy.exc import DBAPIError

    from .postgresql import sqlstate

    try:
        try:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        except DBAPIError as error:
            if sqlstate(error) != _OBJECT_IN_USE:
                raise
            # Somebody is connected to template1, which cannot be copied then.
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
    except DBAPIError as error:
        if sqlstate(error) == _INSUFFICIENT_PRIVILEGE:
            raise not_allowed(connection.engine) from error
        raise


def _drop(connection: Connection, name: str) -> None:
    version = connection.dialect.server_version_info or (0,)
    force = " WITH (FORCE)" if version >= (13,) else ""
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")
