"""Files that are not any more what was applied from them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from flask import g

from flask_alembic.hooks import (
    AlembicError,
    Finding,
    Problem,
    engines_of,
    on_connection,
)

from .errors import first_line
from .identity import checksum
from .settings import Settings
from .table import ACCEPT, AuditTable, Entry

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.hooks import LintTarget

CHANGED = "AUDIT001"
"""A file has changed since it was applied."""

UNREADABLE = "AUDIT002"
"""It cannot be told whether files have changed."""

_KEY = "_flask_alembic_audit"
"""Where an app context keeps what was read for the running command."""

Applied = dict[str, dict[str, Entry]]
"""What is applied, by database and revision."""


def forget() -> None:
    """Forget what was read for the last command."""
    if g:
        g.pop(_KEY, None)


def problems(app: Flask, settings: Settings, target: LintTarget) -> list[Problem]:
    """Return whether a file has changed since it was applied.

    :param app: The application.
    :param settings: The settings.
    :param target: The revision.
    """
    if target.path is None or settings.changed == "off":
        return []
    applied, unreadable = _read(app, settings, tuple(target.dialects))
    return [*unreadable, *compare(settings, target.revision, target.path, applied)]


def findings(
    app: Flask, settings: Settings, database: str, connection: Connection
) -> Iterator[Finding]:
    """Yield a finding for each file that has changed since a database got it.

    ``doctor --fix`` accepts the files where a change is only a warning.

    :param app: The application.
    :param settings: The settings.
    :param database: The name of the database.
    :param connection: A connection to it.
    """
    if settings.changed not in {"error", "warning"}:
        return
    table = AuditTable(settings, connection, database)
    applied = {database: table.applied() if table.exists() else {}}
    scripts = app.extensions["alembic"].script_directory.walk_revisions()
    for script in reversed(list(scripts)):
        path = Path(script.path)
        for problem in compare(settings, script.revision, path, applied):
            accept = partial(_accept, app, settings, script.revision, path, database)
            yield Finding(
                "changed-file",
                problem.message,
                f"git log --oneline -- {path}",
                database,
                problem.advice,
                fix=accept if settings.changed == "warning" else None,
            )


def _accept(
    app: Flask,
    settings: Settings,
    revision: str,
    path: Path,
    database: str,
    connection: Connection,
) -> list[str]:
    from .commands import accept
    from .identity import circumstances

    who = circumstances(app, settings)
    accept(settings, who, revision, path, database, connection)
    return [f"Accepted {path.name} as it is now"]


def compare(
    settings: Settings, revision: str, path: Path, applied: Applied
) -> list[Problem]:
    """Return a problem for each database that got something else from a file.

    :param settings: The settings.
    :param revision: The id of the revision.
    :param path: Its file.
    :param applied: What is applied.
    """
    now = checksum(path)
    return [
        _problem(settings, path, database, entries[revision])
        for database, entries in applied.items()
        if revision in entries and entries[revision].checksum not in (None, now)
    ]


def _problem(settings: Settings, path: Path, database: str, entry: Entry) -> Problem:
    chosen = settings.changed if settings.changed != "off" else "error"
    severity = cast(Literal["error", "warning", "info"], chosen)
    verb = "accepted for" if entry.direction == ACCEPT else "applied to"
    day = f"{entry.started_utc:%Y-%m-%d %H:%M} UTC"
    return Problem(
        code=CHANGED,
        message=f"{path.name} has changed since it was {verb} database {database!r} "
        f"({day}, {entry.username}@{entry.hostname}), so a new one may differ from it.",
        severity=severity,
        revision=entry.revision,
        path=path,
        database=database,
        advice="Put the change into a new revision. If it changes nothing that "
        f"matters: flask db audit-accept {entry.revision}",
    )


def _read(
    app: Flask, settings: Settings, names: tuple[str, ...]
) -> tuple[Applied, list[Problem]]:
    """Return what is applied, read once for a command.

    :return: The second part holds what could not be read, only the first time.
    """
    known: Applied | None = g.get(_KEY)
    if known is not None:
        return known, []
    found: Applied = {}
    unreadable: list[Problem] = []
    for name, engine in engines_of(app).items():
        if names and name not in names:
            continue
        try:
            found[name] = on_connection(engine, _reader(settings, name))
        except Exception as error:
            said = error.message if isinstance(error, AlembicError) else ""
            unreadable.append(_cannot_tell(name, said or first_line(error)))
    setattr(g, _KEY, found)
    return found, unreadable


def _cannot_tell(name: str, why: str) -> Problem:
    return Problem(
        code=UNREADABLE,
        message=f"Whether files have changed since database {name!r} got them cannot "
        f"be told: {why.rstrip('.')}.",
        severity="info",
        database=name,
    )


def _reader(settings: Settings, name: str) -> Any:
    def read(connection: Connection) -> dict[str, Entry]:
        table = AuditTable(settings, connection, name)
        return table.applied() if table.exists() else {}

    return read
