"""MySQL and MariaDB: named locks, timeouts of the session, and who blocks whom."""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ...errors import DatabaseError
from ..base import Backend
from ..lock import LockKey, OnWait, Session, wait_for_lock
from ..statements import between_transactions, run
from .drivers import DRIVERS
from .errors import errno

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import (
        URL,
        Column,
        Connection,
        Constraint,
        Engine,
        ForeignKeyConstraint,
        Index,
    )
    from sqlalchemy.types import TypeEngine

    from ..catalog import Catalog
    from ..schema_objects import SchemaObject, StoredDefinition, UncomparedObjects
    from ..scratch_templates import ScratchTemplates
    from ..server_for_tests import TestServer
    from ..statement_class import StatementClass
    from .journal import MySQLJournal

logger = logging.getLogger("flask_alembic.backends")

# https://mariadb.com/kb/en/mariadb-error-codes/ and MySQL's server error reference
LOCK_WAIT_TIMEOUT = (1205, 3572)  # ER_LOCK_WAIT_TIMEOUT, ER_LOCK_NOWAIT
DEADLOCK = 1213  # ER_LOCK_DEADLOCK
STATEMENT_TIMEOUT = (1969, 3024)  # MariaDB's and MySQL's
_GONE = (1053, 1927, 2006, 2013, 4031)  # shutdown, killed, gone, lost, idle for long

_JSON_COLUMNS = r"""
SELECT c.table_schema, c.table_name, c.column_name
FROM information_schema.check_constraints k JOIN information_schema.columns c
  ON c.table_schema = k.constraint_schema AND c.table_name = k.table_name
  AND c.column_name = k.constraint_name
WHERE k.level = 'Column' AND c.data_type = 'longtext'
  AND c.collation_name = 'utf8mb4_bin' AND k.check_clause = concat(
    'json_valid(`', replace(k.constraint_name, '`', '``'), '`)')
"""
_MOST = {"lock_wait_timeout": 31536000, "innodb_lock_wait_timeout": 100000000}


class MySQL(Backend):
    """MySQL from 5.7 and MariaDB from 10.5; DDL commits.

    .. versionadded:: 4.0
    """

    shared_objects = frozenset(
        {
            "DATABASE",
            "INSTANCE",
            "LOGFILE",
            "RESOURCE",
            "ROLE",
            "SCHEMA",
            "SERVER",
            "TABLESPACE",
            "UNDO",
            "USER",
        }
    )
    drivers = DRIVERS
    transactional_ddl = False

    @property
    def is_mariadb(self) -> bool:
        """Whether the server is MariaDB; known once a connection was made."""
        return bool(getattr(self.dialect, "is_mariadb", False))

    @property
    def name(self) -> str:
        """``MariaDB`` or ``MySQL``."""
        return "MariaDB" if self.is_mariadb else "MySQL"

    def connect_args(self, seconds: float) -> dict[str, Any]:
        """Return the driver's limit.

        PyMySQL, aiomysql and asyncmy stop counting before the server's first word:
        :meth:`connect` bounds them from outside.
        """
        driver = self.dialect.driver
        whole = max(1, math.ceil(seconds))
        if driver == "mysqlconnector":
            return {"connection_timeout": whole}
        if driver in ("pymysql", "mysqldb", "mariadbconnector"):
            return {"connect_timeout": whole}
        if driver in ("aiomysql", "asyncmy"):
            from importlib import import_module

            creator = import_module(driver).connect
            return {"connect_timeout": whole, "async_creator_fn": creator}
        return {}

    def connect(self, engine: Engine, seconds: float) -> Connection:
        """Connect to a database; a server that has selected none is refused.

        :param engine: Whose pool gives the connection.
        :param seconds: The bound.
        :raises DatabaseError: When it cannot be reached, or the URL names no database.
        """
        connection = super().connect(engine, seconds)
        if self.dialect.default_schema_name is None:
            connection.close()
            raise DatabaseError(
                f"The URL of the {self.name} server at {engine.url.host} names no "
                "database: it has to end in /NAME.",
                "Add the database to the URL.",
            )
        return connection

    def server_version(self, connection: Connection) -> str:
        """Return such as ``MariaDB 10.11.6``."""
        with between_transactions(connection):
            version = str(run(connection, "SELECT VERSION()").scalar())
        return f"{self.name} {version.partition('-')[0]}"

    def session_id(self, connection: Connection) -> str | None:
        """Return the server's ``CONNECTION_ID()``."""
        with between_transactions(connection):
            return str(run(connection, "SELECT CONNECTION_ID()").scalar())

    @contextmanager
    def lock(
        self, connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
    ) -> Iterator[None]:
        """Hold a named lock (``GET_LOCK``) on the run's own connection.

        It outlives commits, rollbacks and DDL, and the server drops it when the
        session ends. It belongs to one server: the nodes of a Galera or Group
        Replication cluster do not share it, so migrations go to one node only.
        """
        from .sessions import lock_holders

        inside = connection.in_transaction()
        name = {"name": lock_name(connection, key)}

        def attempt() -> bool:
            with between_transactions(connection):
                taken = run(connection, "SELECT GET_LOCK(:name, 0)", name).scalar()
            return bool(taken == 1)

        def holders() -> tuple[Session, ...]:
            return lock_holders(connection, name["name"])

        wait_for_lock(attempt, holders, key, timeout, on_wait)
        try:
            yield
        finally:
            if connection.in_transaction() and not inside and not connection.closed:
                connection.rollback()
            _release(connection, key, name)

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        """Return the sessions that hold the named lock now."""
        from .sessions import lock_holders

        return lock_holders(connection, lock_name(connection, key))

    @contextmanager
    def timeouts(
        self,
        connection: Connection,
        *,
        ddl_lock: float | None = None,
        statement: float | None = None,
    ) -> Iterator[None]:
        """Set ``lock_wait_timeout``, ``innodb_lock_wait_timeout`` and a time limit.

        The limit of a statement is ``max_statement_time`` on MariaDB. On MySQL it is
        ``max_execution_time``, which ends ``SELECT`` only: MySQL has none for others.
        Locks are counted in whole seconds, rounded up.
        """
        wanted: dict[str, float] = {}
        for variable, most in _MOST.items():
            if ddl_lock is not None:
                wanted[variable] = math.ceil(ddl_lock) if ddl_lock > 0 else most
        if statement is not None and self.is_mariadb:
            wanted["max_statement_time"] = max(0.0, statement)
        elif statement is not None:
            wanted["max_execution_time"] = max(0, math.ceil(statement * 1000))
        before = self._set(connection, wanted)
        try:
            yield
        finally:
            # A broken connection takes its settings along: nothing is set on a new one.
            if not connection.closed and not connection.invalidated:
                with suppress(Exception):
                    self._set(connection, before)

    @contextmanager
    def reading_limit(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Set ``lock_wait_timeout``: only the lock of a table keeps a reader waiting."""
        before = run(connection, "SELECT @@SESSION.lock_wait_timeout").scalar()
        run(connection, f"SET SESSION lock_wait_timeout = {max(1, math.ceil(seconds))}")
        try:
            yield
        finally:
            if not connection.closed and not connection.invalidated:
                with suppress(Exception):
                    run(connection, f"SET SESSION lock_wait_timeout = {before}")

    @staticmethod
    def _set(connection: Connection, variables: dict[str, float]) -> dict[str, float]:
        """Set variables for the session; return what they were."""
        before = {}
        with between_transactions(connection):
            for variable, value in variables.items():
                now = run(connection, f"SELECT @@SESSION.{variable}").scalar()
                before[variable] = float(now) if "statement" in variable else int(now)
                run(connection, f"SET SESSION {variable} = {value}")
        return before

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Tell whether a lock of a row or of a table's metadata was not free in time.

        InnoDB rolls back the statement only, not the transaction.
        """
        return errno(error) in LOCK_WAIT_TIMEOUT

    def is_deadlock(self, error: BaseException) -> bool:
        """Tell whether the server rolled back this transaction to solve a deadlock."""
        return errno(error) == DEADLOCK

    def is_statement_timeout(self, error: BaseException) -> bool:
        """Tell whether the server ended the statement because it took too long."""
        return errno(error) in STATEMENT_TIMEOUT

    def is_disconnect(self, error: BaseException) -> bool:
        """Tell whether the session is gone, ended by the server or the network."""
        return errno(error) in _GONE or super().is_disconnect(error)

    def blockers(self, observer: Connection, session_id: str) -> tuple[Session, ...]:
        """Return who holds what the session waits for; see :mod:`.mysql_sessions`."""
        from .sessions import blockers

        return blockers(observer, int(session_id))

    def commits_implicitly(self, statement: str) -> bool:
        """Tell whether the server commits by itself when it executes a statement.

        True also for what may do so: ``CALL`` and ``EXECUTE``.
        """
        return self.classify(statement).commits

    def classify(
        self, statement: str, functions: Collection[str] = ()
    ) -> StatementClass:
        """Return what a statement does; unknown ones may change and may commit.

        :param statement: Its text.
        :param functions: The names of stored functions that are known, in lower case.
        """
        from .statement_rules import classify

        return classify(statement, functions)

    def is_autocommit(self, connection: Connection) -> bool:
        """Tell what the driver has set, too."""
        driver: Any = connection.connection.dbapi_connection
        ask = getattr(driver, "get_autocommit", None)  # PyMySQL, mysqlclient, aiomysql
        return super().is_autocommit(connection) or (callable(ask) and bool(ask()))

    def has_session(self, connection: Connection, session_id: str) -> bool | None:
        """Tell whether the process list has the session."""
        query = (
            "SELECT count(*) FROM information_schema.processlist WHERE id = :session"
        )
        return bool(self.read(connection, query, {"session": int(session_id)})[0][0])

    def journal(self, connection: Connection, key: LockKey) -> MySQLJournal:
        """Return the journal of statements beside the version table."""
        from .journal import MySQLJournal

        return MySQLJournal(self, connection, key)

    def own_tables(self, key: LockKey) -> frozenset[str]:
        """Return the name of the journal's table."""
        from .journal import journal_table_name

        return frozenset({journal_table_name(key)})

    @contextmanager
    def scratch(self, engine: Engine, url: URL | None = None) -> Iterator[Engine]:
        """Give an engine for a new database of the server.

        It refuses statements that name another database of the server. Where databases
        may not be created, ``url`` may name an empty one.
        """
        from .scratch import scratch

        with scratch(self, engine, url) as other:
            yield other

    def literal(self, value: object) -> str | None:
        """Return a value as it stands in SQL text, as drivers of MySQL and MariaDB write it.

        :param value: The value.
        :raises ValueError: When the database has no such value.
        """
        from ..literals import mysql_literal

        return mysql_literal(value)

    def scratch_templates(
        self, engine: Engine, folder: Path | None, project: str, url: URL | None = None
    ) -> ScratchTemplates | None:
        """Return databases on the server."""
        from .scratch import MySQLTemplates

        return MySQLTemplates(self, engine, url, project)

    @property
    def escapes_with_backslash(self) -> bool:
        """Return that it does, unless NO_BACKSLASH_ESCAPES is set."""
        return True

    @property
    def renames_with_definition(self) -> bool:
        """Whether a column is renamed by a statement that defines it once more."""
        return True

    @property
    def keys_need_index(self) -> bool:
        """Return that InnoDB makes one where there is none."""
        return True

    def index_of(self, constraint: ForeignKeyConstraint) -> str:
        """Return the constraint's name, or its first column's if it has none."""
        return str(constraint.name or constraint.column_keys[0])

    def has_named(self, constraint: ForeignKeyConstraint) -> bool:
        """Tell whether the name is like ``book_ibfk_1``."""
        pattern = rf"{re.escape(constraint.table.name)}_ibfk_\d+"
        return re.fullmatch(pattern, str(constraint.name)) is not None

    def is_made_name(self, item: Constraint | Index) -> bool:
        """Tell whether the name is like ``book_ibfk_1``, ``CONSTRAINT_1`` or a column's.

        An index is called like its first column, also one that a foreign key has brought
        and left behind.
        """
        from .names import is_made_name

        return is_made_name(item)

    def catalog(self) -> Catalog | None:
        """Return the ``information_schema`` of MariaDB; MySQL writes otherwise."""
        from .catalog import MySQLCatalog

        return MySQLCatalog(self.dialect) if self.is_mariadb else None

    def overlooked_types(
        self, connection: Connection
    ) -> Mapping[tuple[str | None, str, str], TypeEngine[Any]]:
        """Return the columns of MariaDB that were made as ``JSON``.

        It keeps the type as ``LONGTEXT`` with a check of its own.
        """
        from sqlalchemy import JSON

        version = connection.dialect.server_version_info or (0,)
        if not self.is_mariadb or version < (10, 5, 10):
            return {}
        default = connection.dialect.default_schema_name
        rows = run(connection, _JSON_COLUMNS).all()
        return {
            (None if schema == default else schema, table, column): JSON()
            for schema, table, column in rows
        }

    def stored_column(
        self, connection: Connection, column: Column[Any]
    ) -> Mapping[str, Any]:
        """Return what ``SHOW CREATE TABLE`` says of it in a temporary table.

        With the character set of its table, which is not repeated for a column.
        """
        from ..temporary_column import stored_column

        options = "".join(
            f" {word}={value}"
            for name, word in (("charset", "CHARSET"), ("collate", "COLLATE"))
            for prefix in (self.dialect.name, "mysql")
            for option, value in column.table.kwargs.items()
            if option.lower() in (f"{prefix}_{name}", f"{prefix}_default_{name}")
        )
        return stored_column(connection, column, options)

    def schema_objects(self, connection: Connection) -> list[SchemaObject]:
        """Return sequences, routines, views, triggers, events and grants."""
        from .objects import schema_objects

        return schema_objects(connection)

    def stored_definitions(
        self, connection: Connection, tables: Collection[str]
    ) -> list[StoredDefinition]:
        """Return the lines of ``SHOW CREATE TABLE``."""
        from .definitions import stored_definitions

        return stored_definitions(connection, tables)

    def unread_objects(
        self, connection: Connection, tables: Collection[str]
    ) -> list[UncomparedObjects]:
        """Return what no query here reads, and who has defined what."""
        from .unread import unread_objects

        return unread_objects(connection, tables)

    def is_same_kind(self, url: URL) -> bool:
        """Return whether the URL names MySQL or MariaDB, whose names are mixed."""
        return url.get_backend_name() in ("mysql", "mariadb")

    def test_server(self, engine: Engine, folder: Path) -> TestServer:
        """Return the server, where databases are copied statement by statement."""
        from .server_for_tests import MySQLServer

        return MySQLServer(engine)


def lock_name(connection: Connection, key: LockKey) -> str:
    """Return the name of the lock, not above 64 characters.

    The lock is the server's, so the database is part of it. A schema is a database
    here, and the default one counts as its name.
    """
    if key.id is not None:
        return str(key.id)
    with between_transactions(connection):
        database = run(connection, "SELECT DATABASE()").scalar()
    parts = ("flask-alembic", key.schema or database or "", key.version_table)
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
    return f"flask-alembic-{digest}"


def _release(connection: Connection, key: LockKey, name: dict[str, str]) -> None:
    """Release the lock, or make sure that it is gone; say so if it went before us."""
    what = f"The migration lock of database {key.database!r}"
    if connection.closed:
        logger.warning("%s: the connection was closed under the lock", what)
        return
    if connection.invalidated:
        logger.warning("%s: the session ended before its release", what)
        return
    try:
        with between_transactions(connection):
            released = run(connection, "SELECT RELEASE_LOCK(:name)", name).scalar()
    except Exception as error:
        # Never back to the pool with the lock: without the session there is none.
        connection.invalidate(error)
        logger.warning("%s: the session ended before its release", what)
        return
    if released != 1:
        logger.warning(
            "%s was lost during the run: the connection was replaced; another run may"
            " have been running at the same time",
            what,
        )
