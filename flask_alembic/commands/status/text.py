"""What ``flask db status`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from ...cli import text
from ...cli.text import counted
from ...hooks.redaction import headline
from .status import LISTED, names_in_short

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks import Report
    from .status import DatabaseStatus

COLOURS = {
    "at head": "green",
    "behind": "yellow",
    "empty": "yellow",
    "unversioned": "yellow",
}
"""The colours of states; the others are red."""

HEADER: Final = ("Database", "State", "Current", "Head", "Pending", "Branches", "Lock")
"""The columns of the table; those of plugins follow."""


def show_status(report: Report, writer: Writer) -> None:
    """Write where each database is and what is pending.

    :param report: Its ``data`` holds a status for each database.
    :param writer: What writes.
    """
    statuses: Any = [SimpleNamespace(**each) for each in report.data["databases"]]
    more = tuple(dict.fromkeys(name for status in statuses for name in status.fields))
    header = (*HEADER, *map(_heading, more))
    rows = [_row(status, more) for status in statuses]
    colours = [COLOURS.get(status.state, "red") for status in statuses]
    writer.table(header, rows, colours)
    for status in statuses:
        _details(status, writer)
    _list_pending(statuses, writer)


def _heading(name: str) -> str:
    """Return the heading of a field that a plugin adds: ``Row count``."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _row(status: DatabaseStatus, more: Sequence[str] = ()) -> tuple[object, ...]:
    name = f"{status.database} ({status.server})" if status.server else status.database
    heads = ", ".join(status.heads) or "-"
    if status.error is not None:
        return (name, status.state, "-", heads, "-", "-", "-", *("-" for _ in more))
    return (
        name,
        status.state,
        ", ".join(id_ or "(empty)" for id_ in status.current) or "base",
        heads,
        len(status.pending),
        ", ".join(status.branches) or "-",
        status.lock or "free",
        *(_cell(status.fields.get(field)) for field in more),
    )


def _cell(value: object) -> object:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(str, value)) or "-"
    return value


def _details(status: DatabaseStatus, writer: Writer) -> None:
    notes = {
        "unreachable": status.error or "",
        "unknown": f"no revision file matches {', '.join(status.unknown)}; run flask db "
        "doctor.",
        "inconsistent": f"its version table holds {status.conflict}; run flask db doctor.",
        "partially applied": f"only a part of {status.partially_applied} is applied; run flask db "
        "doctor.",
        "unversioned": f"{counted(status.tables or 0, 'table')} without a version; flask "
        "db adopt compares them with the revisions.",
        "no revisions": "there are no revision files.",
    }
    if status.state in notes:
        writer.line(f"{status.database}: {notes[status.state]}")
    if status.differences:
        what = counted(status.differences, "difference")
        more = (
            "those of pending revisions are among them."
            if status.pending
            else "flask db check shows them."
        )
        writer.line(f"{status.database}: {what} from the models; {more}")


def _list_pending(statuses: Sequence[DatabaseStatus], writer: Writer) -> None:
    """Write what is pending, once for databases that lack the same."""
    groups: dict[tuple[str, ...], list[DatabaseStatus]] = {}
    for status in statuses:
        if status.pending:
            groups.setdefault(status.pending, []).append(status)
    for pending, group in groups.items():
        where = (
            f" in {names_in_short('database', [status.database for status in group])}"
        )
        shown = "" if len(statuses) == 1 else where
        writer.line(f"{counted(len(pending), 'revision')} pending{shown}:")
        width = max(map(len, pending[:LISTED]))
        for id_ in pending[:LISTED]:
            doc = text.readable(headline(group[0].messages.get(id_, "")))
            mark = text.irreversible_mark(group[0].irreversible.get(id_, False))
            writer.line(f"  {id_.ljust(width)}  {doc}".rstrip() + mark)
        if len(pending) > LISTED:
            writer.line(
                f"  and {len(pending) - LISTED} more; flask db plan lists them."
            )
