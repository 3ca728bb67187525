"""One version location: what is known of its scripts, in memory and on disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from . import index_cache as index_store
from .files import RevisionFileEntry, folder_changed, is_script, list_files, list_plain
from .records import FolderScan, RevisionRecord, Script, UnreadFile

if TYPE_CHECKING:
    from .header import Header

_GRANULARITY = 2_000_000_000
# How long, in ns, a file may change again without a new time of change: FAT counts in
# steps of two seconds, HFS+ in one, Linux in clock ticks. A younger file is read again
# the next time ("racy git", https://git-scm.com/docs/racy-git).

_BROKEN = -1
# The size of a file that a link leads to and that is not there.

_CONSTANT = 315_705_600_000_000_000
# 1980-01-03, in ns. Up to here a time of change is one that archives and reproducible
# builds give to every file (zip: 1980-01-01, Nix: 1970-01-01), and says nothing.


class Entry(NamedTuple):
    """What is known of one script."""

    mtime_ns: int
    size: int
    script: Script
    digest: str
    """Of its content; empty when it could not be read."""

    settled: bool
    """Whether any later change would show in time or size."""


class Folder:
    """The scripts of one version location.

    :param location: Its absolute path.
    :param recursive: Whether folders below it count.
    :param sourceless: Whether compiled files count.
    :param stored: Whether what is known is kept on disk.

    .. versionadded:: 4.0
    """

    def __init__(
        self, location: str, recursive: bool, sourceless: bool, stored: bool = True
    ) -> None:
        self.location = location
        self.is_stored = stored
        self.recursive = recursive
        self.sourceless = sourceless
        self.folders: dict[str, int] = {}
        self.entries: dict[str, Entry] = {}
        self.repeated: list[str] = []
        self._root: str | None = None
        self._index: str | None = None

    def scan(self, now: int, seen: set[str] | None) -> bool:
        """Bring what is known up to date, and the index on disk with it.

        :param now: The time before the scan, in ns.
        :param seen: The real paths of every file met so far; this adds its own.
            ``None`` where this is the only location.
        :return: Whether anything is different from the last scan.
        """
        root = os.path.realpath(self.location)
        first = root != self._root
        stored: dict[str, object] = {}
        if first:
            self._root, self.entries = root, {}
            self._index = index_store.index_path(root) if self.is_stored else None
            stored = index_store.load(self._index) if self._index else {}
        entries: dict[str, Entry] = {}
        remembered = self.entries
        changed = unsaved = False
        for key, path, mtime_ns, size in self._list(root, seen):
            known = remembered.get(key)
            if known is not None:
                if known.settled and known.mtime_ns == mtime_ns and known.size == size:
                    entries[key] = known
                    continue
            elif key in stored:
                found = index_store.script_of(stored[key], mtime_ns, size, path)
                if found is not None:
                    entries[key] = Entry(mtime_ns, size, *found, True)
                    changed = True
                    continue
            entry = _read(
                path, mtime_ns, size, is_settled(mtime_ns, now), stored.get(key)
            )
            entries[key] = entry
            changed = changed or known is None or entry[:4] != known[:4]
            if known is None:
                unsaved = unsaved or _stored(entry) != stored.get(key)
            else:
                unsaved = unsaved or entry != known
        moved = list(entries) != list(remembered)
        gone = not stored.keys() <= entries.keys() if first else moved
        self.entries = entries
        if unsaved or gone:
            self._save()
        return changed or moved

    def _list(
        self, root: str, seen: set[str] | None
    ) -> Iterable[tuple[str, str, int, int]]:
        """Return key, path, time of change and size of each script that is there."""
        self.repeated = []
        if seen is None and not self.recursive and not self.sourceless:
            plain = list_plain(root)
            if plain is not None:
                self.folders = {root: plain.changed}
                return plain.scripts
        listed, self.folders = list_files(
            root,
            os.path.basename(os.path.normpath(self.location)),
            recursive=self.recursive,
            sourceless=self.sourceless,
        )
        return _asked(self._scripts(listed, set() if seen is None else seen))

    def _scripts(
        self, listed: list[RevisionFileEntry], seen: set[str]
    ) -> list[RevisionFileEntry]:
        """Return the files that are scripts and were not met before."""
        scripts: list[RevisionFileEntry] = []
        for file in listed:
            if file.path in seen:
                self.repeated.append(file.path)
                continue
            seen.add(file.path)
            if is_script(file.path, self.sourceless):
                scripts.append(file)
        return scripts

    def _save(self) -> None:
        # With files left out as met before, another location may own this index; for a
        # location that is gone no folder is to be made.
        there = self._root is not None and self.folders[self._root] >= 0
        if self._index and there and not self.repeated:
            stored = {key: _stored(entry) for key, entry in self.entries.items()}
            index_store.save(
                self._index, {key: text for key, text in stored.items() if text}
            )

    def forget(self) -> None:
        """Drop what is known, in memory and on disk."""
        if self._index:
            index_store.remove(self._index)
        self._root = None


def is_settled(mtime_ns: int, now: int) -> bool:
    """Tell whether a change from now on must give a new time of change.

    :param mtime_ns: The time of change, in ns.
    :param now: The time at which it was asked for, in ns.

    .. versionadded:: 4.0
    """
    return _CONSTANT < mtime_ns < now - _GRANULARITY


def _stored(entry: Entry) -> str | None:
    """Return what the index is to hold for a script."""
    if not entry.digest:
        return None
    mtime_ns = entry.mtime_ns if entry.settled else index_store.UNSETTLED
    return index_store.stored_of(entry.script, mtime_ns, entry.size, entry.digest)


def _asked(listed: Iterable[RevisionFileEntry]) -> Iterator[tuple[str, str, int, int]]:
    """Yield key, path, time of change and size of each file."""
    for file in listed:
        try:
            status = file.stat()
        except OSError:
            # A link to nowhere is a broken script; any other file has just gone.
            if file.entry is None:
                yield file.key, file.path, 0, _BROKEN
        else:
            yield file.key, file.path, status.st_mtime_ns, status.st_size


def _read(
    path: str, mtime_ns: int, size: int, settled: bool, stored: object = None
) -> Entry:
    """Return what a file itself says, or the index of the same content."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError:
        return Entry(mtime_ns, size, UnreadFile(path), "", False)
    digest = index_store.digest_of(source)
    known = index_store.script_of_content(stored, digest, size, path)
    if known is not None:
        return Entry(mtime_ns, size, known, digest, settled)
    from .header import read_header  # not above: with a warm index nothing is read

    header = read_header(source, path) if path.endswith(".py") else None
    script = _record(header, path) if header else UnreadFile(path)
    return Entry(mtime_ns, size, script, digest, settled)


def _record(header: Header, path: str) -> RevisionRecord:
    return RevisionRecord(*header[:4], header.longdoc, path, header.irreversible)


class RevisionIndex:
    """The revision files of some version locations.

    One object serves a process; several threads may use it.

    :param locations: Absolute paths of the version locations.
    :param recursive: Whether folders below them count.
    :param sourceless: Whether compiled files count.
    :param stored: Whether what is known is kept on disk, and read from there.

    .. versionadded:: 4.0
    """

    def __init__(
        self,
        locations: Iterable[str | os.PathLike[str]],
        *,
        recursive: bool = False,
        sourceless: bool = False,
        stored: bool = True,
    ) -> None:
        self.locations = tuple(os.fspath(location) for location in locations)
        self.recursive = recursive
        self.sourceless = sourceless
        self._lock = threading.Lock()
        self._scan: FolderScan | None = None
        self._scanned_at = 0
        self._folders = [
            Folder(location, recursive, sourceless, stored)
            for location in self.locations
        ]

    def scan(self) -> FolderScan:
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
                self._scan = FolderScan(scripts, repeated)
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
