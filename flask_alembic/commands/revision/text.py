"""What the commands that write revision files print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..check.text import write_problems
from ..prove.text import show_proof_of_new

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report
    from ...schema.operation_text import OperationText


def show_revision(report: Report, writer: Writer) -> None:
    """Write which files were generated, and what the revisions in them do.

    :param report: Its ``scripts`` are the new revisions; ``data`` holds their
        ``operations`` by database, or ``has_revisions`` where nothing was written.
    :param writer: What writes.
    """
    show_merge(report, writer)
    data = report.data or {}
    _show_operations(data.get("operations", {}), writer)
    show_proof_of_new(data.get("proof", ()), writer)
    if not report.scripts:
        writer.line("No changes detected; no file was written. (--empty writes one.)")
        if data.get("has_revisions") is False:
            writer.line(
                "There is no revision yet; something else made the tables. "
                "flask db adopt --generate begins with them."
            )
    write_problems(report.problems, writer.note)


def show_merge(report: Report, writer: Writer) -> None:
    """Write which files were generated.

    :param report: Its ``scripts`` are the new revisions.
    :param writer: What writes.
    """
    for script in report.scripts:
        writer.line(f"Generated {script.path}")


def _show_operations(
    operations: Mapping[str, Sequence[OperationText]], writer: Writer
) -> None:
    for name, texts in operations.items():
        if len(operations) > 1:
            writer.line(f"Database {name!r}:")
        for each in texts:
            writer.line(f"  - {each.text}", fg="yellow" if each.loses_data else None)
