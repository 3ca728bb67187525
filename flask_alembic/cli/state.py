"""Base functions that show the state of the databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ..errors import CheckFailed, DatabaseError
from . import render, tables
from .base import get_extension, require_revisions
from .output import echo
from .progress import shown
from .render import counted

if TYPE_CHECKING:
    from ..commands.status import DatabaseStatus

COLOURS = {
    "at head": "green",
    "behind": "yellow",
    "empty": "yellow",
    "unversioned": "yellow",
}
"""The colours of states; the others are red."""

LISTED: Final = 10
"""How many pending revisions are listed."""


def status(
    databases: Sequence[str] = (), models: bool = False, check: bool = False
) -> None:
    """Show where each database is and what is to be done.

    :param databases: Only these databases.
    :param models: Compare the models too.
    :param check: Fail unless there is nothing to do.
    """
    from ..commands import status as command

    extension = get_extension()
    found = extension._do(command.status, databases, models=models, check=check)
    header = ("Database", "State", "Current", "Head", "Pending", "Branches", "Lock")
    rows = [_row(one) for one in found]
    colours = [COLOURS.get(one.state, "red") for one in found]
    tables.show(header, rows, colours)
    for one in found:
        _details(one)
    _list_pending(found)
    unread = [one.database for one in found if one.error is not None]
    if unread:
        raise DatabaseError(
            f"Cannot be read: {_those('database', unread)}.",
            "The reason is above. flask db wait --for database waits until it answers.",
        )
    if check and not all(one.ok for one in found):
        raise CheckFailed("Not every database is up to date.", _advice(found))


def _row(one: DatabaseStatus) -> tuple[object, ...]:
    name = f"{one.database} ({one.server})" if one.server else one.database
    heads = ", ".join(one.heads) or "-"
    if one.error is not None:
        return (name, one.state, "-", heads, "-", "-", "-")
    return (
        name,
        one.state,
        ", ".join(one.current) or "base",
        heads,
        len(one.pending),
        ", ".join(one.branches) or "-",
        one.lock or "free",
    )


def _details(one: DatabaseStatus) -> None:
    told = {
        "unreachable": one.error or "",
        "unknown": f"no file has {', '.join(one.unknown)}; see what flask db doctor "
        "says.",
        "half applied": f"{one.half_applied} is half in effect; flask db doctor says "
        "what to do.",
        "unversioned": f"{counted(one.tables or 0, 'table')} without a version; flask "
        "db adopt compares them with the revisions.",
        "no revisions": "there are no revision files.",
    }
    if one.state in told:
        echo(f"{one.database}: {told[one.state]}")
    if one.differences:
        what = counted(one.differences, "difference")
        more = (
            "those of pending revisions are among them."
            if one.pending
            else "flask db check shows them."
        )
        echo(f"{one.database}: {what} from the models; {more}")


def _list_pending(found: Sequence[DatabaseStatus]) -> None:
    """Write what is pending, once for databases that lack the same."""
    groups: dict[tuple[str, ...], list[DatabaseStatus]] = {}
    for one in found:
        if one.pending:
            groups.setdefault(one.pending, []).append(one)
    for pending, ones in groups.items():
        where = f" in {_those('database', [one.database for one in ones])}"
        shown = "" if len(found) == 1 else where
        echo(f"{counted(len(pending), 'revision')} pending{shown}:")
        width = max(map(len, pending[:LISTED]))
        for id_ in pending[:LISTED]:
            doc = render.readable(ones[0].messages.get(id_, ""))
            echo(f"  {id_.ljust(width)}  {doc}".rstrip())
        if len(pending) > LISTED:
            echo(f"  and {len(pending) - LISTED} more; flask db plan lists them.")


def _those(noun: str, names: Sequence[str]) -> str:
    """Return the names of a few things, or how many there are."""
    if len(names) > LISTED:
        return counted(len(names), noun)
    return f"{noun}{'' if len(names) == 1 else 's'} {', '.join(names)}"


def _advice(found: Sequence[DatabaseStatus]) -> str:
    """Return what to do first, about what is worst."""
    states = {one.state for one in found}
    if "no revisions" in states:
        return "Make a revision, or check where the files are."
    if states & {"unknown", "half applied"}:
        return "Run flask db doctor: it says how to mend it."
    if "unversioned" in states:
        return "Run flask db adopt, or flask db upgrade where the tables are not ours."
    if any(one.pending for one in found):
        return "Run flask db upgrade."
    return "Make a revision of what differs: flask db revision 'message'."


def wait(
    until: str = "head",
    timeout: float = 60.0,
    interval: float = 1.0,
    databases: Sequence[str] = (),
) -> None:
    """Wait until the databases answer, or until they are at head.

    :param until: ``database`` or ``head``.
    :param timeout: How long, in seconds.
    :param interval: How long to pause between two looks, in seconds.
    :param databases: Only these databases.
    """
    if until == "head":
        require_revisions()
    with shown():
        found = get_extension().wait(
            until, timeout=timeout, interval=interval, databases=databases
        )
    echo("; ".join(f"{name} is {state}" for name, state in found.states.items()))
