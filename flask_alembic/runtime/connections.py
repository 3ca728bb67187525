"""Connections of one command: opened through the hook, closed whatever happens."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final

from ..errors import DatabaseError, HookError
from ..hooks import specs
from ..hooks.dispatcher import unanswered
from ..hooks.redaction import first_line, shown
from .databases import Database, choose

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..backends.lock import Session
    from ..hooks.dispatcher import Hooks
    from .environment import Environment

LIMIT: Final = 10.0
"""How long reading may wait where connecting may take for ever, in seconds."""

EARLY: Final = 0.3
"""How long a query may wait before somebody is asked, where it is known to wait."""

LOOK: Final = 2.0
"""How long a locked table is waited for while somebody asks who locks it."""

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
            f"The {database.backend.where(database.engine.url)} cannot be read: "
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


logger = logging.getLogger("flask_alembic.runtime")


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
    try:
        with environment.active():
            connection = hooks.wrapper(
                specs.open_connection,
                unanswered,
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


def roll_back(connection: Connection) -> None:
    """Roll back what is open, even where only the driver knows of it.

    After a COMMIT that failed, SQLAlchemy holds the transaction for ended, while the
    server may not. A connection that cannot do it is given up.

    :param connection: The connection, in whatever state.
    """
    if connection.closed or connection.invalidated:
        return
    try:
        connection.rollback()
        driver: Any = connection.connection.dbapi_connection
        driver.rollback()
    except Exception as error:
        logger.debug("Rolling back failed", exc_info=error)
        connection.invalidate(error)


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


def default_schema(connection: Connection) -> str | None:
    """Return where tables without a schema are; ``None`` where the server decides.

    :param connection: Its ``schema_translate_map`` may say so.
    """
    options = connection.get_execution_options()
    translations: Mapping[str | None, str | None] = (
        options.get("schema_translate_map") or {}
    )
    return translations.get(None)


def reading_limit(environment: Environment, name: str) -> float:
    """Return how long reading a database may wait, in seconds.

    That is ``connect_timeout``, or its default where that is for ever.

    :param environment: The app's environment.
    :param name: The name of the database.
    """
    return environment.settings.of("connect_timeout", name) or LIMIT


def current_heads(
    environment: Environment,
    database: Database,
    connection: Connection,
    seconds: float | None = None,
    *,
    is_limited: bool = True,
) -> tuple[str, ...]:
    """Return the ids in the version table, sorted; empty without a table.

    The caller ends the transaction that reading has begun.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it.
    :param seconds: How long to wait for a lock; ``connect_timeout`` by default.
    :param is_limited: Whether to limit that at all; else the connection does.
    :raises DatabaseError: When the table cannot be read, with the way out.
    """
    import sqlalchemy as sa
    from sqlalchemy.exc import DBAPIError

    environment.ask_contexts(database, connection)
    options = environment.version_options(database.name)
    name = options.get("version_table", "alembic_version")
    schema = options.get("version_table_schema")
    # A table clause is compiled once for all calls: it is cached by its name, where
    # a Table is cached by itself.
    table = sa.table(name, sa.column("version_num"), schema=schema)
    query = sa.select(table.c.version_num)
    seconds = seconds or reading_limit(environment, database.name)

    def read(limit: float) -> Sequence[str]:
        with (
            database.backend.reading_limit(connection, limit)
            if is_limited
            else nullcontext()
        ):
            return connection.execute(query).scalars().all()

    with reading_versions(database, connection, name, schema):
        try:
            heads = read(seconds)
        except DBAPIError as error:
            # One query where there is a table; a second one says whether there is
            # none.
            if error.connection_invalidated:
                raise
            connection.rollback()
            if not is_limited and database.backend.is_lock_timeout(error):
                raise
            if database.backend.is_lock_timeout(error):
                heads = _read_behind_lock(database, connection, name, read)
                return _sorted(heads)
            if not sa.inspect(connection).has_table(name, schema=schema):
                return ()
            # Another process may have made it in between; any other error comes
            # again.
            connection.rollback()
            heads = read(seconds)
    return _sorted(heads)


def _sorted(heads: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(heads, key=lambda head: (head is not None, str(head))))


@contextmanager
def asked_who_blocks(
    database: Database, connection: Connection
) -> Iterator[list[Session]]:
    """Ask who a connection waits for while a query runs inside.

    :param database: The database.
    :param connection: The connection, no transaction open.
    :return: The sessions; complete at the end of the block.
    """
    sessions: list[Session] = []
    backend = database.backend
    session = None if database.is_async else backend.session_id(connection)
    if session is None:
        yield sessions
        return

    def ask() -> None:
        time.sleep(EARLY)
        try:
            observer = backend.connect(database.engine, LOOK)
        except Exception as error:
            logger.debug("Nobody could be asked who blocks", exc_info=error)
            return
        try:
            sessions.extend(backend.blockers(observer, session))
        except Exception as error:
            logger.debug("Nobody could be asked who blocks", exc_info=error)
        finally:
            close(observer)

    thread = threading.Thread(target=ask, name="flask-alembic-ask", daemon=True)
    thread.start()
    try:
        yield sessions
    finally:
        thread.join()


def _read_behind_lock(
    database: Database,
    connection: Connection,
    name: str,
    read: Callable[[float], Sequence[str]],
) -> Sequence[str]:
    """Read the version table once more, and ask meanwhile who keeps it locked.

    :param database: The database.
    :param connection: The connection that waits.
    :param name: The name of the version table.
    :param read: Reads it in so many seconds.
    :raises DatabaseError: When it is still locked, naming who locks it.
    """
    from sqlalchemy.exc import DBAPIError

    with asked_who_blocks(database, connection) as sessions:
        try:
            return read(LOOK)
        except DBAPIError as error:
            if not database.backend.is_lock_timeout(error):
                raise
            refused = error
    with suppress(DBAPIError):
        connection.rollback()
    by = "; ".join(map(str, sessions)) or "another session"
    raise DatabaseError(
        f"The version table {shown(name)} in database {database.name!r} is locked by "
        f"{by}.",
        "Let that session end its transaction, or end the session; then run the "
        "command again.",
    ) from refused
