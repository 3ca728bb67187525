"""One process at a time makes an id for a folder, until its file is written.

Two processes that looked at the same moment would find the same id free. So each
holds a lock from the moment it looks until its command ends. A process that waits
too long goes on without: then only the clock keeps ids apart.

The folder itself is locked, so that no file is left; where a folder cannot be, on
Windows, a file that the lock deletes.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

PATIENCE: Final = 20.0
"""How long another process is waited for, in seconds."""

_PAUSE: Final = 0.02

logger = logging.getLogger("flask_alembic_ids")

Release = Callable[[], None]

# Not on the plugin, which all apps and threads of a process share.
_held: ContextVar[Release | None] = ContextVar("flask_alembic_ids_lock", default=None)


def hold(folder: str) -> None:
    """Keep other processes from making an id for a folder.

    :param folder: The script directory.
    """
    release()
    try:
        _held.set(_acquire(folder))
    except TimeoutError as error:
        logger.warning("Another process may give the same revision id: %s", error)
    except OSError as error:
        # Some network file systems lock no folders.
        logger.debug("The folder %s cannot be locked: %s", folder, error)


def release() -> None:
    """Let others go on; does nothing when no lock is held."""
    held = _held.get()
    if held is not None:
        _held.set(None)
        held()


if sys.platform == "win32":

    def _acquire(folder: str) -> Release:
        from filelock import FileLock

        path = os.path.join(folder, ".ids.lock")
        lock = FileLock(path, timeout=PATIENCE, thread_local=False)
        lock.acquire()
        return lock.release

else:
    import fcntl

    def _acquire(folder: str) -> Release:
        number = os.open(folder, os.O_RDONLY)
        deadline = time.monotonic() + PATIENCE
        try:
            while True:
                try:
                    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return _Closing(number)
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise TimeoutError(
                            f"it has held {folder} for {PATIENCE:g} seconds"
                        ) from None
                time.sleep(_PAUSE)
        except BaseException:
            os.close(number)
            raise

    class _Closing:
        """Closes a file, which releases its lock; at the latest when forgotten."""

        def __init__(self, number: int) -> None:
            self._number: int | None = number

        def __call__(self) -> None:
            number, self._number = self._number, None
            if number is not None:
                os.close(number)

        __del__ = __call__
