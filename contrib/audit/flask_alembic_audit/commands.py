"""``flask db audit`` and ``flask db audit-accept``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from flask import current_app
from flask.cli import with_appcontext

from .changes import compare
from .databases import each
from .errors import AuditUsageError, FilesChanged
from .history import now
from .identity import checksum, circumstances
from .settings import Settings, load
from .table import ACCEPT, DONE, AuditTable, Entry

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

VERSION: Final = 1
"""The version of the JSON document."""


@click.command("audit")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--database", "databases", multiple=True, help="Only this one; repeat.")
@click.option(
    "--format", "format_", type=click.Choice(["table", "json"]), default="table"
)
@click.option(
    "--changed", is_flag=True, help="Show files that changed after they were applied."
)
@with_appcontext
def audit(limit: int, databases: tuple[str, ...], format_: str, changed: bool) -> None:
    """Show what was done to the databases, the newest first.

    With --changed: ends with 1 if any file is not any more what was applied.
    """
    settings = _settings()
    if changed:
        _show_changed(settings, databases)
        return

    def read(name: str, connection: Connection) -> list[Entry]:
        table = AuditTable(settings, connection, name)
        return table.latest(limit) if table.exists() else []

    found = each(_app(), read, databases)
    _check_names(databases, found)
    entries = [entry for rows in found.values() for entry in rows]
    entries.sort(key=lambda entry: entry.started_utc, reverse=True)
    if format_ == "json":
        click.echo(as_json(entries[:limit]))
    elif entries:
        click.echo(as_table(entries[:limit]))
    else:
        click.echo("Nothing has been recorded yet.")


def _show_changed(settings: Settings, databases: Sequence[str]) -> None:
    """Write what has changed and fail if anything has."""
    app = _app()

    def read(name: str, connection: Connection) -> dict[str, Entry]:
        table = AuditTable(settings, connection, name)
        return table.applied() if table.exists() else {}

    applied = each(app, read, databases)
    _check_names(databases, applied)
    found = [
        problem
        for script in app.extensions["alembic"].log()
        for problem in compare(settings, script.revision, Path(script.path), applied)
    ]
    for problem in found:
        click.echo(f"{problem.message}\n  {problem.advice}")
    if found:
        raise FilesChanged("Files have changed since they were applied.")
    click.echo("No file has changed since it was applied.")


@click.command("audit-accept")
@click.argument("revisions", nargs=-1, required=True, metavar="REVISION...")
@click.option("--database", "databases", multiple=True, help="Only this one; repeat.")
@with_appcontext
def audit_accept(revisions: tuple[str, ...], databases: tuple[str, ...]) -> None:
    """Take files of applied revisions as they are now.

    For changes that do not matter to any database: a comment, the formatting.
    """
    settings, app = _settings(), _app()
    who = circumstances(app, settings)
    for script in app.extensions["alembic"].show(list(revisions)):
        accept = partial(_accept, settings, who, script.revision, Path(script.path))
        found = each(app, accept, databases)
        _check_names(databases, found)
        if all(done is None for done in found.values()):
            raise AuditUsageError(
                f"Revision {script.revision} is not recorded as applied anywhere.",
                "flask db audit shows what is recorded.",
            )
        for name, done in found.items():
            if done is not None:
                what = "accepted as it is now" if done else "has not changed"
                click.echo(f"{Path(script.path).name} [{name}]: {what}")


def _accept(
    settings: Settings,
    who: dict[str, Any],
    revision: str,
    path: Path,
    name: str,
    connection: Connection,
) -> bool | None:
    """Return whether a file had changed; ``None`` where it is not applied."""
    table = AuditTable(settings, connection, name)
    applied = table.applied().get(revision) if table.exists() else None
    if applied is None:
        return None
    new = checksum(path)
    if applied.checksum == new:
        return False
    table.add(
        Entry(
            run_id="",
            database_name=name,
            revision=revision,
            direction=ACCEPT,
            outcome=DONE,
            started_utc=now(),
            seconds=0.0,
            message=applied.message,
            error=None,
            file_name=path.name,
            checksum=new,
            **who,
        )
    )
    return True


def as_json(entries: Sequence[Entry]) -> str:
    """Return rows as one JSON document.

    :param entries: The rows.
    """
    rows = []
    for entry in entries:
        row: dict[str, Any] = asdict(entry)
        row["started_utc"] = f"{entry.started_utc.isoformat()}Z"
        row["plugins"] = json.loads(entry.plugins)
        rows.append(row)
    return json.dumps({"version": VERSION, "entries": rows}, indent=2)


def as_table(entries: Sequence[Entry]) -> str:
    """Return rows in columns for a person.

    :param entries: The rows.
    """
    several = len({entry.database_name for entry in entries}) > 1
    header = [
        "When (UTC)",
        "What",
        "Revision",
        "Outcome",
        "Took",
        "By",
        "Code",
        "About",
    ]
    lines = [header, *(_cells(entry) for entry in entries)]
    if several:
        names = ["Database", *(entry.database_name for entry in entries)]
        for line, name in zip(lines, names, strict=True):
            line.insert(1, name)
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _cells(entry: Entry) -> list[str]:
    code = " ".join(
        part for part in (entry.app_version, (entry.git_commit or "")[:10]) if part
    )
    about = f"{entry.message}: {entry.error}" if entry.error else entry.message
    return [
        f"{entry.started_utc:%Y-%m-%d %H:%M:%S}",
        entry.direction,
        entry.revision,
        entry.outcome,
        f"{entry.seconds:.2f} s" if entry.direction != ACCEPT else "-",
        f"{entry.username}@{entry.hostname}",
        code or "-",
        about,
    ]


def _settings() -> Settings:
    settings = load(_app())
    if settings is None:
        raise AuditUsageError(
            "There is no history: ALEMBIC_AUDIT is not set.",
            "Set ALEMBIC_AUDIT = True to have one from the next run on.",
        )
    return settings


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _check_names(wanted: Sequence[str], found: dict[str, Any]) -> None:
    for name in wanted:
        if name not in found:
            raise AuditUsageError(f"There is no database {name!r}.", "Mend the name.")
