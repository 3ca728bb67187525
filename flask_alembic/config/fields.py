"""Reading and checking each setting of our own."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import ConfigurationError
from .model import Location

_LABEL = re.compile(r"\w[\w.-]*")


def wrong(key: str, value: object, expected: str) -> ConfigurationError:
    """Return the error for a value of the wrong type.

    :param key: The setting, as in ``ALEMBIC['lock']``.
    :param value: What it holds.
    :param expected: What it should hold.
    """
    return ConfigurationError(
        f"{key} must be {expected}, not {_shown(value)}.", "Fix app.config."
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _wrong(key: str, value: object, expected: str) -> ConfigurationError:
    return wrong(f"ALEMBIC[{key!r}]", value, expected)


def _each(
    read: Callable[[str, Any], Any],
) -> Callable[[str, Any], Any]:
    """Let a reader also take a dict of values by database name."""

    def wrapped(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(name): read(key, part) for name, part in value.items()}
        return read(key, value)

    return wrapped


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "True or False")
    return value


def _seconds(key: str, value: Any) -> float | None:
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 <= value < math.inf
    ):
        raise _wrong(key, value, "a number of seconds, 0 or more, or None")
    return float(value)


def _count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(key, value, "a whole number, 0 or more")
    return value


def _path(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if not _is_path(value):
        raise _wrong(key, value, "a path")
    path: str = os.fspath(value)
    if "\0" in path:
        raise _wrong(key, path, "a path without null characters")
    return path


def _is_path(value: Any) -> bool:
    if not isinstance(value, (str, os.PathLike)):
        return False
    path = os.fspath(value)
    return isinstance(path, str) and bool(path.strip())


def _relative_to(key: str, value: Any) -> str | None:
    if value is not None and value not in ("instance", "root"):
        raise _wrong(key, value, "'instance' or 'root'")
    return None if value is None else str(value)


def _locations(key: str, value: Any) -> tuple[Location, ...]:
    if isinstance(value, (str, os.PathLike)):
        parts = os.fspath(value).replace(",", "\n").splitlines()
        value = [part.strip() for part in parts if part.strip()]
    if not isinstance(value, (list, tuple)):
        raise _wrong(key, value, "a list of paths or (branch, path) pairs")
    return tuple(_location(key, entry) for entry in value)


def _location(key: str, entry: Any) -> Location:
    if _is_path(entry):
        return None, str(os.fspath(entry))
    if not isinstance(entry, (list, tuple)) or len(entry) != 2:
        raise _wrong(key, entry, "a path or a (branch, path) pair")
    branch, path = entry
    if not isinstance(branch, str) or not _is_path(path):
        raise _wrong(key, entry, "a path or a (branch, path) pair")
    if not _LABEL.fullmatch(branch):
        raise _wrong(key, branch, "pairs whose branch has letters, digits, - and _")
    return branch, str(os.fspath(path))


def _databases(key: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if (
        not isinstance(value, (list, tuple))
        or not value
        or not all(isinstance(name, str) and name for name in value)
    ):
        raise _wrong(key, value, "a list of database names, or '*' for all")
    if len(set(value)) < len(value):
        raise _wrong(key, value, "a list that names no database twice")
    return tuple(value)


def _url(key: str, value: Any) -> str | None:
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    if not hasattr(value, "render_as_string"):
        # Not the value itself: there may be a password in it.
        raise _wrong(key, type(value).__name__, "the URL of a database")
    return str(value.render_as_string(hide_password=False))


def _patterns(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple, set)) or not all(
        isinstance(pattern, str) and pattern for pattern in value
    ):
        raise _wrong(key, value, "a list of patterns like 'celery_*'")
    return tuple(value)


def _lock_id(key: str, value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (is_number and -(2**63) <= value < 2**63):
        raise _wrong(key, value, "a whole number of 64 bits, or None")
    return None if value is None else int(value)


def _statements(key: str, value: Any) -> tuple[str, ...]:
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(statement, str) and statement.strip() for statement in value
    ):
        # Not the value itself: there may be a password in it.
        raise _wrong(key, type(value).__name__, "a list of SQL statements")
    return tuple(value)


def _arguments(key: str, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and name.isidentifier() for name in value
    ):
        raise _wrong(key, value, "a dict of values by the name of an argument")
    return dict(value)


READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "script_location": _path,
    "relative_to": _relative_to,
    "version_locations": _locations,
    "databases": _databases,
    "lock": _each(_flag),
    "lock_timeout": _each(_seconds),
    "lock_id": _each(_lock_id),
    "session_statements": _each(_statements),
    "revision_arguments": _arguments,
    "connect_timeout": _each(_seconds),
    "ddl_lock_timeout": _each(_seconds),
    "statement_timeout": _each(_seconds),
    "lock_retries": _each(_count),
    "journal": _each(_flag),
    "revision_index": _flag,
    "protected": _flag,
    "real_transactions": _each(_flag),
    "twophase": _flag,
    "scratch_url": _each(_url),
    "drift_ignore": _patterns,
    "skip_unchanged_tables": _each(_flag),
    "prove_revisions": _each(_flag),
    "accept_unknown_revisions": _each(_flag),
    "import_models": _flag,
}
"""What reads and checks each key of our own."""
