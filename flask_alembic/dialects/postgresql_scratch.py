"""A scratch database on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from .scratch import (
    created,
    engine_beside,
    made_or_lent,
    not_allowed,
    require_name,
    scratch_name,
)

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


@contextmanager
def _new(engine: Engine) -> Iterator[Engine]:
    name = scratch_name()
    with created(engine, name, lambda c: _create(c, name), lambda c: _drop(c, name)):
        other = engine_beside(engine, engine.url.set(database=name))
        try:
            require_name(other, "SELECT current_database()", name)
            yield other
        finally:
            other.dispose()


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
