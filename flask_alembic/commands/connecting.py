"""Connections of one command: opened through the hook, closed whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ..dialects import backend_for
from ..environment.databases import Database, choose
from ..errors import DatabaseError, HookError
from ..hooks import specs
from .database_errors import reading_versions

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..environment.objects import Environment
    from ..hooks.dispatch import Hooks

logger = logging.getLogger("flask_alembic.commands")


@contextmanager
def connected(
    environment: Environment, hooks: Hooks, database: Database
) -> Iterator[Connection]:
    """Connect to a database for as long as a command needs it.

    What is still open at the end is rolled back.

    :param environment: The app's environment.
    :param hooks: The dispatcher of the command.
    :param database: The database.
    :raises DatabaseError: When it cannot be reached in ``connect_timeout``.
    """
    connection = open_connection(environment, hooks, database)
    try:
        yield connection
    finally:
        close(connection)


def open_connection(
    environment: Environment, hooks: Hooks, database: Database
) -> Connection:
    """Open a connection through the ``open_connection`` hook.

    :param environment: The app's environment.
    :param hooks: The dispatcher of the command.
    :param database: The database.
    """
    backend = backend_for(database.engine.dialect)
    seconds = environment.settings.of("connect_timeout", database.name)
    try:
        connection = hooks.around(
            specs.open_connection,
            lambda: backend.connect(database.engine, seconds),
            database=database.name,
            engine=database.engine,
        )
    except DatabaseError as error:
        if len(environment.databases()) > 1:
            # What is said names the server's database, which may have another name.
            error.advice += f" In the app this is the database {database.name!r}."
        raise
    if not hasattr(connection, "in_transaction"):
        raise HookError(
            f"open_connection gave {connection!r} for database {database.name!r}.",
            "A wrapper must return the connection that yield gave it.",
            hook="open_connection",
        )
    return connection


def close(connection: Connection) -> None:
    """Roll back what is open and close, whatever state the connection is in.

    :param connection: The connection.
    """
    try:
        if connection.in_transaction():
            connection.rollback()
    except Exception as error:
        logger.debug("Rolling back before closing failed", exc_info=error)
    try:
        connection.close()
    except Exception as error:
        logger.debug("Closing a connection failed", exc_info=error)


def heads_of(
    environment: Environment,
    hooks: Hooks,
    names: Iterable[str] = (),
    read: Callable[[Database, Connection], None] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Read which revisions databases are at.

    :param environment: The app's environment.
    :param hooks: The dispatcher of the command.
    :param names: The databases to ask; all for none.
    :param read: What else to read while each connection is open.
    :return: Ids by database name; no transaction is left open.
    """
    heads: dict[str, tuple[str, ...]] = {}
    with ExitStack() as stack:
        for database in choose(environment.databases(), names):
            connection = stack.enter_context(connected(environment, hooks, database))
            heads[database.name] = current_heads(environment, database, connection)
            if read is not None:
                read(database, connection)
            if connection.in_transaction():
                connection.rollback()
    return heads


def current_heads(
    environment: Environment, database: Database, connection: Connection
) -> tuple[str, ...]:
    """Return the ids in the version table, sorted; empty without a table.

    The caller ends the transaction that reading has begun.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it.
    :raises DatabaseError: When the table cannot be read, with the way out.
    """
    import sqlalchemy as sa
    from sqlalchemy.exc import DBAPIError

    options = environment.version_options(database.name)
    name = options.get("version_table", "alembic_version")
    schema = options.get("version_table_schema")
    # A table clause is compiled once for all calls: it is cached by its name, where
    # a Table is cached by itself.
    table = sa.table(name, sa.column("version_num"), schema=schema)
    query = sa.select(table.c.version_num)
    with reading_versions(database, connection, name, schema):
        try:
            heads = connection.execute(query).scalars().all()
        except DBAPIError as error:
            # One query where there is a table; a second one says whether there is
            # none.
            if error.connection_invalidated:
                raise
            connection.rollback()
            if not sa.inspect(connection).has_table(name, schema=schema):
                return ()
            # Another process may have made it in between; any other error comes
            # again.
            connection.rollback()
            heads = connection.execute(query).scalars().all()
    return tuple(sorted(heads, key=lambda head: (head is not None, str(head))))
