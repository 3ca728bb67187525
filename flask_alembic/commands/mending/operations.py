"""The operations that lead from one schema to another, both read from databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .portable import make_portable

if TYPE_CHECKING:
    from alembic.operations.ops import DowngradeOps, MigrateOperation, UpgradeOps
    from alembic.runtime.migration import MigrationContext

    from ...dialects.schema_objects import SchemaObject
    from .reflecting import Schema

# What SQLAlchemy would take for a parameter; "::" is left alone by it.
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")


def operations(
    context: MigrationContext, before: Schema, after: Schema
) -> tuple[UpgradeOps, DowngradeOps]:
    """Return what makes one schema of another, and back.

    Tables are compared as autogenerate does it. What there is beside them is made with
    the SQL that the server tells; what it does not tell how to make is left out, and
    will show when the result is compared.

    :param context: Connected to a database that is as ``before``.
    :param before: The schema to start from.
    :param after: The schema to come to.
    """
    from alembic.autogenerate import produce_migrations
    from alembic.operations.ops import DowngradeOps, UpgradeOps

    make_portable(after.metadata, context.dialect)
    script = produce_migrations(context, after.metadata)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    counted = {*before.tables, *after.tables}
    ups = [op for op in script.upgrade_ops.ops if _is_of(op, counted)]
    downs = [op for op in script.downgrade_ops.ops if _is_of(op, counted)]
    return (
        UpgradeOps(list(_around(ups, before.objects, after.objects))),
        DowngradeOps(list(_around(downs, after.objects, before.objects))),
    )


def _is_of(operation: MigrateOperation, tables: set[tuple[str | None, str]]) -> bool:
    """Whether an operation is about a table that counts."""
    name = getattr(operation, "table_name", None)
    return name is None or (getattr(operation, "schema", None), name) in tables


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
