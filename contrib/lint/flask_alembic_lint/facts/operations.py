"""Alembic's operation objects turned into facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from . import constraint_operations
from .base import UNCHANGED, Fact, Where
from .elements import (
    column_fact,
    default_text,
    qualified,
    type_fact,
    unbound,
)
from .model import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropTable,
    Opaque,
    RenameTable,
    UnboundParameters,
    Unparsed,
    WriteData,
)
from .sql import facts_of

if TYPE_CHECKING:
    from sqlalchemy import Column, Table
    from sqlalchemy.engine import Dialect


def facts_of_operation(
    operation: Any, dialect: Dialect, where: Where, table: Table | None = None
) -> list[Fact]:
    """Return what an operation does.

    :param operation: A ``MigrateOperation``.
    :param dialect: The dialect it will run on.
    :param where: Where in the revision it is.
    :param table: The table, where it creates one.
    """
    if table is not None:
        return list(_create_table(operation, table, dialect, where))
    for kind in type(operation).__mro__:
        read = READERS.get(kind.__name__)
        if read is not None:
            return list(read(operation, dialect, where))
    name = type(operation).__name__
    if not type(operation).__module__.startswith("alembic."):
        error = f"{name} is no operation of Alembic, and shows no SQL"
        return [Unparsed(where=where, error=error)]
    return [Opaque(where=where, verb=name)]


def _create_table(
    op: Any, table: Table, dialect: Dialect, where: Where
) -> Iterator[Fact]:
    keys = table.primary_key.columns
    options = [str(part).upper() for part in op.kw.get("prefixes") or ()]
    names = [constraint.name for constraint in table.constraints]
    names += [index.name for index in table.indexes]
    yield CreateTable(
        where=where,
        table=qualified(op.schema, op.table_name),
        columns=tuple(column_fact(column, dialect) for column in table.columns),
        has_primary_key=bool(len(keys)) or "postgresql_partition_of" in op.kw,
        if_not_exists=bool(getattr(op, "if_not_exists", None)),
        temporary=any("TEMP" in option for option in options),
        names=tuple(name for name in names if isinstance(name, str)),
    )


def _drop_table(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield DropTable(
        where=where,
        table=qualified(op.schema, op.table_name),
        if_exists=bool(getattr(op, "if_exists", None)),
    )


def _rename_table(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield RenameTable(
        where=where,
        table=qualified(op.schema, op.table_name),
        to=qualified(op.schema, op.new_table_name),
    )


def _add_column(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    table = qualified(op.schema, op.table_name)
    yield AddColumn(
        where=where,
        table=table,
        column=column_fact(op.column, dialect),
        if_not_exists=bool(getattr(op, "if_not_exists", None)),
    )
    yield from _with_column(op.column, table, where)


def _with_column(column: Column[Any], table: str, where: Where) -> Iterator[Fact]:
    """Give the constraints and the index that come along with a new column."""
    shared: dict[str, Any] = {"where": where, "table": table, "inline": True}
    names = (column.name,)
    for key in column.foreign_keys:
        target = key.target_fullname.rpartition(".")
        yield AddConstraint(
            kind="foreign key",
            name=key.name if isinstance(key.name, str) else None,
            columns=names,
            referent=target[0],
            referent_columns=(target[2],),
            not_valid=bool(key.dialect_kwargs.get("postgresql_not_valid")),
            **shared,
        )
    checks = sum(1 for each in column.constraints if "Check" in type(each).__name__)
    native = getattr(column.type, "native_enum", True)
    if getattr(column.type, "create_constraint", False) and native is not True:
        checks += 1
    for _ in range(checks):
        yield AddConstraint(kind="check", columns=names, **shared)
    if column.index:
        yield CreateIndex(
            where=where,
            table=table,
            name=None,
            columns=names,
            unique=bool(column.unique),
        )
    elif column.unique:
        yield AddConstraint(kind="unique", columns=names, **shared)


def _drop_column(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield DropColumn(
        where=where,
        table=qualified(op.schema, op.table_name),
        name=op.column_name,
        if_exists=bool(getattr(op, "if_exists", None)),
    )


def _alter_column(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    default: Any = UNCHANGED
    if op.modify_server_default is None:
        default = None
    elif op.modify_server_default is not False:
        # Identity() and the like have no text, and are no default that goes away.
        default = default_text(op.modify_server_default, dialect) or UNCHANGED
    changes = (
        op.modify_type is not None,
        op.modify_nullable is not None,
        op.modify_name is not None,
        default is not UNCHANGED,
    )
    if not any(changes):
        yield Opaque(where=where, table=qualified(op.schema, op.table_name))
        return
    yield AlterColumn(
        where=where,
        table=qualified(op.schema, op.table_name),
        name=op.column_name,
        type=type_fact(op.modify_type, dialect),
        old_type=type_fact(op.existing_type, dialect),
        using=op.kw.get("postgresql_using"),
        nullable=op.modify_nullable,
        old_nullable=op.existing_nullable,
        default=default,
        new_name=op.modify_name if op.modify_name != op.column_name else None,
    )


def _execute(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    from sqlalchemy import text

    construct = text(op.sqltext) if isinstance(op.sqltext, str) else op.sqltext
    sql = default_text(construct, dialect, literal=False)
    if sql is None:
        yield Opaque(where=where, verb=type(construct).__name__)
        return
    names = unbound(construct, dialect)
    if names:
        yield UnboundParameters(where=where, names=names)
    yield from facts_of(sql, dialect.name, where)


def _bulk_insert(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    table = qualified(getattr(op.table, "schema", None), op.table.name)
    yield WriteData(where=where, table=table, verb="insert")


Read = Callable[[Any, "Dialect", Where], Iterator[Fact]]

READERS: Final[dict[str, Read]] = {
    "DropTableOp": _drop_table,
    "RenameTableOp": _rename_table,
    "AddColumnOp": _add_column,
    "DropColumnOp": _drop_column,
    "AlterColumnOp": _alter_column,
    "CreateIndexOp": constraint_operations.create_index,
    "DropIndexOp": constraint_operations.drop_index,
    "CreateForeignKeyOp": constraint_operations.foreign_key,
    "CreateCheckConstraintOp": constraint_operations.check,
    "CreateUniqueConstraintOp": constraint_operations.unique,
    "CreatePrimaryKeyOp": constraint_operations.primary_key,
    "CreateExcludeConstraintOp": constraint_operations.exclude,
    "DropConstraintOp": constraint_operations.drop_constraint,
    "ExecuteSQLOp": _execute,
    "BulkInsertOp": _bulk_insert,
}
"""What reads each operation; those that plugins register have none and are opaque."""
