"""One process at a time makes an id for a folder, until its file is written.

Two processes that looked at the same moment would find the same id free. So each
holds a lock from the moment it looks until its command ends. A process that waits
too long goes on without: then only the clock keeps ids apart.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

PATIENCE: Final = 20.0
"""How long another process is waited for, in seconds."""

logger = logging.getLogger("flask_alembic_ids")

# Not on the plugin, which all apps and threads of a process share.
_held: ContextVar[FileLock | None] = ContextVar("flask_alembic_ids_lock", default=None)


def hold(folder: str | os.PathLike[str]) -> None:
    """Keep other processes from making an id for a folder.

    :param folder: The script directory.
    """
    release()
    lock = FileLock(path_of(folder), timeout=PATIENCE, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, OSError) as error:
        logger.warning("Another process may give the same revision id: %s", error)
    else:
        _held.set(lock)


def release() -> None:
    """Let others go on; does nothing when no lock is held."""
    lock = _held.get()
    if lock is not None:
        _held.set(None)
        lock.release()


def path_of(folder: str | os.PathLike[str]) -> Path:
    """Return the lock file for a folder: in the system's folder for temporary files.

    :param folder: The script directory.
    """
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
    user = os.getuid() if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir(), f"flask-alembic-ids-{user}-{name}.lock")
