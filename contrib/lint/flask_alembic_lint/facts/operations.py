"""Alembic's operation objects turned into facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from .elements import (
    column_fact,
    default_text,
    expression_names,
    qualified,
    type_fact,
    unbound,
)
from .model import (
    UNCHANGED,
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Fact,
    Opaque,
    RenameTable,
    UnboundParameters,
    Where,
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
    return [Opaque(where=where, verb=type(operation).__name__)]


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
    if op.modify_server_default is not False:
        default = default_text(op.modify_server_default, dialect)
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


def _create_index(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    kw = op.kw
    method = kw.get(f"{dialect.name}_using") or kw.get(f"{dialect.name}_prefix") or ""
    yield CreateIndex(
        where=where,
        table=qualified(op.schema, op.table_name),
        name=op.index_name,
        columns=expression_names(op.columns),
        unique=bool(op.unique),
        concurrently=bool(kw.get("postgresql_concurrently")),
        if_not_exists=bool(getattr(op, "if_not_exists", None)),
        method="" if method.lower() == "btree" else method.lower(),
    )


def _drop_index(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield DropIndex(
        where=where,
        table=qualified(op.schema, op.table_name) if op.table_name else "",
        name=op.index_name,
        concurrently=bool(op.kw.get("postgresql_concurrently")),
        if_exists=bool(getattr(op, "if_exists", None)),
    )


def _foreign_key(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield AddConstraint(
        where=where,
        table=qualified(op.kw.get("source_schema"), op.source_table),
        kind="foreign key",
        name=op.constraint_name,
        columns=tuple(op.local_cols),
        referent=qualified(op.kw.get("referent_schema"), op.referent_table),
        referent_columns=tuple(op.remote_cols),
        not_valid=bool(op.kw.get("postgresql_not_valid")),
    )


def _check(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="check",
        name=op.constraint_name,
        condition=default_text(op.condition, dialect, literal=False) or "",
        not_valid=bool(op.kw.get("postgresql_not_valid")),
    )


def _unique(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="unique",
        name=op.constraint_name,
        columns=expression_names(op.columns),
    )


def _primary_key(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="primary key",
        name=op.constraint_name,
        columns=expression_names(op.columns),
    )


def _exclude(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="exclude",
        name=op.constraint_name,
    )


def _drop_constraint(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    kinds = {
        "foreignkey": "foreign key",
        "primary": "primary key",
        "unique": "unique",
        "check": "check",
    }
    yield DropConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        name=op.constraint_name,
        kind=kinds.get(op.constraint_type or "", ""),
        if_exists=bool(getattr(op, "if_exists", None)),
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
    "CreateIndexOp": _create_index,
    "DropIndexOp": _drop_index,
    "CreateForeignKeyOp": _foreign_key,
    "CreateCheckConstraintOp": _check,
    "CreateUniqueConstraintOp": _unique,
    "CreatePrimaryKeyOp": _primary_key,
    "CreateExcludeConstraintOp": _exclude,
    "DropConstraintOp": _drop_constraint,
    "ExecuteSQLOp": _execute,
    "BulkInsertOp": _bulk_insert,
}
"""What reads each operation; those that plugins register have none and are opaque."""
