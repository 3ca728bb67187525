"""``flask db state``: what ``flask db status`` does, from outside."""

import click

from flask_alembic.cli import (
    AlembicGroup,
    Writer,
    command,
    current_command,
    database_option,
    get_extension,
)
from flask_alembic.hooks import Report, hookimpl

FIELDS = ("database", "state", "current", "pending")
COLOURS = {"at head": "green", "behind": "yellow"}


@command("state")
@database_option
@click.option("--check", is_flag=True, help="Exit with 1 if anything is pending.")
def state(databases: tuple[str, ...], check: bool) -> None:
    """Show where each database is and what is pending."""
    statuses = get_extension().status(databases)
    current = current_command()
    current.data = {
        "databases": [
            {name: getattr(status, name) for name in FIELDS} for status in statuses
        ]
    }
    current.ok = not check or all(status.ok for status in statuses)


def show_state(report: Report, writer: Writer) -> None:
    """Write the report of ``flask db state`` for people."""
    rows = [tuple(each.values()) for each in report.data["databases"]]
    writer.table(
        ("Database", "State", "Current", "Pending"),
        [
            (name, where, ", ".join(ids) or "base", len(pending))
            for name, where, ids, pending in rows
        ],
        [COLOURS.get(where, "red") for _, where, _, _ in rows],
    )
    for name, _, _, pending in rows:
        for revision in pending:
            writer.note(f"{name} lacks {revision}.")


@hookimpl
def register_commands(cli: AlembicGroup) -> None:
    cli.add_lazy("state", f"{__name__}:state", help="Show where each database is.")


@hookimpl
def report_views() -> dict[str, object]:
    return {"state": show_state}
