"""Base functions that show revisions: ranges of them, and the SQL that they send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from . import render
from .base import get_extension
from .output import echo, prints_to_stderr

if TYPE_CHECKING:
    from alembic.script import Script

    from ..hooks.payloads import Direction

Revision = Any


def show_range(
    start: Revision,
    end: Revision,
    *,
    verbose: bool = False,
    indicate_current: bool = False,
    newest_first: bool = False,
) -> None:
    """Show the revisions between two, both ends included.

    :param start: Show since this revision.
    :param end: Show until this revision.
    :param verbose: Show more about each.
    :param indicate_current: Mark where the databases are.
    :param newest_first: Whether the order is turned around.
    """
    from ..commands import reading
    from ..commands.invocation import last_report

    extension = get_extension()
    scripts = extension._do(reading.log, start, end, indicate_current=indicate_current)
    report = last_report.get()
    data = report.data if report is not None else None
    here: Mapping[str, Sequence[str]] = (data or {}).get("current", {})
    for script in reversed(scripts) if newest_first else scripts:
        _line(script, _mark(script, here), verbose)


def _line(script: Script, mark: str, verbose: bool) -> None:
    if verbose:
        echo(render.revision_block(script, mark))
        return
    doc = f", {render.readable(script.doc)}"
    echo(render.revision_line(script).removesuffix(doc) + mark + doc)


def _mark(script: Script, here: Mapping[str, Sequence[str]]) -> str:
    """Return which databases are at a revision; their names only if there are more."""
    names = [name for name, ids in here.items() if script.revision in ids]
    if not names:
        return ""
    return f" (current: {', '.join(names)})" if len(here) > 1 else " (current)"


def range_of(rev_range: str | None) -> tuple[str, str] | None:
    """Return both ends of ``START:END``; ``None`` where nothing was given.

    :param rev_range: What was typed.
    :raises UsageError: When it is no range.
    """
    if not rev_range:
        return None
    if rev_range.count(":") != 1:
        raise UsageError(
            f"{rev_range!r} is not a range.", "Write START:END; either may be empty."
        )
    start, _, end = rev_range.partition(":")
    return start or "base", end or "heads"


def show_sql(
    revisions: Revision,
    databases: Sequence[str] = (),
    *,
    downgrade: bool = False,
    x_arguments: Sequence[str] = (),
) -> None:
    """Show the SQL that revisions would send, database by database.

    :param revisions: One or a list.
    :param databases: Only for these databases.
    :param downgrade: The SQL that undoes them.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """
    direction: Direction = "downgrade" if downgrade else "upgrade"
    with prints_to_stderr():
        found = get_extension().revision_sql(
            revisions, databases, direction=direction, x_arguments=x_arguments
        )
    for one in found:
        echo(f"-- {one.direction} {one.revision}, database {one.database}", bold=True)
        echo(f"\n{one.sql.strip()}\n")
