"""What ``flask db drift`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...cli.not_compared_text import show_not_compared
from ...cli.text import counted

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_drift(report: Report, writer: Writer) -> None:
    """Write in what models, revisions and databases differ.

    :param report: Its ``data`` holds the ``databases`` and how many differences were
        ``ignored``.
    :param writer: What writes.
    """
    for database in report.data["databases"]:
        _show_database(database, writer)
    if report.data["ignored"]:
        ignored = counted(report.data["ignored"], "difference")
        writer.note(f"{ignored} ignored by the ignore list.")


def _show_database(database: dict[str, Any], writer: Writer) -> None:
    at = ", ".join(database["current"]) or "base"
    writer.line(f"Database {database['database']!r} at {at}:", bold=True)
    for pair, differences in database["differences"].items():
        if pair == "models and database" and database["pending"]:
            writer.line(f"  {pair}: not compared; there are pending revisions")
        elif not differences:
            writer.line(f"  {pair}: the same", fg="green")
        else:
            count = counted(len(differences), "difference")
            writer.line(f"  {pair}: {count}", fg="red")
        for each in differences:
            writer.line(f"    - {each.text}")
    show_not_compared(database["not_compared"], writer)
