"""The index of one version location on disk: read with mistrust, written whole.

It stands where Python would keep compiled files of that location, under a name that
changes with the interpreter, and holds for each script when it was changed, its size
and its header. It is a convenience: whatever is wrong with it, there is none.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping

from .records import Record, Script, Unread

_FORMAT = 1
# Raised whenever what is stored, or what is read from a source, changes.


def index_path(location: str) -> str | None:
    """Return where the index of a version location is kept.

    :param location: Its real path.
    :return: A path in ``__pycache__`` or below :data:`sys.pycache_prefix`; ``None``
        when the interpreter keeps no compiled files.

    .. versionadded:: 4.0
    """
    import importlib.util

    try:
        compiled = importlib.util.cache_from_source(
            os.path.join(location, "flask-alembic.py")
        )
    except NotImplementedError:
        return None
    return compiled.removesuffix(".pyc") + ".index"


def load(path: str) -> dict[str, object]:
    """Read an index.

    :param path: Where it is.
    :return: What it holds for each script, by key; nothing when it is missing,
        damaged or of another version.

    .. versionadded:: 4.0
    """
    try:
        with open(path, "rb") as file:
            content = json.loads(file.read())
    except (OSError, ValueError, RecursionError, MemoryError):
        return {}
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return {}
    scripts = content.get("scripts")
    if not isinstance(scripts, dict):
        return {}
    return scripts


def script_of(stored: object, mtime_ns: int, size: int, path: str) -> Script | None:
    """Return what an index holds for a script.

    :param stored: What :func:`load` returned for it.
    :param mtime_ns: When the file was changed, in ns.
    :param size: Its size in bytes.
    :param path: Its real path.
    :return: ``None`` when the file is another one by now, or when this is not what
        :func:`stored_of` returns.

    .. versionadded:: 4.0
    """
    stamp = f"{mtime_ns}\n{size}\n"
    if not isinstance(stored, str) or not stored.startswith(stamp):
        return None
    if len(stored) == len(stamp):
        return Unread(path)
    fields = stored[len(stamp) :].split("\n", 4)
    if len(fields) != 5 or not fields[0]:
        return None
    revision, downs, labels, depends, longdoc = fields
    parents = tuple(downs.split("\t")) if downs else ()
    if not labels and not depends and "" not in parents:
        return Record(revision, parents, (), (), longdoc, path)
    names = (parents, _names(labels), _names(depends))
    if any("" in several for several in names):
        return None
    return Record(revision, *names, longdoc, path)


def _names(field: str) -> tuple[str, ...]:
    return tuple(field.split("\t")) if field else ()


def stored_of(script: Script, mtime_ns: int, size: int) -> str | None:
    """Return what an index is to hold for a script.

    One text for each is read three times as fast as a structure: time, size,
    revision, parents, labels, dependencies and docstring, each on a line.

    :param script: What its file says.
    :param mtime_ns: When the file was changed, in ns.
    :param size: Its size in bytes.
    :return: Time and size alone when the script has to be executed; ``None`` when an
        identifier does not fit on a line.

    .. versionadded:: 4.0
    """
    stamp = f"{mtime_ns}\n{size}\n"
    if isinstance(script, Unread):
        return stamp
    _, *several, longdoc, _ = script
    names = [script.revision, *("\t".join(ids) for ids in several)]
    stored = f"{stamp}{chr(10).join(names)}\n{longdoc}"
    return stored if script_of(stored, mtime_ns, size, script.path) == script else None


def save(path: str, scripts: Mapping[str, str]) -> bool:
    """Write an index, beside its place and then into it.

    Nothing is written where Python would write no compiled files, or may not.

    :param path: Where it is kept.
    :param scripts: What :func:`stored_of` returned for each script, by key.
    :return: Whether it was written.

    .. versionadded:: 4.0
    """
    if sys.dont_write_bytecode:
        return False
    content = json.dumps({"format": _FORMAT, "scripts": scripts}).encode()
    # Writers of several threads and processes each have a file of their own.
    temporary = f"{path}.{os.getpid()}.{threading.get_ident()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        remove(temporary)
        return False
    return True


def remove(path: str) -> None:
    """Remove a file if it is there and may be removed.

    :param path: Its path.

    .. versionadded:: 4.0
    """
    try:
        os.unlink(path)
    except OSError:
        pass
