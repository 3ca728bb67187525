"""What ``flask db new-plugin`` prints."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_new_plugin(report: Report, writer: Writer) -> None:
    """Write which files were created, and what to do with them.

    :param report: Its ``data`` holds the files as ``created``.
    :param writer: What writes.
    """
    files = [Path(path) for path in report.data["created"]]
    for path in files:
        writer.line(f"Created {os.path.relpath(path)}")
    folder = os.path.relpath(files[0].parent)
    writer.line(f'\nNow: cd {folder}; pip install -e ".[test]"; pytest')
