"""The index of one version location on disk: read with mistrust, written whole.

It stands where Python would keep compiled files of that location, under a name that
changes with the interpreter, and holds for each script when it was changed, its size, a
digest of its content and its header. Where the time says nothing, as after unpacking an
archive, the digest says whether the header is still right. It is a convenience: whatever
is wrong with it, there is none.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping

from .irreversible_mark import read_mark
from .records import RevisionRecord, Script, UnreadFile

_FORMAT = 4
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


UNSETTLED = -1
"""The time of a file that may change again without a new time: its digest decides."""


def digest_of(source: bytes) -> str:
    """Return what tells the content of a script from any other.

    :param source: The content.

    .. versionadded:: 4.0
    """
    return _checksum(source).decode()


def _checksum(body: bytes) -> bytes:
    """Return what a byte that has changed shows in."""
    from hashlib import blake2b

    return blake2b(body, digest_size=16).hexdigest().encode()


def load(path: str) -> dict[str, object]:
    """Read an index.

    :param path: Where it is.
    :return: What it holds for each script, by key; nothing when it is missing,
        damaged or of another version.

    .. versionadded:: 4.0
    """
    try:
        with open(path, "rb") as file:
            checksum, _, body = file.read().partition(b"\n")
        if checksum != _checksum(body):
            return {}
        content = json.loads(body)
    except (OSError, ValueError, RecursionError, MemoryError):
        return {}
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return {}
    scripts = content.get("scripts")
    if not isinstance(scripts, dict):
        return {}
    return scripts


def script_of(
    stored: object, mtime_ns: int, size: int, path: str
) -> tuple[Script, str] | None:
    """Return what an index holds for a script.

    :param stored: What :func:`load` returned for it.
    :param mtime_ns: When the file was changed, in ns.
    :param size: Its size in bytes.
    :param path: Its real path.
    :return: The script and the digest of its content; ``None`` when the file may be
        another one by now, or when this is not what :func:`stored_of` returns.

    .. versionadded:: 4.0
    """
    stamp = f"{mtime_ns}\n{size}\n"
    if not isinstance(stored, str) or not stored.startswith(stamp):
        return None
    digest, _, header = stored[len(stamp) :].partition("\n")
    script = _script(header, path) if digest else None
    return (script, digest) if script is not None else None


def script_of_content(
    stored: object, digest: str, size: int, path: str
) -> Script | None:
    """Return what an index holds for a script, whenever that was changed.

    :param stored: What :func:`load` returned for it.
    :param digest: What :func:`digest_of` returns for the file.
    :param size: Its size in bytes.
    :param path: Its real path.
    :return: ``None`` as for :func:`script_of`.

    .. versionadded:: 4.0
    """
    if not isinstance(stored, str):
        return None
    _, _, rest = stored.partition("\n")
    stamp = f"{size}\n{digest}\n"
    return _script(rest[len(stamp) :], path) if rest.startswith(stamp) else None


def _script(header: str, path: str) -> Script | None:
    """Return what the lines behind time, size and digest tell."""
    if not header:
        return UnreadFile(path)
    fields = header.split("\n", 5)
    if len(fields) != 6 or not fields[0]:
        return None
    revision, downs, labels, depends, mark, longdoc = fields
    parents = tuple(downs.split("\t")) if downs else ()
    if not labels and not depends and not mark and "" not in parents:
        return RevisionRecord(revision, parents, (), (), longdoc, path)
    names = (parents, _names(labels), _names(depends))
    try:
        irreversible = read_mark(json.loads(mark)) if mark else False
    except (ValueError, TypeError):
        return None
    if any("" in several for several in names):
        return None
    return RevisionRecord(revision, *names, longdoc, path, irreversible)


def _names(field: str) -> tuple[str, ...]:
    return tuple(field.split("\t")) if field else ()


def stored_of(script: Script, mtime_ns: int, size: int, digest: str) -> str | None:
    """Return what an index is to hold for a script.

    One text for each is read three times as fast as a structure: time, size, digest,
    revision, parents, labels, dependencies, whether it is irreversible and docstring,
    each on a line.

    :param script: What its file says.
    :param mtime_ns: When the file was changed, in ns; :data:`UNSETTLED` where that
        says nothing.
    :param size: Its size in bytes.
    :param digest: What :func:`digest_of` returns for the file.
    :return: Time, size and digest alone when the script has to be executed; ``None``
        when an identifier does not fit on a line.

    .. versionadded:: 4.0
    """
    stamp = f"{mtime_ns}\n{size}\n{digest}\n"
    if isinstance(script, UnreadFile):
        return stamp
    several = (script.down_revisions, script.branch_labels, script.depends_on)
    names = [script.revision, *("\t".join(ids) for ids in several)]
    mark = json.dumps(script.irreversible) if script.irreversible else ""
    stored = f"{stamp}{chr(10).join(names)}\n{mark}\n{script.longdoc}"
    found = script_of_content(stored, digest, size, script.path)
    return stored if found == script else None


def save(path: str, scripts: Mapping[str, str]) -> bool:
    """Write an index, beside its place and then into it.

    ``PYTHONDONTWRITEBYTECODE``, which most images of containers set, is about compiled
    files; the setting ``revision_index`` is about this one.

    :param path: Where it is kept.
    :param scripts: What :func:`stored_of` returned for each script, by key.
    :return: Whether it was written.

    .. versionadded:: 4.0
    """
    content = json.dumps({"format": _FORMAT, "scripts": scripts}).encode()
    # Writers of several threads and processes each have a file of their own.
    temporary = f"{path}.{os.getpid()}.{threading.get_ident()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(_checksum(content) + b"\n" + content)
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
