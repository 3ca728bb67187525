"""The operations that lead from one schema to another, both read from databases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import Refused
from .snapshot import type_text

if TYPE_CHECKING:
    from alembic.operations.ops import DowngradeOps, MigrateOperation, UpgradeOps
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column
    from sqlalchemy.engine import Dialect

    from ..backends.base import Backend
    from ..backends.schema_objects import SchemaObject
    from .snapshot import Schema, TableName

# A text, and what PostgreSQL adds to it.
_TEXT = re.compile(r"'((?:[^'\\]|'')*)'(?:::[\w .\"]+(?:\(\d+\))?)?")
# Options of tables that count rows, or say how the table was read.
_READING = ("_auto_increment", "_ignore_search_path")
# One that SQLAlchemy gives to check constraints by mistake.
_UNKNOWN = "dialect_options"
# Where false says something.
_FALSE = "_with_rowid"


def make_portable(schema: Schema, before: Schema, backend: Backend) -> None:
    """Write reflected tables in the plain words of SQLAlchemy where that is the same.

    The same means: the database gets the same words. Where an app runs its tests on
    another kind of database, a revision made from reflected tables works there too.

    :param schema: What was reflected; its tables are changed.
    :param before: What there was; constraints of tables in it have to keep names.
    :param backend: Of the database that they come from.
    """
    dialect = backend.dialect
    old = set(before.tables)
    for table in schema.metadata.tables.values():
        _tidy(table.kwargs)
        items: list[Any] = [*table.indexes, *table.constraints]
        for item in items:
            _tidy(item.kwargs)
        for key in table.foreign_key_constraints:
            # One that the server has named is named by it again.
            if (table.schema, table.name) not in old and backend.has_named(key):
                key.name = None
        for column in table.columns:
            if not backend.without_making(column.type):
                column.type = _plain(column.type, dialect)
            if not column.primary_key:
                column.autoincrement = "auto"
            _plain_default(column)


def _tidy(options: Any) -> None:
    """Drop options that are empty or that a person would not write."""
    for name, value in list(options.items()):
        if name.endswith(_FALSE):
            continue
        if (
            name.endswith(_READING)
            or name == _UNKNOWN
            or value in (None, False, [], {}, ())
        ):
            options.pop(name, None)


def _plain(type_: Any, dialect: Dialect) -> Any:
    try:
        plain = type_.as_generic()
    except (NotImplementedError, TypeError, ValueError):
        return type_  # one that only this database has
    return plain if type_text(plain, dialect) == type_text(type_, dialect) else type_


def _plain_default(column: Column[Any]) -> None:
    """Write a default that is a text as such."""
    from sqlalchemy import DefaultClause

    default = column.server_default
    text = getattr(getattr(default, "arg", None), "text", None)
    if not isinstance(default, DefaultClause) or not isinstance(text, str):
        return
    match = _TEXT.fullmatch(text)
    if match:
        column.server_default = DefaultClause(match[1].replace("''", "'"))


# What SQLAlchemy would take for a parameter; "::" is left alone by it.
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")


def escape_parameters(sql: str) -> str:
    """Return SQL in which ``op.execute()`` takes no colon for a parameter.

    :param sql: The statement.
    """
    return _PARAMETER.sub(r"\\:", sql)


def operations(
    context: MigrationContext, backend: Backend, before: Schema, after: Schema
) -> tuple[UpgradeOps, DowngradeOps]:
    """Return what makes one schema of another, and back.

    Tables are compared as autogenerate does it. What there is beside them is made with
    the SQL that the server tells.

    :param context: Connected to a database that is as ``before``.
    :param backend: Of that database.
    :param before: The schema to start from.
    :param after: The schema to come to.
    :raises Refused: When there is something that the server does not tell how to make.
    """
    from alembic.autogenerate import produce_migrations
    from alembic.operations.ops import DowngradeOps, UpgradeOps

    _require_makeable(before, after)
    make_portable(after, before, backend)
    script = produce_migrations(context, after.metadata)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    counted = {*before.tables, *after.tables}
    ups = _without_implied(_of_tables(script.upgrade_ops.ops, counted), backend)
    downs = _of_tables(script.downgrade_ops.ops, counted)
    return (
        UpgradeOps(list(_around(ups, before, after))),
        DowngradeOps(list(_around(downs, after, before))),
    )


def unmakeable(before: Schema, after: Schema) -> list[SchemaObject]:
    """Return what a revision would have to create and no statement is known for.

    :param before: The schema to start from.
    :param after: The schema to come to.
    """
    here = {(each.kind, each.name): each for each in before.objects}
    return [e for e in after.objects if e.create is None and _is_other(e, here)]


def restoring_statements(wanted: Schema, built: Schema) -> list[str]:
    """Return the statements that give tables what SQLAlchemy has not reflected.

    :param wanted: What the server says of the schema to come to.
    :param built: What it says of the one that operations have built.
    """
    lacking = [
        (part, part.restore if key in built.parts else part.create)
        for key, part in wanted.parts.items()
        if key not in built.parts or built.parts[key].stored != part.stored
    ]
    # A table's own options last: versioning and partitions hinder other changes.
    lacking.sort(key=lambda pair: pair[0].kind == "table")
    return [sql for _, statements in lacking for sql in statements]


def _require_makeable(before: Schema, after: Schema) -> None:
    found = unmakeable(before, after)
    if found:
        listed = ", ".join(f"{each.kind} {each.name}" for each in found)
        raise Refused(
            f"A revision that builds this cannot be made: {listed}. Nothing "
            "was written.",
            "Write the revision by hand, or leave it as it is.",
        )


def _of_tables(
    operations: Sequence[MigrateOperation], counted: set[TableName]
) -> list[MigrateOperation]:
    """Return the operations on tables that count.

    An index goes with its table: MySQL refuses to drop one by itself that a foreign
    key needs.
    """
    from alembic.operations.ops import DropIndexOp, DropTableOp, ModifyTableOps

    kept = [e for e in operations if _table(e) is None or _table(e) in counted]
    dropped = {_table(each) for each in kept if isinstance(each, DropTableOp)}
    for each in kept:
        if isinstance(each, ModifyTableOps) and _table(each) in dropped:
            each.ops = [op for op in each.ops if not isinstance(op, DropIndexOp)]
    return [e for e in kept if not isinstance(e, ModifyTableOps) or e.ops]


def _without_implied(
    operations: list[MigrateOperation], backend: Backend
) -> list[MigrateOperation]:
    """Leave out indexes that the server makes with a foreign key of a new table.

    One that it makes by itself goes when another one serves; one that was asked for
    stays. So a later revision would find something else.
    """
    from alembic.operations.ops import CreateIndexOp, CreateTableOp, ModifyTableOps

    implied: dict[TableName | None, set[tuple[str, tuple[str, ...]]]] = {}
    for each in operations:
        if isinstance(each, CreateTableOp):
            table = each.to_table()
            implied[_table(each)] = {
                (backend.index_of(key), tuple(key.column_keys))
                for key in table.foreign_key_constraints
            }
    for each in operations:
        if isinstance(each, ModifyTableOps) and _table(each) in implied:
            known = implied[_table(each)]
            each.ops = [
                op
                for op in each.ops
                if not isinstance(op, CreateIndexOp)
                or op.unique
                or (op.index_name, _names(op.columns)) not in known
            ]
    return [e for e in operations if not isinstance(e, ModifyTableOps) or e.ops]


def _names(columns: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(getattr(column, "name", column)) for column in columns)


def _table(operation: MigrateOperation) -> TableName | None:
    """Return the table that an operation is about."""
    name = getattr(operation, "table_name", None)
    return None if name is None else (getattr(operation, "schema", None), name)


def _around(
    operations: Sequence[MigrateOperation],
    old: Schema,
    new: Schema,
) -> Iterator[Any]:
    """Yield operations of tables among those of what there is beside them."""
    here = {(each.kind, each.name): each for each in old.objects}
    there = {(each.kind, each.name): each for each in new.objects}
    # What alters a table ends with it.
    stay = {None, *(".".join(filter(None, name)) for name in new.tables)}
    gone = [
        each
        for each in old.objects
        if _is_other(each, there)
        and (each.table in stay or (each.drop or "").startswith("DROP "))
    ]
    come = [each for each in new.objects if _is_other(each, here)]
    # What a table may need is made before it and dropped after it. One of those that
    # is there on both sides is in use, so it cannot be dropped and made anew.
    yield from _drops(each for each in reversed(gone) if not each.early)
    yield from _creates(e for e in come if e.early and (e.kind, e.name) not in here)
    yield from operations
    yield from _drops(
        e for e in reversed(gone) if e.early and (e.kind, e.name) not in there
    )
    yield from _creates(each for each in come if not each.early)


def _is_other(each: SchemaObject, others: dict[tuple[str, str], SchemaObject]) -> bool:
    same = others.get((each.kind, each.name))
    return same is None or same.definition != each.definition


def _drops(objects: Iterator[SchemaObject]) -> Iterator[Any]:
    return (statement(each.drop) for each in objects if each.drop)


def _creates(objects: Iterator[SchemaObject]) -> Iterator[Any]:
    return (statement(each.create) for each in objects if each.create)


def statement(sql: str) -> MigrateOperation:
    """Return the operation that executes a statement.

    :param sql: The statement, whose colons are not parameters.
    """
    from alembic.operations.ops import ExecuteSQLOp

    return ExecuteSQLOp(escape_parameters(sql.strip()))
