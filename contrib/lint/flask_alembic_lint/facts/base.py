"""What every fact has: where it is, and how columns are described."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .types import SqlType

Direction = Literal["upgrade", "downgrade"]


"""Which function of the revision a fact comes from."""


class Unchanged:
    """The class of :data:`UNCHANGED`."""

    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED: Final = Unchanged()


"""Says that an ``ALTER COLUMN`` leaves the default as it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The ``batch_alter_table`` block around an operation."""

    number: int
    """Counts the blocks of a revision, to tell them apart."""

    recreate: str
    """``auto``, ``always`` or ``never``."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where in the revision something happens."""

    direction: Direction
    line: int | None = None
    """The line in the revision's file, counted from 1."""

    autocommit: bool = False
    """Whether it runs outside the revision's transaction."""

    batch: Batch | None = None
    """The batch block around it."""

    raw: bool = False
    """Whether it was written as SQL text."""

    online: bool = False
    """Whether the SQL itself demands ``LOCK=NONE`` or ``ALGORITHM=INSTANT``."""

    statement: int = 0
    """Counts the statements of a direction; one ``ALTER TABLE`` is one."""

    text: str = ""
    """The SQL text, where it was written as such."""

    operation: Any = field(default=None, compare=False, repr=False)
    """The operation object, where it was no statement sent through the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that a revision does."""

    where: Where
    table: str = ""
    """The table it is done to, with its schema, unquoted; empty if to none."""


@dataclass(frozen=True, slots=True)
class ColumnFact:
    """A column as it is added or created."""

    name: str
    type: SqlType
    nullable: bool = True
    default: str | None = None
    """The server default as SQL."""

    generated: Literal["stored", "virtual"] | None = None
    """Whether it is computed from other columns, and how it is kept."""

    numbered: bool = False
    """Whether the server counts it: identity, serial, AUTO_INCREMENT."""

    primary_key: bool = False
    unique: bool = False
    references: str = ""
    """The table that an inline foreign key points to."""

    placed: bool = False
    """Whether FIRST or AFTER puts it somewhere else than last."""

    enum_type: str = ""
    """The name of the enum type that creating the table creates too."""
