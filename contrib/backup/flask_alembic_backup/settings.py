"""``app.config["ALEMBIC_BACKUP"]`` turned into one checked object."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import SettingsError

if TYPE_CHECKING:
    from flask import Flask

KEYS: Final = frozenset(
    ["command", "folder", "keep", "restore_command", "tools", "unknown"]
)
"""The keys of ``ALEMBIC_BACKUP``."""

TOOLS: Final = frozenset(["mariadb", "mariadb-dump", "pg_dump", "pg_restore", "psql"])
"""The programs whose path may be set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where backups are kept and how they are taken.

    .. versionadded:: 4.0
    """

    folder: Path
    """The folder of the files."""

    keep: int | None = None
    """How many backups of each database are kept; all for ``None``."""

    unknown: bool = True
    """Whether a revision whose operations cannot be known counts as losing data."""

    tools: Mapping[str, str] = field(default_factory=dict)
    """Paths of programs, by their names."""

    command: tuple[str, ...] = ()
    """A command that writes the backup to ``{file}``, in place of the tools."""

    restore_command: tuple[str, ...] = ()
    """The command that restores what ``command`` has written."""


def load(app: Flask) -> Settings | None:
    """Read and check the settings.

    :param app: The application.
    :return: ``None`` where backups are off.
    :raises SettingsError: When a key or a value cannot be used.
    """
    given = app.config.get("ALEMBIC_BACKUP")
    if given is None or given is False:
        return None
    if given is True:
        given = {}
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"ALEMBIC_BACKUP must be True, False or a dict, not {given!r}.",
            "Write ALEMBIC_BACKUP = True.",
        )
    _check_keys(given, KEYS, "ALEMBIC_BACKUP")
    unknown = given.get("unknown", "backup")
    if unknown not in ("backup", "ignore"):
        raise _wrong("unknown", unknown, "'backup' or 'ignore'")
    return Settings(
        folder=_folder(app, given),
        keep=_keep(given),
        unknown=unknown == "backup",
        tools=_tools(given),
        command=_command(given, "command"),
        restore_command=_command(given, "restore_command"),
    )


def _check_keys(given: Mapping[Any, Any], known: frozenset[str], where: str) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            available = f"Available: {', '.join(sorted(known))}."
            raise SettingsError(
                f"{where} has the unknown key {key!r}.",
                f"Did you mean {near[0]!r}?" if near else available,
            )


def _folder(app: Flask, given: Mapping[str, Any]) -> Path:
    value = given.get("folder", "backups")
    if not isinstance(value, str | Path) or not str(value):
        raise _wrong("folder", value, "a path")
    return Path(app.instance_path, value)


def _keep(given: Mapping[str, Any]) -> int | None:
    value = given.get("keep")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong("keep", value, "a whole number of at least 1")
    return value


def _tools(given: Mapping[str, Any]) -> Mapping[str, str]:
    value = given.get("tools", {})
    if not isinstance(value, Mapping):
        raise _wrong("tools", value, "a dict of paths by name")
    _check_keys(value, TOOLS, "ALEMBIC_BACKUP['tools']")
    return {name: str(path) for name, path in value.items()}


def _command(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = given.get(key, ())
    is_list = isinstance(value, list | tuple)
    if not is_list or not all(isinstance(word, str) for word in value):
        raise _wrong(key, value, "a list of words, such as ['tool', '{file}']")
    if value and not any("{file}" in word for word in value):
        raise _wrong(key, value, "a list of words of which one holds '{file}'")
    return tuple(value)


def _wrong(key: str, value: object, expected: str) -> SettingsError:
    return SettingsError(
        f"ALEMBIC_BACKUP['{key}'] must be {expected}, not {value!r}.",
        "Fix app.config.",
    )
