"""Operations in an order that the database can execute.

Foreign keys are dropped before what they need and created after it. Where tables refer
to one another, their keys are operations of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from alembic.operations.ops import (
    CreateForeignKeyOp,
    CreateTableOp,
    DropConstraintOp,
    DropTableOp,
    ModifyTableOps,
)
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.sql.elements import conv

from .constraint_names import name_of
from .key_indexes import referred
from .rename_operations import between_renames

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation

Key = tuple[str | None, str]
"""Schema and name of a table."""


def order_operations(operations: list[MigrateOperation]) -> list[MigrateOperation]:
    """Return operations in another order, foreign keys taken apart where they must be.

    :param operations: The operations of one direction in one database.
    """
    first_of_all, others, last_of_all = between_renames(operations)
    drops = _keys_of_dropped_tables(others)
    creates = _keys_of_created_tables(others)
    middle: list[MigrateOperation] = []
    for operation in others:
        if not isinstance(operation, ModifyTableOps):
            middle.append(operation)
            continue
        first = [each for each in operation.ops if _drops_key(each)]
        last = [each for each in operation.ops if isinstance(each, CreateForeignKeyOp)]
        rest = [each for each in operation.ops if each not in (*first, *last)]
        drops += _modifying(operation, first)
        middle += _modifying(operation, rest)
        creates += _modifying(operation, last)
    return [*first_of_all, *drops, *middle, *creates, *last_of_all]


def tables_first_and_last(
    operations: Sequence[MigrateOperation],
) -> list[MigrateOperation]:
    """Return operations with new tables first and dropped tables last.

    A table that is copied loses its keys to a dropped one before that is gone.

    :param operations: The operations of one direction in one database.
    """
    first, others, last = between_renames(operations)
    creates = [each for each in others if isinstance(each, CreateTableOp)]
    drops = [each for each in others if isinstance(each, DropTableOp)]
    rest = [
        each for each in others if not isinstance(each, (CreateTableOp, DropTableOp))
    ]
    return [*first, *creates, *rest, *drops, *last]


def _modifying(
    operation: ModifyTableOps, operations: Sequence[MigrateOperation]
) -> list[MigrateOperation]:
    if not operations:
        return []
    if len(operations) == len(operation.ops):
        return [operation]
    return [ModifyTableOps(operation.table_name, operations, schema=operation.schema)]


def _drops_key(operation: Any) -> bool:
    return (
        isinstance(operation, DropConstraintOp)
        and operation.constraint_type == "foreignkey"
    )


def _keys_of_created_tables(
    operations: Iterable[MigrateOperation],
) -> list[MigrateOperation]:
    """Take the keys to later tables out of CREATE TABLE, and return them."""
    tables = [each for each in operations if isinstance(each, CreateTableOp)]
    places = {
        (each.schema, each.table_name): place for place, each in enumerate(tables)
    }
    found: list[MigrateOperation] = []
    for place, table in enumerate(tables):
        for constraint in list(table.columns):
            if not isinstance(constraint, ForeignKeyConstraint):
                continue
            if constraint.use_alter or places.get(referred(constraint)[0], -1) > place:
                table.columns = [
                    each for each in table.columns if each is not constraint
                ]
                found.append(_create(table, constraint))
    return found


def _create(table: CreateTableOp, constraint: ForeignKeyConstraint) -> MigrateOperation:
    operation = CreateForeignKeyOp.from_constraint(constraint)
    operation.kw.pop("use_alter", None)
    operation.constraint_name = _name(constraint)
    return ModifyTableOps(table.table_name, [operation], schema=table.schema)


def _keys_of_dropped_tables(
    operations: Iterable[MigrateOperation],
) -> list[MigrateOperation]:
    """Return drops of the keys to tables that go before their own."""
    dropped: set[Key] = set()
    found: list[MigrateOperation] = []
    for operation in operations:
        if not isinstance(operation, DropTableOp):
            continue
        for constraint in operation.to_table().constraints:
            if not isinstance(constraint, ForeignKeyConstraint):
                continue
            if referred(constraint)[0] in dropped:
                drop = DropConstraintOp.from_constraint(constraint)
                drop.constraint_name = _name(constraint)
                found.append(
                    ModifyTableOps(
                        operation.table_name, [drop], schema=operation.schema
                    )
                )
        dropped.add((operation.schema, operation.table_name))
    return found


def _name(constraint: ForeignKeyConstraint) -> Any:
    return (
        constraint.name
        if constraint.name is not None
        else conv(str(name_of(constraint)))
    )
