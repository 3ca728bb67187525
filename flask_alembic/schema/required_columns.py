"""Columns that are added to tables with rows and may not be NULL.

Without a server default no database has a value for the rows: PostgreSQL and SQLite
refuse the column, MySQL and MariaDB make a value up. So the column is added as nullable,
is filled where the file says so, and becomes NOT NULL in the end, which every database
refuses while a row has no value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import Column

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class FillColumnOp(MigrateOperation):
    """The place in a revision where a person fills a column.

    :param table_name: The table.
    :param column_name: The column.
    :param schema: The schema of the table; ``None`` for the default one.

    .. versionadded:: 4.0
    """

    def __init__(
        self, table_name: str, column_name: str, schema: str | None = None
    ) -> None:
        self.table_name = table_name
        self.column_name = column_name
        self.schema = schema


class RequireColumnOp(AlterColumnOp):
    """A column that this revision has added becomes NOT NULL.

    .. versionadded:: 4.0
    """


@renderers.dispatch_for(FillColumnOp)
def _render(context: AutogenContext, operation: FillColumnOp) -> list[str]:
    """Render a comment."""
    prefix = context.opts["alembic_module_prefix"]
    table = ".".join(filter(None, (operation.schema, operation.table_name)))
    column = operation.column_name
    return [
        "# Existing rows need a value, for example:",
        f'# {prefix}execute("UPDATE {table} SET {column} = ... '
        f'WHERE {column} IS NULL")'.replace("\n", " "),
    ]


def needs_value(column: Column[Any]) -> bool:
    """Return whether rows that exist have no value for a column when it is added.

    :param column: A column of the models.
    """
    return (
        not column.nullable and column.server_default is None and not column.primary_key
    )


def add_in_steps(operations: Iterable[MigrateOperation]) -> list[MigrateOperation]:
    """Return operations that add such columns in the steps that keep rows.

    :param operations: The operations of an upgrade in one database.
    """
    result: list[MigrateOperation] = []
    for operation in operations:
        result.append(operation)
        if not isinstance(operation, ModifyTableOps):
            continue
        required = [
            each
            for each in operation.ops
            if isinstance(each, AddColumnOp) and needs_value(each.column)
        ]
        if not required:
            continue
        # The operation may be of a class of its own, which stays.
        operation.ops[:] = [
            _nullable(each) if each in required else each for each in operation.ops
        ]
        result += (
            FillColumnOp(each.table_name, each.column.name, each.schema)
            for each in required
        )
        result.append(
            ModifyTableOps(
                operation.table_name,
                list(map(_require, required)),
                schema=operation.schema,
            )
        )
    return result


def _nullable(operation: Any) -> AddColumnOp:
    column = operation.column
    return AddColumnOp(
        operation.table_name,
        # A new one: the other belongs to the models.
        Column(column.name, column.type, nullable=True, comment=column.comment),
        schema=operation.schema,
        **operation.kw,
    )


def _require(operation: Any) -> RequireColumnOp:
    column = operation.column
    return RequireColumnOp(
        operation.table_name,
        column.name,
        schema=operation.schema,
        existing_type=column.type,
        existing_comment=column.comment,
        modify_nullable=False,
    )
