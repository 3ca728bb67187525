"""Where databases are, beside the revisions that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from . import render
from .output import echo, note

if TYPE_CHECKING:
    from alembic.script import Script

Places = Mapping[str, Sequence[str]]
"""Ids by database."""


def show_current(scripts: Sequence[Script], verbose: bool) -> None:
    """Write the revisions that databases are at, and which have none.

    :param scripts: The revisions.
    :param verbose: Whether each gets several lines.
    """
    from ..commands.invocation import last_report

    report = last_report.get()
    here: Places = (report.data or {})["databases"] if report is not None else {}
    for script in scripts:
        show(script, mark(script, here) if len(here) > 1 else "", verbose)
    for name, ids in here.items():
        if not ids:
            note(f"{name} is at base: no revision is applied.")


def show(script: Script, mark: str, verbose: bool) -> None:
    """Write a revision.

    :param script: The revision.
    :param mark: What to say behind its id.
    :param verbose: Whether it gets several lines.
    """
    if verbose:
        echo(render.revision_block(script, mark))
        return
    doc = f", {render.readable(script.doc)}"
    echo(render.revision_line(script).removesuffix(doc) + mark + doc)


def mark(script: Script, here: Places) -> str:
    """Return which databases are at a revision; their names only if there are more.

    :param script: The revision.
    :param here: Where the databases are.
    """
    names = [name for name, ids in here.items() if script.revision in ids]
    if not names:
        return ""
    return f" (current: {', '.join(names)})" if len(here) > 1 else " (current)"
