"""Foreign keys that stay, while the key that they refer to is dropped or changed.

PostgreSQL drops no primary key and no unique constraint that a foreign key depends on.
Such a foreign key is dropped first and created again at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from alembic.operations.ops import (
    CreateForeignKeyOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import MetaData, inspect

from .key_indexes import TableName, alone, referred
from .primary_keys import ChangePrimaryKeyOp
from .rename_operations import between_renames

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from sqlalchemy import ForeignKeyConstraint
    from sqlalchemy.engine import Connection


def keep_referring_keys(connection: Connection, script: MigrationScript) -> None:
    """Let a script drop and create the foreign keys that are in its way.

    :param connection: A connection to the database that was compared.
    :param script: Its last pair of operations is changed.
    """
    default = connection.dialect.default_schema_name
    both = (script.upgrade_ops_list[-1], script.downgrade_ops_list[-1])
    changed = {name for each in both for name in _changed(each.ops, default)}
    if not changed:
        return
    dropped = {name for each in both for name in _dropped(each.ops, default)}
    keys = [
        key
        for key in _keys_to(connection, changed)
        if (key.table.schema, key.table.name, None) not in dropped
        and (key.table.schema, key.table.name, str(key.name)) not in dropped
    ]
    for operations in both:
        first, middle, last = between_renames(operations.ops)
        drops = [alone(key, DropConstraintOp.from_constraint(key)) for key in keys]
        creates = [alone(key, CreateForeignKeyOp.from_constraint(key)) for key in keys]
        operations.ops[:] = [*first, *drops, *middle, *creates, *last]


def _changed(
    operations: Iterable[MigrateOperation], default: str | None
) -> Iterator[tuple[TableName, frozenset[str]]]:
    """Yield tables and columns whose uniqueness is dropped, if only for a while."""
    for each in operations:
        if isinstance(each, ChangePrimaryKeyOp):
            yield (each.key[0], str(each.key[1])), frozenset(each.before.columns)
        elif isinstance(each, ModifyTableOps):
            name = _schema(each.schema, default), each.table_name
            for part in each.ops:
                columns = _unique_columns(part)
                if columns:
                    yield name, columns


def _unique_columns(operation: MigrateOperation) -> frozenset[str]:
    """Return the columns that a dropped constraint or index made unique."""
    columns: Iterable[object] = ()
    if isinstance(operation, DropConstraintOp):
        if operation.constraint_type in ("unique", "primary"):
            columns = getattr(operation.to_constraint(), "columns", ())
    elif isinstance(operation, DropIndexOp) and operation.kw.get("unique"):
        columns = operation.to_index().columns
    return frozenset(str(getattr(each, "name", each)) for each in columns)


def _dropped(
    operations: Iterable[MigrateOperation], default: str | None
) -> Iterator[tuple[str | None, str, str | None]]:
    """Yield the foreign keys that are dropped, and tables without a name of a key."""
    for each in operations:
        if isinstance(each, DropTableOp):
            yield _schema(each.schema, default), each.table_name, None
        elif isinstance(each, ModifyTableOps):
            for part in each.ops:
                if isinstance(part, DropConstraintOp):
                    schema = _schema(each.schema, default)
                    yield schema, each.table_name, str(part.constraint_name)


def _keys_to(
    connection: Connection, changed: set[tuple[TableName, frozenset[str]]]
) -> list[ForeignKeyConstraint]:
    """Return the foreign keys of the database that refer to these columns."""
    default = connection.dialect.default_schema_name
    metadata = MetaData()
    inspector = inspect(connection)
    schemas = {name[0] for name, _ in changed}
    for schema in schemas:
        found = inspector.get_multi_foreign_keys(schema=schema)
        names = {
            name
            for (_, name), keys in found.items()
            for key in keys
            if (
                (_schema(key["referred_schema"], default), key["referred_table"]),
                frozenset(key["referred_columns"]),
            )
            in changed
        }
        targets = {name for (each, name), _ in changed if each == schema}
        # One that a revision creates has no keys to it yet.
        names |= targets & set(inspector.get_table_names(schema=schema))
        metadata.reflect(connection, schema, only=sorted(names), resolve_fks=False)
    return [
        key
        for table in sorted(metadata.tables.values(), key=str)
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
        if _target(key, default) in changed
    ]


def _target(
    key: ForeignKeyConstraint, default: str | None
) -> tuple[TableName, frozenset[str]]:
    (schema, name), columns = referred(key)
    return (_schema(schema, default), name), frozenset(columns)


def _schema(schema: str | None, default: str | None) -> str | None:
    return None if schema == default else schema
