"""Base functions that show revisions: ranges of them, and the SQL that they send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from . import places
from .base import get_extension
from .output import echo, note, prints_to_stderr

if TYPE_CHECKING:
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
    here: places.Places = (data or {}).get("current", {})
    for script in reversed(scripts) if newest_first else scripts:
        places.show(script, places.mark(script, here), verbose)
    if not scripts:
        note("There are no revisions yet.")


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
