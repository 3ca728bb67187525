"""A migration lock that is a file: for databases that are files themselves.

``app.db`` is locked through ``.app.db.migration.lock``, which stays when it is free:
to remove it would let two runs lock two different files of one name. Who holds it
stands in ``.app.db.migration-holder.lock``, which goes with the lock.

It needs no write to the database and no open transaction, and the system frees it when
the process ends in whatever way.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DatabaseError
from .lock import LockKey, OnWait, Session, wait_for_lock

logger = logging.getLogger("flask_alembic.backends")


@contextmanager
def file_lock(
    database: Path, key: LockKey, timeout: float, on_wait: OnWait
) -> Iterator[None]:
    """Hold the lock of a database that is a file.

    :param database: The file of the database; the lock is a file beside it.
    :param key: What is locked; for messages.
    :param timeout: Seconds to wait; 0 tries once, less than 0 waits for ever.
    :param on_wait: Called after a second of waiting, then about every ten, with who
        holds the lock and the seconds waited.
    :raises LockNotObtained: when the time is over.
    :raises DatabaseError: if the file cannot be written.

    .. versionadded:: 4.0
    """
    from filelock import FileLock, Timeout

    path, holder = lock_files(database)
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
                "Make the folder of the database writable, or switch the lock off"
                ' (ALEMBIC["lock"] = False).',
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
                " removed; another run may have been running at the same time",
                key.database,
                path,
            )
        else:
            with suppress(OSError):
                holder.unlink()
        lock.release()


def file_lock_holders(database: Path) -> tuple[Session, ...]:
    """Return who holds the lock of :func:`file_lock` now, if anybody does.

    The note of a process that was killed stays; whether its lock is held is asked by
    trying to take it.

    :param database: The file of the database.

    .. versionadded:: 4.0
    """
    from filelock import FileLock, Timeout

    path, holder = lock_files(database)
    if not holder.exists():
        return ()
    try:
        with FileLock(path, thread_local=False).acquire(blocking=False):
            return ()
    except (Timeout, OSError):
        with suppress(OSError, ValueError, KeyError):
            return _read_holder(holder)
    return ()


def lock_files(database: Path) -> tuple[Path, Path]:
    """Return the lock file beside a database, and the note of who holds it.

    :param database: The file of the database.
    """
    return (
        database.with_name(f".{database.name}.migration.lock"),
        database.with_name(f".{database.name}.migration-holder.lock"),
    )


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
