"""Indexes that foreign keys need, on a database that does not let them go.

MySQL and MariaDB make an index for a foreign key that finds none, refuse to drop the
last one that serves it, and leave theirs behind when the key is dropped. So a foreign
key is dropped before such an index and created again at the end, the index of a dropped
key is dropped with it, and the indexes of a dropped table go with the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic.operations.ops import (
    CreateForeignKeyOp,
    CreateIndexOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import MetaData, Table, inspect

from .rename_operations import between_renames

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from sqlalchemy import ForeignKeyConstraint
    from sqlalchemy.engine import Connection

    from ..backends.base import Backend

TableName = tuple[str | None, str]
"""Schema and name of a table."""

Columns = tuple[str, ...]


@dataclass
class _Table:
    """What the operations of one direction find in a table."""

    keys: dict[str, ForeignKeyConstraint] = field(default_factory=dict)
    """Its foreign keys by their names; no operation is about them."""

    served: list[tuple[ForeignKeyConstraint, Columns]] = field(default_factory=list)
    """Keys of any table, with the columns of this one that need an index."""

    indexes: dict[str, Columns] = field(default_factory=dict)
    """The indexes that stay, by their names; the primary key is one."""


def keep_key_indexes(
    connection: Connection, script: MigrationScript, backend: Backend
) -> None:
    """Let a script drop and keep indexes as foreign keys need it.

    :param connection: A connection to the database that was compared.
    :param script: Its last pair of operations is changed.
    :param backend: Of the database.
    """
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    for operations in (upgrade, downgrade):
        operations.ops[:] = _without_indexes_of_dropped_tables(operations.ops)
    names = {
        (each.schema, each.table_name)
        for operations in (upgrade, downgrade)
        for each in operations.ops
        if isinstance(each, ModifyTableOps)
    }
    tables = _read(connection, names, backend)
    there = _Writer(tables, upgrade.ops, downgrade.ops, backend)
    back = _Writer(tables, downgrade.ops, upgrade.ops, backend)
    upgrade.ops, downgrade.ops = there.write(), back.write()


def _without_indexes_of_dropped_tables(
    operations: Sequence[MigrateOperation],
) -> list[MigrateOperation]:
    dropped = {
        (each.schema, each.table_name)
        for each in operations
        if isinstance(each, DropTableOp)
    }
    kept: list[MigrateOperation] = []
    for each in operations:
        if (
            isinstance(each, ModifyTableOps)
            and (each.schema, each.table_name) in dropped
        ):
            left = [op for op in each.ops if not isinstance(op, DropIndexOp)]
            if not left:
                continue
            each = ModifyTableOps(each.table_name, left, schema=each.schema)
        kept.append(each)
    return kept


def _read(
    connection: Connection, names: Iterable[TableName], backend: Backend
) -> dict[TableName, _Table]:
    """Read the tables that are there already, and the keys that point at them."""
    inspector = inspect(connection)
    metadata = MetaData()
    found: dict[TableName, _Table] = {}
    schemas = {schema for schema, _ in names}
    for schema in schemas:
        wanted = {name for each, name in names if each == schema}
        if wanted:
            existing = inspector.get_table_names(schema=schema)
            metadata.reflect(
                connection, schema=schema, only=existing, resolve_fks=False
            )
    for table in metadata.tables.values():
        found[table.schema, table.name] = _table(table, backend)
    for table in metadata.tables.values():
        for key in table.foreign_key_constraints:
            _serve(found, table, key)
    return found


def _table(table: Table, backend: Backend) -> _Table:
    indexes = {
        str(index.name): tuple(column.name for column in index.columns)
        for index in table.indexes
    }
    indexes[""] = tuple(column.name for column in table.primary_key.columns)
    keys = {str(key.name): key for key in table.foreign_key_constraints}
    return _Table(keys, [], indexes)


def _serve(
    tables: dict[TableName, _Table], table: Table, key: ForeignKeyConstraint
) -> None:
    tables[table.schema, table.name].served.append((key, tuple(key.column_keys)))
    target, columns = referred(key)
    if target in tables:
        tables[target].served.append((key, columns))


def referred(key: ForeignKeyConstraint) -> tuple[TableName, Columns]:
    """Return the table and the columns that a foreign key refers to.

    :param key: The foreign key; its own columns need not be resolved.
    """
    parts = [element.target_fullname.rpartition(".") for element in key.elements]
    schema, _, name = parts[0][0].rpartition(".")
    return (schema or None, name), tuple(column for _, _, column in parts)


class _Writer:
    """Rewrites the operations of one direction."""

    def __init__(
        self,
        tables: dict[TableName, _Table],
        operations: Sequence[MigrateOperation],
        other: Sequence[MigrateOperation],
        backend: Backend,
    ) -> None:
        self.tables = tables
        self.operations = operations
        self.backend = backend
        # What this direction drops is not there on its way to the end, and what the
        # other one drops was not there at its beginning.
        self.gone = _dropped_names(operations)
        self.moved = self.gone | _dropped_names(other)
        self.columns_gone = {
            (table.schema, table.table_name, each.column_name)
            for table in _modified(operations)
            for each in table.ops
            if isinstance(each, DropColumnOp)
        }

    def write(self) -> list[MigrateOperation]:
        """Return the operations in their new order."""
        drops: dict[tuple[TableName, str], MigrateOperation] = {}
        creates: list[MigrateOperation] = []
        middle: list[MigrateOperation] = []
        for operation in self.operations:
            if not isinstance(operation, ModifyTableOps):
                middle.append(operation)
                continue
            for key in self._keys_in_need(operation):
                name = ((key.table.schema, key.table.name), str(key.name))
                if name not in drops:
                    drops[name] = alone(key, DropConstraintOp.from_constraint(key))
                    creates.append(alone(key, CreateForeignKeyOp.from_constraint(key)))
            middle.append(self._with_left_indexes(operation))
        first, middle, last = between_renames(middle)
        return [*first, *drops.values(), *middle, *creates, *last]

    def _keys_in_need(
        self, operation: ModifyTableOps
    ) -> Iterator[ForeignKeyConstraint]:
        """Yield keys whose last index is dropped."""
        name = (operation.schema, operation.table_name)
        table = self.tables.get(name)
        if table is None:
            return
        for each in operation.ops:
            if not _drops_index(each):
                continue
            columns = self._columns(table, each)
            if self._is_replaced(operation, each, columns):
                continue
            for key, needed in table.served:
                if (key.table.schema, key.table.name, str(key.name)) in self.moved:
                    continue
                if columns[: len(needed)] == needed and not self._is_served(
                    name, key, needed
                ):
                    yield key

    def _is_replaced(
        self, operation: ModifyTableOps, drop: Any, columns: Columns
    ) -> bool:
        """Tell whether an index on the same columns is created before."""
        earlier = operation.ops[: operation.ops.index(drop)]
        return any(
            isinstance(each, CreateIndexOp)
            and tuple(str(getattr(column, "name", column)) for column in each.columns)
            == columns
            for each in earlier
        )

    def _columns(self, table: _Table, operation: Any) -> Columns:
        name = str(_name(operation))
        if name in table.indexes:
            return table.indexes[name]
        reverse = operation.reverse()
        index = getattr(reverse, "to_index", None) or reverse.to_constraint
        return tuple(column.name for column in index().columns)

    def _is_served(
        self, name: TableName, key: ForeignKeyConstraint, needed: Columns
    ) -> bool:
        """Tell whether an index stays all the time that was not made for the key."""
        own = {str(key.name), self.backend.index_of(key), needed[0]}
        return any(
            columns[: len(needed)] == needed
            for index, columns in self.tables[name].indexes.items()
            if (*name, index) not in self.moved and index not in own
        )

    def _with_left_indexes(self, operation: ModifyTableOps) -> ModifyTableOps:
        """Add drops of the indexes that the server made for keys that are dropped."""
        operations: list[MigrateOperation] = []
        for each in operation.ops:
            operations.append(each)
            if (
                isinstance(each, DropConstraintOp)
                and each.constraint_type == "foreignkey"
            ):
                operations += self._left_index(operation, each)
        if len(operations) == len(operation.ops):
            return operation
        return ModifyTableOps(operation.table_name, operations, schema=operation.schema)

    def _left_index(
        self, operation: ModifyTableOps, drop: DropConstraintOp
    ) -> list[MigrateOperation]:
        name = (operation.schema, operation.table_name)
        key: Any = drop.to_constraint()
        needed = tuple(key.column_keys)
        index = str(drop.constraint_name)
        table = self.tables.get(name)
        if table is None or any(
            (*name, column) in self.columns_gone for column in needed
        ):
            return []
        if index not in table.keys:  # the other direction has created the key
            if self._index_stands(name, needed):
                return []
        elif table.indexes.get(index) != needed:
            return []
        if any(
            needed[: len(other)] == other
            for other_key, other in table.served
            if str(other_key.name) != index
            and (other_key.table.schema, other_key.table.name, str(other_key.name))
            not in self.moved
        ):
            return []  # another key needs it
        return [
            DropIndexOp(
                index,
                operation.table_name,
                schema=operation.schema,
                _reverse=CreateIndexOp(
                    index, operation.table_name, list(needed), schema=operation.schema
                ),
            )
        ]

    def _index_stands(self, name: TableName, needed: Columns) -> bool:
        """Tell whether the server found an index when the key was created."""
        kept = [
            columns
            for index, columns in self.tables[name].indexes.items()
            if (*name, index) not in self.moved
        ]
        dropped_here = [
            self._columns(self.tables[name], each)
            for table in _modified(self.operations)
            if (table.schema, table.table_name) == name
            for each in table.ops
            if _drops_index(each)
        ]
        return any(
            columns[: len(needed)] == needed for columns in (*kept, *dropped_here)
        )


def _modified(operations: Iterable[MigrateOperation]) -> Iterator[ModifyTableOps]:
    return (each for each in operations if isinstance(each, ModifyTableOps))


def _dropped_names(
    operations: Iterable[MigrateOperation],
) -> set[tuple[str | None, str, str]]:
    """Return the names of the keys and indexes that operations drop."""
    return {
        (table.schema, table.table_name, str(_name(each)))
        for table in _modified(operations)
        for each in table.ops
        if isinstance(each, (DropIndexOp, DropConstraintOp))
    }


def _drops_index(operation: Any) -> bool:
    return isinstance(operation, DropIndexOp) or (
        isinstance(operation, DropConstraintOp)
        and operation.constraint_type == "unique"
    )


def _name(operation: Any) -> Any:
    return getattr(operation, "index_name", None) or operation.constraint_name


def alone(key: ForeignKeyConstraint, operation: MigrateOperation) -> ModifyTableOps:
    """Return an operation on the table of a foreign key.

    :param key: The foreign key.
    :param operation: What is done to it.
    """
    return ModifyTableOps(key.table.name, [operation], schema=key.table.schema)
