"""A column put into a temporary table and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .statements import INTERNAL, between_transactions

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection

_NAME = "flask_alembic_stored_column"


def stored_column(
    connection: Connection, column: Column[Any], options: str = ""
) -> Mapping[str, Any]:
    """Return what SQLAlchemy reflects of a column once the server has stored it.

    :param connection: A connection on which temporary tables may be created.
    :param column: A column of a model; its constraints are left out.
    :param options: SQL behind the columns of ``CREATE TEMPORARY TABLE``.
    """
    from sqlalchemy import inspect

    dialect = connection.dialect
    compiler: Any = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]
    definition = compiler.get_column_specification(_bare(column))
    with between_transactions(connection):
        _run(connection, f"CREATE TEMPORARY TABLE {_NAME} ({definition}){options}")
        try:
            (stored,) = inspect(connection).get_columns(_NAME)
        finally:
            _run(connection, f"DROP TABLE {_NAME}")
    return stored


def _bare(column: Column[Any]) -> Column[Any]:
    """Return the same column in a table of its own, part of no key."""
    from sqlalchemy import Column as AnyColumn
    from sqlalchemy import DefaultClause, MetaData, Table

    # Copies: both would be attached to the other table instead.
    type_: Any = column.type
    default = column.server_default
    bare: Column[Any] = AnyColumn(
        column.name,
        type_.copy() if hasattr(type_, "copy") else type_,
        server_default=(
            DefaultClause(default.arg) if isinstance(default, DefaultClause) else None
        ),
        nullable=column.nullable,
        autoincrement=False,
    )
    Table(_NAME, MetaData(), bare)
    return bare


def _run(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql, execution_options=INTERNAL)
