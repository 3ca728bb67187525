"""What is written down while a revision runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..facts.base import Batch, Direction

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation
    from sqlalchemy import Table
    from sqlalchemy.engine import Dialect


@dataclass(frozen=True, slots=True)
class Event:
    """An operation, or a statement that was sent through the connection."""

    direction: Direction
    line: int | None
    """The line of the revision's file that caused it, counted from 1."""

    operation: MigrateOperation | None = None
    """The operation object."""

    sql: str | None = None
    """The statement, where it went through ``op.get_bind()``."""

    autocommit: bool = False
    """Whether it is outside the revision's transaction."""

    batch: Batch | None = None
    """The ``batch_alter_table`` block around it."""

    table: Table | None = None
    """What ``create_table`` made; a second one cannot be made of the same parts."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a function of a revision did not run to its end."""

    direction: Direction | None
    """``None`` where the file itself could not be executed."""

    line: int | None
    error: str
    """The kind and the first line of the error."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a revision tried to reach by itself, and was refused."""

    direction: Direction | None
    """``None`` where the code around the functions tried it."""

    line: int | None
    what: str
    """A verb and its object."""


@dataclass(frozen=True, slots=True)
class Capture:
    """All that a revision did."""

    dialect: Dialect
    """The dialect that it was captured for."""

    events: tuple[Event, ...] = ()
    failures: tuple[Failure, ...] = ()
    namespace: Mapping[str, Any] = field(default_factory=dict)
    """The globals of the revision, after the run."""

    missing: tuple[tuple[int | None, str], ...] = ()
    """Modules that could not be imported: the line and the name."""

    unwatched: tuple[tuple[int | None, str], ...] = ()
    """Modules that this system cannot watch, and that have a stand-in, too."""

    refusals: tuple[Refusal, ...] = ()
    """What was tried and refused, at most one in each line."""

    @property
    def is_complete(self) -> bool:
        """Whether all of it was run, with what it imports."""
        return not (self.failures or self.missing or self.unwatched or self.refusals)

    @property
    def is_unread(self) -> bool:
        """Whether it stopped before ``upgrade()`` did anything."""
        stopped = any(each.direction != "downgrade" for each in self.failures)
        return stopped and not self.of("upgrade")

    def of(self, direction: Direction) -> tuple[Event, ...]:
        """Return the events of one function, in order.

        :param direction: ``upgrade`` or ``downgrade``.
        """
        return tuple(event for event in self.events if event.direction == direction)
