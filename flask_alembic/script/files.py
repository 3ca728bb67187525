"""The files of a version location, in the order in which Alembic meets them.

Alembic resolves the path of each file, which is a quarter of what loading a history
costs. Only symbolic links need that: every other path is known once the location's
own is.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from typing import NamedTuple

_SOURCE = re.compile(r"(?!\.\#|__init__)(.*\.py)$")
ENV = "env.py"
REVISION = re.compile(r"^revision\s*[:=]", re.MULTILINE)
"""Where a file names itself as a revision."""

_SOURCE_OR_BYTECODE = re.compile(r"(?!\.\#|__init__)(.*\.py)(c|o)?$")


class RevisionFileEntry(NamedTuple):
    """One file of a version location.

    .. versionadded:: 4.0
    """

    key: str
    """Its path below the location; the whole path where a link leads elsewhere."""

    path: str
    """Its real path."""

    entry: os.DirEntry[str] | None
    """What the directory tells of it; ``None`` behind a link."""

    def stat(self) -> os.stat_result:
        """Return its status, of the file that a link leads to.

        :raises OSError: When it is gone.
        """
        # On Windows a directory's entry may tell an outdated size and time:
        # https://docs.python.org/3/library/os.html#os.DirEntry.stat
        if self.entry is None or os.name == "nt":
            return os.stat(self.path)
        return self.entry.stat()


def is_script(path: str, sourceless: bool) -> bool:
    """Tell whether Alembic takes a file for a revision, by its name.

    :param path: The real path: a link's own name does not count.
    :param sourceless: Whether compiled files count.

    .. versionadded:: 4.0
    """
    pattern = _SOURCE_OR_BYTECODE if sourceless else _SOURCE
    name = path[path.rfind(os.sep) + 1 :]
    return pattern.match(name) is not None and not (name == ENV and is_env(path))


def is_env(path: str) -> bool:
    """Tell whether an ``env.py`` is that of Alembic or Flask-Migrate.

    It is left in the folder of revisions where another tool is used beside this one. It
    is not executed: a revision names itself.

    :param path: The file.

    .. versionadded:: 4.0
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return REVISION.search(file.read()) is None
    except OSError:
        return False


class PlainFolder(NamedTuple):
    """The scripts of a location that is one folder of plain files.

    .. versionadded:: 4.0
    """

    scripts: list[tuple[str, str, int, int]]
    """Name, path, time of change in ns and size of each, by name."""

    changed: int
    """The time of the folder's last change in ns."""


def list_plain(root: str) -> PlainFolder | None:
    """List the scripts of a location, if it is one folder of plain files.

    That is what nearly all are, and takes a third of the time of :func:`list_files`.

    :param root: The real path of the location.
    :return: ``None`` where a link, a folder with the name of a script or an odd name
        has to be looked at closely.

    .. versionadded:: 4.0
    """
    if os.name == "nt" or root.endswith("__pycache__"):
        return None
    changed = folder_changed(root)
    below = root + os.sep
    scripts: list[tuple[str, str, int, int]] = []
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.is_symlink():
                    return None
                name = entry.name
                if not name.endswith(".py") or name.startswith((".#", "__init__")):
                    continue
                if name == ENV and is_env(entry.path):
                    continue
                status = entry.stat(follow_symlinks=False)
                if "\n" in name or not stat.S_ISREG(status.st_mode):
                    return None
                size = status.st_size
                scripts.append((name, below + name, status.st_mtime_ns, size))
    except OSError:
        return None
    scripts.sort()
    return PlainFolder(scripts, changed)


def holds_scripts(folder: str) -> bool:
    """Tell whether any file right in a folder is a script by its name.

    :param folder: Its path.

    .. versionadded:: 4.0
    """
    try:
        with os.scandir(folder) as entries:
            return any(is_script(e.path, False) and e.is_file() for e in entries)
    except OSError:
        return False


def list_files(
    root: str, name: str, *, recursive: bool, sourceless: bool
) -> tuple[list[RevisionFileEntry], dict[str, int]]:
    """List the files of a location.

    A folder that is missing or cannot be read holds nothing, as for Alembic.

    :param root: The real path of the location.
    :param name: The last part of its path as it was configured.
    :param recursive: Whether folders below count.
    :param sourceless: Whether files in ``__pycache__`` without a source count.
    :return: The files, and each folder with the time of its last change in ns.

    .. versionadded:: 4.0
    """
    listed: list[RevisionFileEntry] = []
    changed: dict[str, int] = {}
    pending = [("", name)]
    while pending:
        below, name = pending.pop()
        folder = os.path.join(root, below) if below else root
        changed[folder] = folder_changed(folder)
        folders, files = _entries(folder)
        if not name.endswith("__pycache__"):
            files.sort(key=_name)
            listed.extend([_listed(below, entry) for entry in files])
            if sourceless:
                listed.extend(_bytecode(folder, below, files))
            if not recursive:
                break
            folders.sort(key=_name, reverse=True)
        pending.extend((below + entry.name + os.sep, entry.name) for entry in folders)
    return listed, changed


def folder_changed(folder: str) -> int:
    """Return when a folder's list of files last changed.

    :param folder: Its path.
    :return: The time in ns; -1 when it is not there.

    .. versionadded:: 4.0
    """
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _entries(
    folder: str,
) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    folders: list[os.DirEntry[str]] = []
    files: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not _is_folder(entry):
                    files.append(entry)
                elif not entry.is_symlink():
                    folders.append(entry)
    except OSError:
        pass
    return folders, files


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _listed(below: str, entry: os.DirEntry[str]) -> RevisionFileEntry:
    if entry.is_symlink():
        path = os.path.realpath(entry.path)
        return RevisionFileEntry(path, path, None)
    return RevisionFileEntry(below + entry.name, entry.path, entry)


def _bytecode(
    folder: str, below: str, files: list[os.DirEntry[str]]
) -> Iterator[RevisionFileEntry]:
    """Yield the compiled files beside which no source of the same name stands."""
    stems = {entry.name.split(".")[0] for entry in files}
    cache = os.path.join(folder, "__pycache__")
    linked = os.path.islink(cache)
    try:
        with os.scandir(cache) as entries:
            found = [e for e in entries if e.name.split(".")[0] not in stems]
    except OSError:
        return
    for entry in found:
        if linked:
            path = os.path.realpath(entry.path)
            yield RevisionFileEntry(path, path, None)
        else:
            yield _listed(os.path.join(below, "__pycache__", ""), entry)
