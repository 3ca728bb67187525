"""What the commands that show revisions print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...cli import text
from ...cli.context import get_extension
from ...hooks.redaction import headline

if TYPE_CHECKING:
    from alembic.script import Script

    from ...cli.writer import Writer
    from ...hooks.payloads import Report
    from .sql import RevisionSQL

HeadsByDatabase = Mapping[str, Sequence[str]]
"""Ids by database."""

NONE = "There are no revisions yet."


def show_current(report: Report, writer: Writer) -> None:
    """Write the revisions that databases are at, and which databases have none.

    :param report: Its ``data`` holds the ids by database as ``databases``.
    :param writer: What writes.
    """
    here: HeadsByDatabase = report.data["databases"]
    for script in report.scripts:
        _show_revision(script, _mark(script, here) if len(here) > 1 else "", writer)
    for name, ids in here.items():
        if not ids:
            writer.note(f"{name} is at base: no revision is applied.")


def show_heads(report: Report, writer: Writer) -> None:
    """Write the revisions that no other follows.

    :param report: Its ``scripts`` are written.
    :param writer: What writes.
    """
    lines = text.revisions(report.scripts, bool(writer.verbosity))
    if lines:
        writer.line(lines)
    else:
        writer.note(NONE)


def show_branches(report: Report, writer: Writer) -> None:
    """Write the revisions with several next ones, each with these below it.

    :param report: Its ``scripts`` are written.
    :param writer: What writes.
    """
    if not report.scripts:
        writer.note("No revision has more than one next revision.")
        return
    history = get_extension().script
    for script in report.scripts:
        writer.line(text.revisions([script], bool(writer.verbosity)))
        for child in sorted(script.nextrev):
            line = text.revision_line(history.get_revision(child))
            writer.line(f"    {line}")


def show_log(report: Report, writer: Writer) -> None:
    """Write revisions in the order in which they run.

    :param report: Its ``scripts`` are written; with ``-i``, ``data["current"]`` holds
        where the databases are.
    :param writer: What writes.
    """
    _show_range(report.scripts, report, writer)


def show_history(report: Report, writer: Writer) -> None:
    """Write revisions, the newest first.

    :param report: As for :func:`show_log`.
    :param writer: What writes.
    """
    _show_range(report.scripts[::-1], report, writer)


def _show_range(scripts: Iterable[Script], report: Report, writer: Writer) -> None:
    here: HeadsByDatabase = (report.data or {}).get("current", {})
    for script in scripts:
        _show_revision(script, _mark(script, here), writer)
    if not report.scripts:
        writer.note(NONE)


def show_revisions(report: Report, writer: Writer) -> None:
    """Write revisions with all that is known of each, or the SQL that they send.

    :param report: Its ``scripts`` are written, or the SQL in ``data["sql"]``.
    :param writer: What writes.
    """
    if report.data is not None:
        _show_sql(report.data["sql"], writer)
        return
    for script in report.scripts:
        writer.line(text.revision_block(script))
    if not report.scripts:
        writer.note("Nothing to show: there are no revisions, or none is applied.")


def _show_sql(texts: Iterable[RevisionSQL], writer: Writer) -> None:
    for each in texts:
        writer.line(
            f"-- {each.direction} {each.revision}, database {each.database}", bold=True
        )
        writer.line(f"\n{each.sql.strip()}\n")


def show_edit(report: Report, writer: Writer) -> None:
    """Write which file was opened.

    :param report: Its ``scripts`` holds the revision.
    :param writer: What writes.
    """
    for script in report.scripts:
        writer.note(f"Edited {script.path}")


def _show_revision(script: Script, mark: str, writer: Writer) -> None:
    """Write a revision, with a mark behind its id."""
    if writer.verbosity:
        writer.line(text.revision_block(script, mark))
        return
    doc = f", {text.readable(headline(script.doc))}"
    writer.line(text.revision_line(script).removesuffix(doc) + mark + doc)


def _mark(script: Script, here: HeadsByDatabase) -> str:
    """Return which databases are at a revision; their names only if there are more."""
    names = [name for name, ids in here.items() if script.revision in ids]
    if not names:
        return ""
    return f" (current: {', '.join(names)})" if len(here) > 1 else " (current)"
