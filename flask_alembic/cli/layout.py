"""Base function that shows templates."""

from __future__ import annotations

from . import tables
from .base import get_extension


def list_templates() -> None:
    """Show the templates that come with the package, and which one is used."""
    from ..commands.layout import list_templates as listed

    rows = [
        (one.name, one.about, "this app" if one.is_used else "-")
        for one in get_extension()._do(listed)
    ]
    tables.show(("Name", "What it writes", "Used by"), rows)
