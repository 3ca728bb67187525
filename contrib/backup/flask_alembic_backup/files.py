"""The files: written under another name, proved, and only then named as backups."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask_alembic.hooks import engines_of, on_connection

from . import dumps
from .errors import BackupError

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from .settings import Settings


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written and read back."""

    database: str
    """The name of the database."""

    path: Path
    """The file."""

    tables: int | None
    """How many tables it holds; ``None`` for one that a command of the app wrote."""

    rows: int | None
    """How many rows; ``None`` where they were not counted."""


def has_tables(app: Flask, database: str) -> bool:
    """Return whether a database has any table, so that there is data to lose.

    :param app: The application.
    :param database: The name of the database.
    """
    from sqlalchemy import inspect

    def look(connection: Connection) -> bool:
        if connection.dialect.name == "sqlite" and _is_lost(app, database, connection):
            raise BackupError("A database in memory of an async engine has no backup.")
        if connection.dialect.name in {"sqlite", "postgresql", "mysql", "mariadb"}:
            return bool(dumps.count(connection, rows=False))
        return bool(inspect(connection).get_table_names())

    return on_connection(engines_of(app)[database], look)


def _is_lost(app: Flask, database: str, connection: Connection) -> bool:
    """Return whether another connection sees another database in memory."""
    is_async = hasattr(engines_of(app)[database], "sync_engine")
    return is_async and dumps.sqlite_file(connection) is None


def take(app: Flask, settings: Settings, database: str, run_id: str) -> Backup:
    """Write a backup, read it back, and remove old ones.

    :param app: The application.
    :param settings: The settings.
    :param database: The name of the database.
    :param run_id: The id of the run.
    :raises BackupError: When it cannot be written or does not hold what the server has.
    """
    work = partial(_take, settings, database, run_id)
    backup = on_connection(engines_of(app)[database], work)
    _remove_old(settings, database)
    return backup


def _take(
    settings: Settings, database: str, run_id: str, connection: Connection
) -> Backup:
    suffix = "backup" if settings.command else dumps.SUFFIXES[dumps.kind_of(connection)]
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    path = settings.folder / f"{_safe(database)}-{moment}-{run_id}.{suffix}"
    part = path.with_name(f".{path.name}.part")
    try:
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            backup = _write(
                settings, connection, part, Backup(database, path, None, None)
            )
            _publish(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BackupError(
            f"The backup of database {database!r} cannot be written to "
            f"{settings.folder}: {error.strerror}.",
            "Nothing was changed. Make room or set ALEMBIC_BACKUP['folder'].",
        ) from error
    return backup


def _write(
    settings: Settings, connection: Connection, part: Path, backup: Backup
) -> Backup:
    if settings.command:
        words = command_words(settings.command, part, backup.database)
        dumps.run(settings, words[0], words[1:], connection.engine.url, {})
        if not part.stat().st_size:
            raise BackupError(f"{words[0]} has written nothing to {part}.")
        return backup
    counted = dumps.dump(connection, settings, part)
    held = dumps.read(dumps.kind_of(connection), settings, part)
    if counted != held:
        names = sorted(set(counted) | set(held))
        wrong = [name for name in names if counted.get(name, -1) != held.get(name, -1)]
        raise BackupError(
            f"The backup of database {backup.database!r} does not hold what the server "
            f"has: {', '.join(wrong[:5])}.",
            "Nothing was changed.",
        )
    numbers = [value for value in held.values() if value is not None]
    rows = sum(numbers) if len(numbers) == len(held) else None
    return Backup(backup.database, backup.path, len(held), rows)


def command_words(command: tuple[str, ...], file: Path, database: str) -> list[str]:
    """Return a command of the app with its file and database.

    :param command: The words of the setting.
    :param file: The file.
    :param database: The name of the database.
    """
    return [
        word.replace("{file}", str(file)).replace("{database}", database)
        for word in command
    ]


def _publish(part: Path, path: Path) -> None:
    """Give a complete file its name, so that it lasts over a power failure."""
    os.chmod(part, 0o600)
    _flush(part)
    os.rename(part, path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def backups_of(settings: Settings, database: str) -> list[Path]:
    """Return the backups of a database, the oldest first.

    :param settings: The settings.
    :param database: The name of the database.
    """
    pattern = re.compile(
        rf"{re.escape(_safe(database))}-\d{{8}}T\d{{6}}Z-[0-9a-f]+"
        r"\.(sqlite|pgdump|sql|backup)"
    )
    return _named(settings.folder, pattern.fullmatch)


def _named(folder: Path, matches: Callable[[str], object]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if matches(path.name))


def _remove_old(settings: Settings, database: str) -> None:
    if settings.keep is not None:
        for path in backups_of(settings, database)[: -settings.keep]:
            path.unlink(missing_ok=True)
    yesterday = time.time() - 86400
    start = f".{_safe(database)}-"
    for path in _named(
        settings.folder, lambda name: name.startswith(start) and name.endswith(".part")
    ):
        if path.stat().st_mtime < yesterday:
            path.unlink(missing_ok=True)


def _safe(database: str) -> str:
    """Return a name that a file may have, another one for each database."""
    return "".join(
        each if re.match(r"[A-Za-z0-9_]", each) else f"%{ord(each):x}"
        for each in database
    )
