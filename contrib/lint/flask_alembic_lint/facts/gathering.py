"""Everything a captured revision does, as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..capture.events import Capture, Event
from .base import Direction, Fact, Where
from .operations import facts_of_operation
from .rendering import refusal
from .sql import facts_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


def gather(captured: Capture, direction: Direction) -> list[Fact]:
    """Return what one function of a revision does, in order.

    :param captured: The captured revision.
    :param direction: ``upgrade`` or ``downgrade``.
    """
    found: list[Fact] = []
    for event in captured.of(direction):
        count = found[-1].where.statement + 1 if found else 0
        found += _facts(event, captured.dialect, count)
    return found


def _facts(event: Event, dialect: Dialect, count: int) -> list[Fact]:
    where = Where(
        direction=event.direction,
        line=event.line,
        autocommit=event.autocommit,
        batch=event.batch,
        statement=count,
        operation=event.operation,
    )
    if event.operation is None:
        return facts_of(event.sql or "", dialect.name, where)
    facts = facts_of_operation(event.operation, dialect, where, event.table)
    refused = refusal(event, dialect, where)
    return [*facts, refused] if refused else facts
