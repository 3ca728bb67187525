"""What a revision does, said the same way for operations and for SQL text.

Rules look at these and at nothing else: ``op.add_column(...)`` and
``op.execute("ALTER TABLE ... ADD COLUMN ...")`` become the same fact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .base import (
    UNCHANGED,
    ColumnFact,
    Fact,
    Unchanged,
)
from .types import SqlType


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable(Fact):
    """CREATE TABLE."""

    columns: tuple[ColumnFact, ...] = ()
    has_primary_key: bool = True
    if_not_exists: bool = False
    temporary: bool = False
    names: tuple[str, ...] = ()
    """The names of its constraints and indexes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTable(Fact):
    """DROP TABLE."""

    cascade: bool = False
    if_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable(Fact):
    """A table that gets another name or schema."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn(Fact):
    """A column added to a table."""

    column: ColumnFact
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn(Fact):
    """A column dropped."""

    name: str
    cascade: bool = False
    if_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumn(Fact):
    """A change of a column; what is ``None`` or ``UNCHANGED`` stays."""

    name: str
    type: SqlType | None = None
    old_type: SqlType | None = None
    using: str | None = None
    nullable: bool | None = None
    old_nullable: bool | None = None
    default: str | Unchanged | None = UNCHANGED
    new_name: str | None = None
    restates_all: bool = False
    """Whether it was written as MODIFY or CHANGE, which say the whole column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex(Fact):
    """An index built."""

    name: str | None
    columns: tuple[str, ...] = ()
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    method: str = ""
    """``gin``, ``fulltext``, ``spatial``, ... in lower case; empty for the usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex(Fact):
    """An index dropped."""

    name: str | None
    concurrently: bool = False
    if_exists: bool = False
    cascade: bool = False


ConstraintKind = Literal["foreign key", "check", "unique", "primary key", "exclude"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddConstraint(Fact):
    """A constraint added to a table."""

    kind: ConstraintKind
    name: str | None = None
    columns: tuple[str, ...] = ()
    referent: str = ""
    referent_columns: tuple[str, ...] = ()
    condition: str = ""
    not_valid: bool = False
    using_index: bool = False
    inline: bool = False
    """Whether it came along with a new column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropConstraint(Fact):
    """A constraint dropped."""

    name: str | None
    kind: str = ""
    """As in :class:`AddConstraint`; empty where it is not said."""

    cascade: bool = False
    if_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateConstraint(Fact):
    """VALIDATE CONSTRAINT."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEnum(Fact):
    """A value of an enumerated type added or renamed, or pg_enum edited."""

    type_name: str
    action: Literal["add", "rename", "catalog"]
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateType(Fact):
    """CREATE TYPE."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropType(Fact):
    """DROP TYPE."""

    name: str
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOption(Fact):
    """Something set for a whole table, such as ENGINE or a character set."""

    option: Literal["charset", "storage", "rewrite"]
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteData(Fact):
    """Rows inserted, updated, deleted or truncated."""

    verb: Literal["insert", "update", "delete", "truncate"]
    has_where: bool = False
    from_query: bool = False
    """Whether an INSERT takes its rows from a query."""

    cascade: bool = False
    partition: str = ""
    """The partition, where it is about one alone."""

    literals: tuple[str, ...] = ()
    """The string values in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Fact):
    """VACUUM, CLUSTER, REINDEX and their kind."""

    verb: str
    concurrently: bool = False
    needs_autocommit: bool = False
    rewrites: bool = False
    """Whether it blocks the table while it works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction(Fact):
    """BEGIN, COMMIT, ROLLBACK or their like written as SQL."""

    verb: str
    """The word that it starts with, in upper case."""

    begins: bool
    """Whether a transaction is open afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTable(Fact):
    """LOCK TABLE."""

    mode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropObject(Fact):
    """DROP of something that is no table, index or type."""

    kind: str
    name: str
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameObject(Fact):
    """A schema, type, index or constraint that gets another name."""

    kind: str
    name: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque(Fact):
    """A statement that is known to be harmless or that no rule looks at."""

    verb: str = ""
    locks: bool = False
    """Whether it takes a short lock that shuts out all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed(Fact):
    """SQL that could not be read."""

    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyStatements(Fact):
    """Several statements in one ``op.execute``."""

    count: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class UnboundParameters(Fact):
    """Names after a colon in SQL text that nothing gives a value to."""

    names: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrendered(Fact):
    """An operation that Alembic or SQLAlchemy refuse for this dialect."""

    operation: str = ""
    error: str = ""
