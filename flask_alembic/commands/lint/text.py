"""What ``flask db lint`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...cli.text import counted
from ..check.text import write_problems

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_lint(report: Report, writer: Writer) -> None:
    """Write what the linters of plugins found.

    :param report: Its ``problems`` are written; ``scripts`` are the revisions that were
        linted, ``data`` holds the ``linters``.
    :param writer: What writes.
    """
    write_problems(report.problems, writer.line)
    if not report.data["linters"]:
        writer.note("There is no linter: flask-alembic-lint is one.")
    if report.ok:
        revisions = counted(len(report.scripts), "revision")
        count = len(report.problems) or "No"
        writer.line(f"{count} problems in {revisions}; no errors.")
