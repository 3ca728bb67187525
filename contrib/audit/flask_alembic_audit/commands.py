"""``flask db audit`` and ``flask db audit-accept``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import current_app

from flask_alembic.cli import command, current_command, database_option
from flask_alembic.hooks import each_database

from .changes import compare
from .errors import AuditUsageError
from .history import now
from .identity import checksum, circumstances
from .settings import Settings, load
from .table import ACCEPT, DONE, AuditTable, Entry

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.cli import Writer
    from flask_alembic.hooks import Report


@command("audit")
@click.option("--limit", type=click.IntRange(1), default=20, help="How many rows: 20.")
@database_option
@click.option(
    "--changed", is_flag=True, help="Show files that changed after they were applied."
)
def audit(limit: int, databases: tuple[str, ...], changed: bool) -> None:
    """Show what was done to the databases, the newest first.

    With --changed: exits with 1 if any file is not any more what was applied.
    """
    settings = _settings()
    if changed:
        _find_changed(settings, databases)
        return

    def read(name: str, connection: Connection) -> list[Entry]:
        table = AuditTable(settings, connection, name)
        return table.latest(limit) if table.exists() else []

    rows = each_database(_app(), read, databases)
    _check_names(databases, rows)
    entries = [entry for part in rows.values() for entry in part]
    entries.sort(key=lambda entry: entry.started_utc, reverse=True)
    current_command().data = {"entries": [as_dict(entry) for entry in entries[:limit]]}


def _find_changed(settings: Settings, databases: Sequence[str]) -> None:
    """Report what has changed; the exit code is 1 if anything has."""
    app = _app()

    def read(name: str, connection: Connection) -> dict[str, Entry]:
        table = AuditTable(settings, connection, name)
        return table.applied() if table.exists() else {}

    applied = each_database(app, read, databases)
    _check_names(databases, applied)
    problems = [
        problem
        for script in app.extensions["alembic"].log()
        for problem in compare(settings, script.revision, Path(script.path), applied)
    ]
    current = current_command()
    current.problems = problems
    current.data = {"changed": sorted({str(each.revision) for each in problems})}
    current.ok = not problems


def show_audit(report: Report, writer: Writer) -> None:
    """Write the history, or the files that have changed, for people.

    :param report: What ``flask db audit`` found.
    :param writer: What writes.
    """
    if "changed" in report.data:
        for problem in report.problems:
            writer.line(f"{problem.message}\n  {problem.advice}")
        if report.problems:
            writer.note("Files have changed since they were applied.", fg="red")
        else:
            writer.line("No file has changed since it was applied.")
        return
    entries = report.data["entries"]
    if not entries:
        writer.line("Nothing has been recorded yet.")
        return
    several = len({entry["database_name"] for entry in entries}) > 1
    header: tuple[str, ...] = (
        "When (UTC)",
        "What",
        "Revision",
        "Outcome",
        "Took",
        "By",
        "Code",
        "About",
    )
    rows = [_cells(entry) for entry in entries]
    if several:
        header = (header[0], "Database", *header[1:])
        for row, entry in zip(rows, entries, strict=True):
            row.insert(1, entry["database_name"])
    writer.table(header, rows)


@command("audit-accept")
@click.argument("revisions", nargs=-1, required=True, metavar="REVISION...")
@database_option
def audit_accept(revisions: tuple[str, ...], databases: tuple[str, ...]) -> None:
    """Take files of applied revisions as they are now.

    For changes that do not matter to any database: a comment, the formatting.
    """
    settings, app = _settings(), _app()
    who = circumstances(app, settings)
    files: list[dict[str, Any]] = []
    for script in app.extensions["alembic"].show(list(revisions)):
        accepting = partial(accept, settings, who, script.revision, Path(script.path))
        changes = each_database(app, accepting, databases)
        _check_names(databases, changes)
        if all(changed is None for changed in changes.values()):
            raise AuditUsageError(
                f"Revision {script.revision} is not recorded as applied anywhere.",
                "flask db audit shows what is recorded.",
            )
        files.extend(
            {"file": Path(script.path).name, "database": name, "changed": changed}
            for name, changed in changes.items()
            if changed is not None
        )
    current_command().data = {"files": files}


def show_audit_accept(report: Report, writer: Writer) -> None:
    """Write which files were accepted for people.

    :param report: What ``flask db audit-accept`` did.
    :param writer: What writes.
    """
    for file in report.data["files"]:
        what = "accepted as it is now" if file["changed"] else "has not changed"
        writer.line(f"{file['file']} [{file['database']}]: {what}")


def accept(
    settings: Settings,
    who: dict[str, Any],
    revision: str,
    path: Path,
    name: str,
    connection: Connection,
) -> bool | None:
    """Take a file as it is now.

    :param settings: The settings.
    :param who: Who does it, and from which code.
    :param revision: The id of the revision.
    :param path: Its file.
    :param name: The name of the database.
    :param connection: A connection to it; the caller commits.
    :return: Whether the file had changed; ``None`` where it is not applied.
    """
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


def as_dict(entry: Entry) -> dict[str, Any]:
    """Return a row as what JSON can hold.

    :param entry: The row.
    """
    row: dict[str, Any] = asdict(entry)
    row["started_utc"] = f"{entry.started_utc.isoformat()}Z"
    row["plugins"] = json.loads(entry.plugins)
    return row


def _cells(entry: dict[str, Any]) -> list[str]:
    commit = entry["git_commit"] or ""
    code = " ".join(part for part in (entry["app_version"], commit[:10]) if part)
    about = entry["message"]
    if entry["error"]:
        about += f": {entry['error']}"
    accepted = entry["direction"] == ACCEPT
    return [
        entry["started_utc"].replace("T", " ")[:19],
        entry["direction"],
        entry["revision"],
        entry["outcome"],
        "-" if accepted else f"{entry['seconds']:.2f} s",
        f"{entry['username']}@{entry['hostname']}",
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
            raise AuditUsageError(
                f"There is no database {name!r}.", "Correct the name."
            )
