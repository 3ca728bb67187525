"""``flask db outbox status|deliver|purge``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from flask import current_app

from flask_alembic.cli import command, current_command, database_option
from flask_alembic.hooks import each_database

from .delivery import deliver
from .errors import SettingsError
from .settings import Settings, load, receivers_of
from .table import OutboxTable, Row, now

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.cli import Writer
    from flask_alembic.hooks import Report

    from .message import Message


@command("outbox")
@click.argument(
    "action", type=click.Choice(["status", "deliver", "purge"]), default="status"
)
@database_option
@click.option(
    "--days",
    type=click.FloatRange(0),
    default=0.0,
    help="purge: keep what is younger than that.",
)
@click.option(
    "--undelivered", is_flag=True, help="purge: delete what nobody has received too."
)
def outbox(
    action: str, databases: tuple[str, ...], days: float, undelivered: bool
) -> None:
    """Show, deliver or purge the messages of migrations.

    status lists what is not delivered; deliver delivers it, and exits with 3 if a receiver
    did not take a message; purge deletes what was delivered.
    """
    settings = _settings()
    if action != "purge" and (days or undelivered):
        raise click.UsageError("--days and --undelivered belong to purge.")
    if action == "deliver":
        _deliver(settings, databases)
    elif action == "purge":
        _purge(settings, databases, days, undelivered)
    else:
        _status(settings, databases)


def _status(settings: Settings, names: tuple[str, ...]) -> None:
    def read(name: str, connection: Connection) -> tuple[list[Row], int]:
        table = OutboxTable(settings, connection, name)
        return (table.undelivered(), table.delivered()) if table.exists() else ([], 0)

    found = each_database(_app(), read, names)
    _check_names(names, found)
    current_command().data = {
        "receivers": sorted(receivers_of(_app(), settings)),
        "undelivered": [_as_dict(row) for rows, _ in found.values() for row in rows],
        "delivered": {name: number for name, (_, number) in found.items()},
    }


def _deliver(settings: Settings, names: tuple[str, ...]) -> None:
    _check_names(names, each_database(_app(), lambda name, connection: None, names))
    result = deliver(_app(), settings, names)
    current_command().data = {
        "delivered": [_named(message) for message in result.delivered],
        "failed": [
            {**_named(message), "error": reason} for message, reason in result.failed
        ],
        "busy": [_named(message) for message in result.busy],
    }
    result.require_all()


def _purge(
    settings: Settings, names: tuple[str, ...], days: float, undelivered: bool
) -> None:
    before = now() - timedelta(days=days)

    def delete(name: str, connection: Connection) -> int:
        table = OutboxTable(settings, connection, name)
        return table.purge(before, undelivered=undelivered) if table.exists() else 0

    found = each_database(_app(), delete, names)
    _check_names(names, found)
    current_command().data = {"purged": found}


def show_outbox(report: Report, writer: Writer) -> None:
    """Write what ``flask db outbox`` found or did, for people.

    :param report: Its report.
    :param writer: What writes.
    """
    data = report.data
    if "purged" in data:
        writer.line(f"Purged {_count(sum(data['purged'].values()))}.")
    elif "busy" in data:
        writer.line(f"Delivered {_count(len(data['delivered']))}.")
        if data["busy"]:
            writer.line(f"{_count(len(data['busy']))} in delivery by another process.")
    elif "undelivered" in data:
        _show_status(data, writer)


def _show_status(data: Any, writer: Writer) -> None:
    kept = sum(data["delivered"].values())
    if not data["undelivered"]:
        writer.line(f"Everything is delivered; {_count(kept)} kept.")
        return
    header = ("Written (UTC)", "Database", "Message", "Revisions", "Tries", "State")
    writer.table(header, [_cells(row) for row in data["undelivered"]])


def _cells(row: Any) -> list[str]:
    state = row["error"] or "not delivered"
    if row["claimed_until"] is not None:
        state = f"claimed until {row['claimed_until'][11:19]}"
    return [
        row["created_utc"].replace("T", " ")[:19],
        row["database"],
        row["kind"],
        ", ".join(row["revisions"]),
        str(row["attempts"]),
        state,
    ]


def _named(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "database": message.database,
        "run_id": message.run_id,
        "created_utc": f"{message.created_utc.isoformat()}Z",
        "revisions": [step["revision"] for step in message.body["steps"]],
    }


def _as_dict(row: Row) -> dict[str, Any]:
    until = row.claimed_until
    is_claimed = until is not None and until > now()
    return {
        **_named(row.message),
        "attempts": row.attempts,
        "received_by": list(row.received_by),
        "error": row.error,
        "claimed_until": f"{until.isoformat()}Z" if until and is_claimed else None,
    }


def _count(number: int) -> str:
    return f"{number} message{'s' if number != 1 else ''}"


def _settings() -> Settings:
    settings = load(_app())
    if settings is None:
        raise SettingsError(
            "There is no outbox: ALEMBIC_OUTBOX is not set.",
            "Set ALEMBIC_OUTBOX = True to have one from the next run on.",
        )
    return settings


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _check_names(wanted: tuple[str, ...], found: dict[str, Any]) -> None:
    for name in wanted:
        if name not in found:
            raise SettingsError(f"There is no database {name!r}.", "Correct the name.")
