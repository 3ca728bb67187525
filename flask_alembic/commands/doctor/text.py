"""What ``flask db doctor`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_doctor(report: Report, writer: Writer) -> None:
    """Write the problems of history and databases, each with its fix.

    :param report: Its ``data`` holds the ``findings``.
    :param writer: What writes.
    """
    findings = report.data["findings"]
    for finding in findings:
        _show_finding(finding, writer)
    if not findings:
        writer.line("No problems found.", fg="green")
    elif all(finding["fixed"] for finding in findings):
        writer.line("All problems fixed.", fg="green")


def _show_finding(finding: dict[str, Any], writer: Writer) -> None:
    colour = "green" if finding["fixed"] else "red"
    writer.line(f"{finding['code']}: {finding['message']}", fg=colour)
    for line in finding["done"]:
        writer.line(f"  {line}.", fg="green")
    if finding["fixed"]:
        return
    if finding["advice"]:
        writer.line(f"  {finding['advice']}")
    writer.line(f"  $ {finding['command']}", bold=True)
