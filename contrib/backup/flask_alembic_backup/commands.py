"""``flask db restore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import current_app

from flask_alembic.cli import command, current_command, get_extension
from flask_alembic.errors import Refused

from . import dumps
from .errors import BackupError, SettingsError
from .files import backups_of, command_words
from .settings import Settings, load

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.cli import Writer
    from flask_alembic.hooks import Report


@command("restore")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--database", help="The database; needed where there are several.")
@click.option("--force", is_flag=True, help="Restore a protected database too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def restore(file: Path | None, database: str | None, force: bool, yes: bool) -> None:
    """Replace the content of a database by a backup, the newest one by default."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    settings = load(app)
    if settings is None:
        raise SettingsError("ALEMBIC_BACKUP is not set.", "Set ALEMBIC_BACKUP = True.")
    alembic = get_extension()
    name = _name(tuple(alembic.databases), database)
    given = app.config.get("ALEMBIC") or {}
    if given.get("protected") and not force:
        raise Refused(
            "restore is refused: ALEMBIC['protected'] is set.",
            "Use --force if you are sure.",
        )
    path = _file(settings, name, file)
    for status in alembic.status(databases=(name,)):
        if holder := status.lock:
            raise BackupError(f"Another run is changing database {name!r}: {holder}.")
    if not yes:
        click.confirm(
            f"Replace the content of database {name!r} by {path}? "
            "Newer rows and tables are lost.",
            abort=True,
            err=True,
        )
    with alembic.connect(name, lock=True) as connection:
        current_command().data = _restore(settings, name, path, connection)


def _restore(
    settings: Settings, name: str, path: Path, connection: Connection
) -> dict[str, Any]:
    is_ours = path.suffix != ".backup"
    held = dumps.read(dumps.kind_of(connection), settings, path) if is_ours else None
    before = dumps.count(connection, rows=False) if held is not None else {}
    dropped = sorted(set(before) - set(held or ()))
    connection.rollback()
    if is_ours:
        dumps.restore(connection, settings, path, dropped)
    elif settings.restore_command:
        words = command_words(settings.restore_command, path, name)
        dumps.run(settings, words[0], words[1:], connection.engine.url, {})
    else:
        raise SettingsError(
            f"{path} was written by a command.",
            "Set ALEMBIC_BACKUP['restore_command'].",
        )
    after = dumps.count(connection)
    connection.rollback()
    context = get_extension().migration_contexts[name]
    heads = list(context.get_current_heads())
    missing = sorted(
        t for t in held or {} if t not in after or after[t] != (held or {})[t]
    )
    current_command().ok = not missing
    return {
        "database": name,
        "file": str(path),
        "revisions": heads,
        "tables": len(after),
        "differing": missing,
        "dropped": dropped,
    }


def _name(names: tuple[str, ...], given: str | None) -> str:
    if given is not None and given not in names:
        raise SettingsError(f"There is no database {given!r}.", "Correct the name.")
    if given is None and len(names) > 1:
        available = ", ".join(names)
        raise SettingsError(
            "There are several databases.", f"Use --database: one of {available}."
        )
    return given or names[0]


def _file(settings: Settings, name: str, given: Path | None) -> Path:
    if given is not None:
        path = given if given.exists() else settings.folder / given
        if not path.is_file():
            raise SettingsError(f"There is no file {given}.", "Correct the path.")
        return path
    found = backups_of(settings, name)
    if not found:
        raise SettingsError(
            f"There is no backup of database {name!r} in {settings.folder}.",
            "Name the file.",
        )
    return found[-1]


def show_restore(report: Report, writer: Writer) -> None:
    """Write what is in the database after a restore.

    :param report: Its report.
    :param writer: What writes.
    """
    data = report.data
    revisions = ", ".join(data["revisions"]) or "no revision"
    writer.line(f"Restored {data['database']} from {data['file']}.")
    writer.line(
        f"The database has {data['tables']} tables; its version is {revisions}."
    )
    if data["dropped"]:
        writer.line(f"Dropped, as the backup has none: {', '.join(data['dropped'])}.")
    if data["differing"]:
        writer.line(f"Differ from the backup: {', '.join(data['differing'])}.")
