"""The migration lock of SQLite: a file beside the database.

``app.db`` is locked through ``.app.db.migration.lock``, which stays when it is free:
to remove it would let two runs lock two different files of one name. Who holds it
stands in ``.app.db.migration-holder.lock``, which goes with the lock.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..errors import DatabaseError
from .payloads import LockKey, Session
from .statements import between_transactions, run
from .waiting import OnWait, wait_for_lock

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.pool import Pool

logger = logging.getLogger("flask_alembic.dialects")

_guard = threading.Lock()
_in_memory: WeakKeyDictionary[Pool, threading.Lock] = WeakKeyDictionary()


@contextmanager
def file_lock(
    connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
) -> Iterator[None]:
    """Hold the lock; see :meth:`~flask_alembic.dialects.base.Backend.lock`."""
    database = database_file(connection)
    if database is None:
        with _memory_lock(connection, key, timeout, on_wait):
            yield
        return
    from filelock import FileLock, Timeout

    path, holder = _files(database)
    # Not reentrant and not bound to a thread: each run has a lock of its own.
    lock = FileLock(path, thread_local=False)

    def attempt() -> bool:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise DatabaseError(
                f"The lock file {path} cannot be made: {error.strerror or error}.",
                "Make the folder of the database writable, as SQLite needs it, or"
                ' switch the lock off (ALEMBIC["lock"] = False).',
            ) from error
        return True

    wait_for_lock(attempt, lambda: _read_holder(holder), key, timeout, on_wait)
    ours = _inode(path)
    try:
        _write_holder(holder)
        yield
    finally:
        if ours is None or _inode(path) != ours:
            logger.warning(
                "The migration lock of database %r was lost during the run: %s was"
                " removed; another run may have been at work at the same time",
                key.database,
                path,
            )
        else:
            with suppress(OSError):
                holder.unlink()
        lock.release()


def lock_holders(connection: Connection) -> tuple[Session, ...]:
    """Return who holds the lock file of a database now, if anybody does.

    The note of a process that was killed stays; whether its lock is held is asked by
    trying to take it.
    """
    from filelock import FileLock, Timeout

    database = database_file(connection)
    path, holder = _files(database) if database else (None, None)
    if path is None or holder is None or not holder.exists():
        return ()
    try:
        with FileLock(path, thread_local=False).acquire(blocking=False):
            return ()
    except (Timeout, OSError):
        with suppress(OSError, ValueError, KeyError):
            return _read_holder(holder)
    return ()


def _files(database: Path) -> tuple[Path, Path]:
    """Return the lock file beside a database, and the note of who holds it."""
    return (
        database.with_name(f".{database.name}.migration.lock"),
        database.with_name(f".{database.name}.migration-holder.lock"),
    )


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


def _inode(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return None


def _write_holder(path: Path) -> None:
    """Note who holds the lock, for those who wait; a word to people, no more."""
    note = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    with suppress(OSError):
        path.write_text(json.dumps(note), encoding="utf-8")


def _read_holder(path: Path) -> tuple[Session, ...]:
    note = json.loads(path.read_text(encoding="utf-8"))
    pid, host = int(note["pid"]), str(note["host"])
    age = max(0.0, time.time() - float(note["since"]))
    return (Session(str(pid), age, f"process {pid} on {host}"),)
