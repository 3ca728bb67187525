"""The index of the history: what every revision file says, without executing it.

A scan lists the version locations and asks for each script when it was changed and
how large it is. What an earlier scan read, in this process or before, stays true as
long as both are the same; every other script is read again. Neither Alembic nor
SQLAlchemy is imported.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable

from .index_folder import Folder, is_settled
from .listing import folder_changed
from .records import Record, Scan, Unread

__all__ = ["Index", "Record", "Scan", "Unread"]


class Index:
    """The revision files of some version locations.

    One object serves a process; several threads may use it.

    :param locations: Absolute paths of the version locations.
    :param recursive: Whether folders below them count.
    :param sourceless: Whether compiled files count.

    .. versionadded:: 4.0
    """

    def __init__(
        self,
        locations: Iterable[str | os.PathLike[str]],
        *,
        recursive: bool = False,
        sourceless: bool = False,
    ) -> None:
        self.locations = tuple(os.fspath(location) for location in locations)
        self.recursive = recursive
        self.sourceless = sourceless
        self._lock = threading.Lock()
        self._scan: Scan | None = None
        self._scanned_at = 0
        self._folders = [
            Folder(location, recursive, sourceless) for location in self.locations
        ]

    def scan(self) -> Scan:
        """Look at every script.

        What is new is kept for later processes in one file for each version
        location, where Python keeps compiled files; if it cannot be written there,
        it is not.

        :return: The same object as the last time when no script was added, changed
            or deleted since.

        .. versionadded:: 4.0
        """
        with self._lock:
            now = time.time_ns()
            seen: set[str] | None = set() if len(self._folders) > 1 else None
            changed = [folder.scan(now, seen) for folder in self._folders]
            self._scanned_at = now
            repeated = tuple(p for folder in self._folders for p in folder.repeated)
            if self._scan is None or any(changed) or repeated != self._scan.repeated:
                scripts = tuple(
                    entry.script
                    for folder in self._folders
                    for entry in folder.entries.values()
                )
                self._scan = Scan(scripts, repeated)
            return self._scan

    def touched(self) -> bool:
        """Tell whether files may have come, gone or been renamed since the last scan.

        Each folder is asked for its time of change, once. A file that is written in
        place does not change its folder: only :meth:`scan` sees that.

        .. versionadded:: 4.0
        """
        with self._lock:
            return self._scan is None or any(
                folder_changed(path) != changed
                or (changed >= 0 and not is_settled(changed, self._scanned_at))
                for folder in self._folders
                for path, changed in folder.folders.items()
            )

    def forget(self) -> None:
        """Drop all that is known, in memory and on disk: the next scan reads again.

        .. versionadded:: 4.0
        """
        with self._lock:
            self._scan = None
            for folder in self._folders:
                folder.forget()
