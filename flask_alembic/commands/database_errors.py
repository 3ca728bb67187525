"""What a database refused while it was read: said with its name and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..dialects.connect_errors import where
from ..environment.translation import first_line, shown
from ..errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..environment.databases import Database

COLUMN = "version_num"
"""The only column of a version table."""


@contextmanager
def reading(database: Database) -> Iterator[None]:
    """Name the database when it refuses inside.

    :param database: The database that is read.
    :raises DatabaseError: For what the driver raised.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        raise DatabaseError(
            f"The {where(database.engine.url)} cannot be read: "
            f"{first_line(error.orig)}.",
            "Check the database, and what its user is permitted to do.",
        ) from error


@contextmanager
def reading_versions(
    database: Database, connection: Connection, name: str, schema: str | None = None
) -> Iterator[None]:
    """Say what is wrong when the version table cannot be read inside.

    :param database: The database.
    :param connection: The connection that reads it; rolled back after an error.
    :param name: The name of the version table.
    :param schema: Its schema.
    :raises DatabaseError: With the reason and the way out.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        with reading(database):
            connection.rollback()
            columns = _columns(connection, name, schema)
        if columns and COLUMN not in columns:
            raise DatabaseError(
                f"The table {shown(name)} in database {database.name!r} is no version "
                f"table: it has the columns {', '.join(map(repr, columns))}, but no "
                f"{COLUMN!r}.",
                "Rename or drop it, or give another name as "
                "ALEMBIC_CONTEXT['version_table']; then flask db stamp says where the "
                "database is.",
            ) from error
        with reading(database):
            raise


def _columns(connection: Connection, name: str, schema: str | None) -> tuple[str, ...]:
    """Return the columns of a table or view; empty when there is none."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import NoSuchTableError

    try:
        found = inspect(connection).get_columns(name, schema=schema)
    except NoSuchTableError:
        return ()
    return tuple(column["name"] for column in found)
