"""The operations that lead from one schema to another, both read from databases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...dialects import backend_for
from ...errors import Refused
from .portable import make_portable

if TYPE_CHECKING:
    from alembic.operations.ops import DowngradeOps, MigrateOperation, UpgradeOps
    from alembic.runtime.migration import MigrationContext

    from ...dialects.schema_objects import SchemaObject
    from .reflecting import Schema, TableName

# What SQLAlchemy would take for a parameter; "::" is left alone by it.
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")


def operations(
    context: MigrationContext, before: Schema, after: Schema
) -> tuple[UpgradeOps, DowngradeOps]:
    """Return what makes one schema of another, and back.

    Tables are compared as autogenerate does it. What there is beside them is made with
    the SQL that the server tells.

    :param context: Connected to a database that is as ``before``.
    :param before: The schema to start from.
    :param after: The schema to come to.
    :raises Refused: When there is something that the server does not tell how to make.
    """
    from alembic.autogenerate import produce_migrations
    from alembic.operations.ops import DowngradeOps, UpgradeOps

    _require_makeable(before, after)
    make_portable(after, before, context.dialect)
    script = produce_migrations(context, after.metadata)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    counted = {*before.tables, *after.tables}
    ups = _without_implied(_of_tables(script.upgrade_ops.ops, counted), context)
    downs = _of_tables(script.downgrade_ops.ops, counted)
    return (
        UpgradeOps(list(_around(ups, before.objects, after.objects))),
        DowngradeOps(list(_around(downs, after.objects, before.objects))),
    )


def _require_makeable(before: Schema, after: Schema) -> None:
    here = {(each.kind, each.name): each for each in before.objects}
    found = [
        f"{each.kind} {each.name}"
        for each in after.objects
        if each.create is None and _is_other(each, here)
    ]
    if found:
        raise Refused(
            f"A revision that builds this cannot be made: {', '.join(found)}. Nothing "
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
    operations: list[MigrateOperation], context: MigrationContext
) -> list[MigrateOperation]:
    """Leave out indexes that the server makes with a foreign key of a new table.

    One that it makes by itself goes when another one serves; one that was asked for
    stays. So a later revision would find something else.
    """
    from alembic.operations.ops import CreateIndexOp, CreateTableOp, ModifyTableOps

    backend = backend_for(context.dialect)
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
    old: Sequence[SchemaObject],
    new: Sequence[SchemaObject],
) -> Iterator[Any]:
    """Yield operations of tables among those of what there is beside them."""
    here = {(each.kind, each.name): each for each in old}
    there = {(each.kind, each.name): each for each in new}
    gone = [each for each in old if _is_other(each, there)]
    come = [each for each in new if _is_other(each, here)]
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
    return (_execute(each.drop) for each in objects if each.drop)


def _creates(objects: Iterator[SchemaObject]) -> Iterator[Any]:
    return (_execute(each.create) for each in objects if each.create)


def _execute(sql: str) -> Any:
    from alembic.operations.ops import ExecuteSQLOp

    return ExecuteSQLOp(_PARAMETER.sub(r"\\:", sql.strip()))
