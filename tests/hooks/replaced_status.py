"""``flask db status`` of somebody else: the command, what it prints, and its JSON."""

from collections.abc import Callable, Mapping

import click

from flask_alembic.cli import (
    AlembicGroup,
    Writer,
    command,
    current_command,
    database_option,
    get_extension,
)
from flask_alembic.hooks import OutputFormat, Report, hookimpl


@command("status")
@database_option
@click.option("--strict", is_flag=True, help="Exit with 1 unless all are at head.")
def status(databases: tuple[str, ...], strict: bool) -> None:
    """Count what is pending in each database."""
    statuses = get_extension().status(databases)
    current = current_command()
    current.data = {
        each.database: {"pending": len(each.pending), "head": each.ok}
        for each in statuses
    }
    current.ok = not strict or all(each.ok for each in statuses)


def show_status(report: Report, writer: Writer) -> None:
    """Write one line for each database."""
    for name, state in report.data.items():
        colour = "green" if state["head"] else "yellow"
        writer.line(f"{name}: {state['pending']} pending", fg=colour)


def as_csv(report: Report) -> str:
    """Return the counts as CSV."""
    return "\n".join(f"{name},{each['pending']}" for name, each in report.data.items())


@hookimpl
def register_commands(cli: AlembicGroup) -> None:
    cli.add_lazy("status", f"{__name__}:status", help="Count what is pending.")


@hookimpl
def report_views() -> Mapping[str, Callable[[Report, Writer], None]]:
    return {"status": show_status}


@hookimpl
def output_formats() -> list[OutputFormat]:
    return [OutputFormat("csv", as_csv, "comma-separated counts")]
