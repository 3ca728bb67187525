"""One version location: what is known of its scripts, in memory and on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import index_store
from .listing import Listed, is_script, list_files, list_plain
from .records import Record, Script, Unread

_GRANULARITY = 2_000_000_000
# How long, in ns, a file may change again without a new time of change: FAT counts in
# steps of two seconds, HFS+ in one, Linux in clock ticks. What was read from a younger
# file is not trusted the next time ("racy git", https://git-scm.com/docs/racy-git).

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
    checksum: int | None
    """Of what was read in this process; ``None`` for what the index told."""

    settled: bool
    """Whether any later change would show in time or size."""


class Folder:
    """The scripts of one version location.

    :param location: Its absolute path.
    :param recursive: Whether folders below it count.
    :param sourceless: Whether compiled files count.

    .. versionadded:: 4.0
    """

    def __init__(self, location: str, recursive: bool, sourceless: bool) -> None:
        self.location = location
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
            self._index = index_store.index_path(root)
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
                script = index_store.script_of(stored[key], mtime_ns, size, path)
                if script is not None:
                    entries[key] = Entry(mtime_ns, size, script, None, True)
                    changed = True
                    continue
            entry = _read(path, mtime_ns, size, is_settled(mtime_ns, now))
            entries[key] = entry
            changed = changed or known is None or entry[:4] != known[:4]
            unsaved = unsaved or (entry.settled and entry.checksum is not None)
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

    def _scripts(self, listed: list[Listed], seen: set[str]) -> list[Listed]:
        """Return the files that are scripts and were not met before."""
        scripts: list[Listed] = []
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
            stored = {
                key: index_store.stored_of(entry.script, entry.mtime_ns, entry.size)
                for key, entry in self.entries.items()
                if entry.settled
            }
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


def _asked(listed: Iterable[Listed]) -> Iterator[tuple[str, str, int, int]]:
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


def _read(path: str, mtime_ns: int, size: int, settled: bool) -> Entry:
    """Return what a file itself says."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError:
        return Entry(mtime_ns, size, Unread(path), 0, False)
    from .headers import read_header  # not above: with a warm index nothing is read

    header = read_header(source, path) if path.endswith(".py") else None
    script = Record(*header, path) if header else Unread(path)
    return Entry(mtime_ns, size, script, hash(source), settled)
