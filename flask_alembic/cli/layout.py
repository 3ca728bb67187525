"""Base function that shows templates."""

from __future__ import annotations

from pathlib import Path

from . import tables
from .base import get_extension
from .output import note


def list_templates() -> None:
    """Show the templates that come with the package, and which one is used."""
    from ..commands.invocation import last_report
    from ..commands.layout import list_templates as listed

    found = get_extension()._do(listed)
    rows = [(one.name, one.about, "this app" if one.is_used else "-") for one in found]
    tables.show(("Name", "What it writes", "Used by"), rows)
    if not any(one.is_used for one in found):
        report = last_report.get()
        path = report.data["path"] if report is not None else "none"
        if Path(path).exists():
            note(f"This app has a template of its own: {path}")
