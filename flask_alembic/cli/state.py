"""Base functions that show the state of the databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import CheckFailed
from . import render
from .base import get_extension
from .output import echo
from .progress import shown

if TYPE_CHECKING:
    from ..commands.status import DatabaseStatus

COLOURS = {"at head": "green", "behind": "yellow", "empty": "yellow", "unknown": "red"}


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
    rows = [
        (
            f"{one.database} ({one.server})",
            one.state,
            ", ".join(one.current) or "base",
            ", ".join(one.heads) or "-",
            len(one.pending),
            ", ".join(one.branches) or "-",
            one.lock or "free",
        )
        for one in found
    ]
    lines = render.table(header, rows).splitlines()
    echo(lines[0], bold=True)
    for line, one in zip(lines[1:], found, strict=True):
        echo(line, fg=COLOURS[one.state])
    for one in found:
        _details(one)
    if check and not all(one.ok for one in found):
        raise CheckFailed("Not every database is up to date.", "Run flask db upgrade.")


def _details(one: DatabaseStatus) -> None:
    if one.unknown:
        echo(
            f"{one.database}: no file has {', '.join(one.unknown)}; see what flask db "
            "doctor says."
        )
    if one.pending:
        echo(f"{one.database}: pending: {', '.join(one.pending)}")
    if one.differences:
        echo(
            f"{one.database}: {one.differences} differences from the models; flask db "
            "check shows them."
        )


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
    with shown():
        found = get_extension().wait(
            until, timeout=timeout, interval=interval, databases=databases
        )
    echo("; ".join(f"{name} is {state}" for name, state in found.states.items()))
