"""The migration lock of PostgreSQL: a session-level advisory lock.

It outlives commits, rollbacks and autocommit, and the server drops it when the session
ends, also when the process is killed.

Poolers that hand out server sessions per transaction (PgBouncer with
``pool_mode = transaction`` or ``statement``) break it: the next transaction of ours may
run in another session, and somebody else may be given the session that has our lock.
What shows them: the number of the session that the server told the driver at connect
differs from what ``pg_backend_pid()`` says; a second connection is given the very
session that we believe to be ours; consecutive transactions see different sessions.
What cannot be seen: a pooler that passes on the server's number and gives us the same
session each time while we look, and the first two signs with a driver that tells no
number (pg8000), so that only the third is left.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from ..lock import LockKey, OnWait, Session, wait_for_lock
from ..statements import between_transactions, committed, run

if TYPE_CHECKING:
    from sqlalchemy import Connection

logger = logging.getLogger("flask_alembic.backends")

_LOOKS = 3
_MINE = """
FROM pg_locks l
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (CAST(CAST(l.classid AS bigint) << 32 AS bigint)
       | CAST(l.objid AS bigint)) = CAST(:number AS bigint)
"""
_HOLDERS = f"""
SELECT a.pid, extract(epoch FROM clock_timestamp() - a.backend_start),
       a.application_name, a.query, a.state
FROM pg_stat_activity a WHERE a.pid IN (SELECT l.pid {_MINE})
"""
_LOOK = f"""
SELECT pg_backend_pid(),
       EXISTS (SELECT 1 {_MINE} AND l.pid = pg_backend_pid())
"""
_WHERE = """
SELECT current_database(), current_schema(), pg_backend_pid(),
       current_setting('application_name')
"""
_TRY = "SELECT pg_try_advisory_lock(CAST(:number AS bigint))"
_NAME = "SELECT set_config('application_name', :name, false)"
_RELEASE = """
SELECT pg_backend_pid(), pg_advisory_unlock(CAST(:number AS bigint)),
       set_config('application_name', :name, false)
"""


@contextmanager
def advisory_lock(
    connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
) -> Iterator[None]:
    """Hold the lock; see :meth:`~flask_alembic.backends.base.Backend.lock`."""
    inside = connection.in_transaction()
    number, session, name = _where(connection, key)
    told = _session_told(connection)
    if told not in (None, session):
        _refuse_shared_session(connection, session)

    def attempt() -> bool:
        with committed(connection):
            taken = bool(run(connection, _TRY, number).scalar())
            if taken and not name:
                run(connection, _NAME, {"name": _who_we_are()})
        return taken

    def holders() -> tuple[Session, ...]:
        return _holders(connection, number)

    wait_for_lock(attempt, holders, key, timeout, on_wait)
    try:
        if told != session:
            _verify(connection, number)
        yield
    finally:
        if connection.in_transaction() and not inside and not connection.closed:
            connection.rollback()
        _release(connection, key, {**number, "name": name or ""}, session)


def lock_holders(connection: Connection, key: LockKey) -> tuple[Session, ...]:
    """Return who holds the lock now."""
    return _holders(connection, _where(connection, key)[0])


def _where(connection: Connection, key: LockKey) -> tuple[dict[str, int], int, str]:
    """Return the number of the lock, our own session and its application name."""
    with between_transactions(connection):
        database, schema, session, name = tuple(run(connection, _WHERE).one())
    # The default schema counts as its name, so that a run that names it and one that
    # does not exclude each other.
    number = key.id
    if number is None:
        number = lock_number(database, key.schema or schema, key.version_table)
    return {"number": number}, session, name


def _holders(connection: Connection, number: dict[str, int]) -> tuple[Session, ...]:
    from .errors import session_of

    with between_transactions(connection):
        return tuple(session_of(row) for row in run(connection, _HOLDERS, number))


def lock_number(database: str, schema: str | None, version_table: str) -> int:
    """Return the signed 64-bit number of the lock."""
    parts = ("flask-alembic", database, schema or "", version_table)
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _who_we_are() -> str:
    """Return what those who wait for us are shown; the server keeps 63 bytes."""
    return f"flask-alembic, process {os.getpid()} on {socket.gethostname()}"[:63]


def _release(
    connection: Connection, key: LockKey, lock: dict[str, object], session: int
) -> None:
    """Release the lock, or make sure that it is gone; say so if it went before us."""
    if connection.closed:
        logger.warning("%s: the connection was closed under the lock", _what(key))
        return
    if connection.invalidated:
        logger.warning("%s: the session ended before its release", _what(key))
        return
    try:
        with committed(connection):
            row = run(connection, _RELEASE, lock).one()
    except Exception as error:
        # Never back to the pool with the lock: without the session there is none.
        connection.invalidate(error)
        logger.warning("%s: the session ended before its release", _what(key))
        return
    if row[0] != session or not row[1]:
        logger.warning(
            "%s was lost during the run: session %s has become %s; another run may"
            " have been running at the same time",
            _what(key),
            session,
            row[0],
        )


def _what(key: LockKey) -> str:
    return f"The migration lock of database {key.database!r}"


def _verify(connection: Connection, number: dict[str, int]) -> None:
    """See several times whether the lock stays ours.

    :raises ConfigurationError: if it does not; then it is held by nobody.
    """
    sessions = set()
    for _ in range(_LOOKS):
        with between_transactions(connection):
            row = run(connection, _LOOK, number).one()
        sessions.add(int(row[0]) if row[1] else 0)
    if len(sessions) != 1 or 0 in sessions:
        _drop_lock(connection, number)
        raise _pooler()


def _drop_lock(connection: Connection, number: dict[str, int]) -> None:
    """End the session that took our lock but is not ours, or it would stay for ever."""
    unlock = "SELECT pg_advisory_unlock(CAST(:number AS bigint))"
    end = f"SELECT pg_terminate_backend(l.pid) {_MINE} AND l.pid <> pg_backend_pid()"
    with suppress(Exception), between_transactions(connection):
        if not run(connection, unlock, number).scalar():
            run(connection, end, number)


def _refuse_shared_session(connection: Connection, session: int) -> None:
    """Refuse a pooler that lends our session to others, before there is a lock.

    :raises ConfigurationError: if a second connection is given our session.
    """
    from ..connection import own_connection

    beside, close = own_connection(connection.engine)
    try:
        if run(beside, "SELECT pg_backend_pid()").scalar() == session:
            raise _pooler()
    finally:
        close()


def _session_told(connection: Connection) -> int | None:
    """Return the session's number as the driver heard it at connect, if it tells."""
    driver = connection.connection.driver_connection
    info = getattr(driver, "info", None)  # psycopg, psycopg2
    told = getattr(info, "backend_pid", None)
    if told is None:
        ask = getattr(driver, "get_server_pid", None)  # asyncpg
        told = ask() if callable(ask) else None
    return told if isinstance(told, int) else None


def _pooler() -> ConfigurationError:
    return ConfigurationError(
        "A connection pooler such as PgBouncer shares our server session with others,"
        " so a migration lock would protect nothing.",
        "Give migrations a URL that leads to the server itself, or to a pool in session"
        ' mode; or switch the lock off (ALEMBIC["lock"] = False) and see to it that'
        " only one run goes on at a time.",
    )
