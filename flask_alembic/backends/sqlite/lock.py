"""The migration lock of SQLite: a file beside the database, or a lock of threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..lock import LockKey, OnWait, Session, wait_for_lock
from ..lock_file import file_lock, file_lock_holders
from ..statements import between_transactions, run

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.pool import Pool

_guard = threading.Lock()
_in_memory: WeakKeyDictionary[Pool, threading.Lock] = WeakKeyDictionary()


@contextmanager
def lock(
    connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
) -> Iterator[None]:
    """Hold the lock; see :meth:`~flask_alembic.backends.base.Backend.lock`."""
    database = database_file(connection)
    if database is None:
        with _memory_lock(connection, key, timeout, on_wait):
            yield
        return
    with file_lock(database, key, timeout, on_wait):
        yield


def lock_holders(connection: Connection) -> tuple[Session, ...]:
    """Return who holds the lock file of a database now, if anybody does."""
    database = database_file(connection)
    return file_lock_holders(database) if database else ()


def database_file(connection: Connection) -> Path | None:
    """Return the file of the main database, None if it lives in memory.

    SQLite itself is asked, which knows what a URI or a relative path means.
    """
    with between_transactions(connection):
        for row in run(connection, "PRAGMA database_list"):
            if row[1] == "main" and row[2]:
                return Path(os.path.realpath(row[2]))
    return None


@contextmanager
def _memory_lock(
    connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
) -> Iterator[None]:
    """Let the threads that share an engine exclude each other."""
    with _guard:
        # By pool: engines made with execution_options() share it, as the database.
        lock = _in_memory.setdefault(connection.engine.pool, threading.Lock())
    ourselves = (Session(str(os.getpid()), application="another thread"),)
    wait_for_lock(
        lambda: lock.acquire(blocking=False), lambda: ourselves, key, timeout, on_wait
    )
    try:
        yield
    finally:
        lock.release()
