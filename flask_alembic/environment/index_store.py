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
from collections.abc import Mapping, Sequence
from typing import Any

from .headers import Header

_FORMAT = 1
# Raised whenever what is stored, or what is read from a source, changes.

Stored = list[Any]
"""What the file holds for a script, not yet trusted: time, size, header."""


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


def load(path: str) -> dict[str, Stored]:
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
    return {
        key: entry
        for key, entry in scripts.items()
        if type(entry) is list and len(entry) == 3
    }


def header_of(entry: Stored) -> Header | None:
    """Return the header that an index holds for a script.

    :param entry: What :func:`load` returned for it.
    :return: ``None`` when the script has to be executed.
    :raises ValueError: When it is not what :func:`save` writes.

    .. versionadded:: 4.0
    """
    stored = entry[2]
    if stored is None:
        return None
    if type(stored) is not list or len(stored) != 5:
        raise ValueError("not a header")
    revision, downs, labels, depends, longdoc = stored
    if type(revision) is not str or not revision or type(longdoc) is not str:
        raise ValueError("not a header")
    return Header(revision, _texts(downs), _texts(labels), _texts(depends), longdoc)


def _texts(value: object) -> tuple[str, ...]:
    if type(value) is not list:
        raise ValueError("not a list")
    for text in value:
        if type(text) is not str or not text:
            raise ValueError("not an identifier")
    return tuple(value)


def save(
    path: str, scripts: Mapping[str, tuple[int, int, Sequence[object] | None]]
) -> bool:
    """Write an index, beside its place and then into it.

    Nothing is written where Python would write no compiled files, or may not.

    :param path: Where it is kept.
    :param scripts: Time of change in ns, size in bytes and header, by key.
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
