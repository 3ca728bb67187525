"""What ``flask db adopt`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...cli.not_compared_text import show_not_compared
from ...cli.text import counted

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report

STATES: Final = {
    "empty": "is empty; flask db upgrade creates its tables.",
    "versioned": "is already under migration control, at {revisions}.",
    "adopted": "was adopted: it has {tables} matching the revisions, and is now at {revisions}.",
    "equal": "has {tables} matching the revisions; it can be adopted.",
}
"""What is written of a database in each state."""


def show_adopt(report: Report, writer: Writer) -> None:
    """Write what became of each database.

    :param report: Its ``data`` holds the ``databases``; ``scripts`` are new revisions.
    :param writer: What writes.
    """
    for script in report.scripts:
        writer.line(f"Generated {script.path}")
    for database in report.data["databases"]:
        text = STATES[database["state"]].format(
            revisions=", ".join(database["revisions"]) or "base",
            tables=counted(database["tables"], "table"),
        )
        writer.line(f"Database {database['database']!r} {text}")
        if database["ignored"]:
            ignored = counted(database["ignored"], "difference")
            writer.note(f"{ignored} ignored by the ignore list.")
        show_not_compared(database["not_compared"], writer)
