"""PostgreSQL: advisory locks, timeouts of the session, and who blocks whom."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from .base import Backend
from .payloads import LockKey, Session
from .statements import between_transactions, committed, driver_error, mask, run
from .waiting import OnWait

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from .catalog import Catalog
    from .schema_objects import SchemaObject

LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
DEADLOCK_DETECTED = "40P01"
# The server ended the session: admin_shutdown, crash_shutdown, cannot_connect_now,
# database_dropped, idle_session_timeout, and all of class 08, connection exceptions.
_GONE = ("57P01", "57P02", "57P03", "57P04", "57P05")

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
        from .postgresql_lock import advisory_lock

        return advisory_lock(connection, key, timeout, on_wait)

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        """Return the sessions that hold the advisory lock now."""
        from .postgresql_lock import lock_holders

        return lock_holders(connection, key)

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
            with suppress(Exception):  # a broken connection takes its settings along
                if connection.in_transaction() and not inside:
                    connection.rollback()
                self._set(connection, before)

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
        from .postgresql_scratch import scratch

        with scratch(self, engine, url) as other:
            yield other

    def occupied(self, connection: Connection) -> bool:
        """Tell whether there is anything that does not belong to an extension."""
        from .postgresql_objects import occupied

        return occupied(connection)

    def empty(self, connection: Connection) -> None:
        """Drop all that a scratch database holds; schemas and extensions stay."""
        from .postgresql_objects import empty

        empty(connection)

    def without_making(self, type_: Any) -> bool:
        """Let an enum or a domain not be made with its table: several may use it."""
        from .postgresql_types import without_making

        return without_making(type_)

    def render_type(self, type_: Any) -> str | None:
        """Write the ``create_type=False`` that SQLAlchemy 2.0 leaves out."""
        from .postgresql_types import render_type

        return render_type(type_)

    def catalog(self) -> Catalog | None:
        """Return the system catalogs."""
        from .postgresql_catalog import PostgreSQLCatalog

        return PostgreSQLCatalog(self.dialect)

    def schema_objects(self, connection: Connection) -> list[SchemaObject]:
        """Return extensions, types, sequences, functions, views and triggers."""
        from .postgresql_objects import schema_objects

        return schema_objects(connection)


def session_of(row: Any) -> Session:
    """Return the session of a row of id, age, application, query and state."""
    pid, age, application, query, state = row
    if pid is None:
        return Session("0", application="a prepared transaction")
    if query == "<insufficient privilege>":
        query = None
    age = None if age is None else float(age)
    return Session(str(pid), age, application or None, mask(query), state)


def sqlstate(error: BaseException) -> str | None:
    """Return the five characters that PostgreSQL gives every error, if it is there."""
    original = driver_error(error)
    for attribute in ("sqlstate", "pgcode"):
        code = getattr(original, attribute, None)
        if isinstance(code, str):
            return code
    arguments = getattr(original, "args", ())
    if arguments and isinstance(arguments[0], dict):  # pg8000
        return arguments[0].get("C")
    return None
