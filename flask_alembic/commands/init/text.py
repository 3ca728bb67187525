"""What ``flask db init``, ``mkdir`` and ``list-templates`` print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_templates(report: Report, writer: Writer) -> None:
    """Write which templates there are, and which one is used.

    :param report: Its ``data`` holds the ``templates``, and the ``path`` of the app's.
    :param writer: What writes.
    """
    templates = report.data["templates"]
    rows = [
        (each["name"], each["about"], "this app" if each["is_used"] else "-")
        for each in templates
    ]
    writer.table(("Name", "What it writes", "Used by"), rows)
    path = Path(report.data["path"])
    if not any(each["is_used"] for each in templates) and path.exists():
        writer.note(f"This app has a template of its own: {path}")


def show_mkdir(report: Report, writer: Writer) -> None:
    """Write what was created.

    :param report: Its ``data`` holds the paths as ``created``.
    :param writer: What writes.
    """
    for path in report.data["created"]:
        writer.line(f"Created {path}")
    if not report.data["created"]:
        writer.line("The migration directory exists.")
