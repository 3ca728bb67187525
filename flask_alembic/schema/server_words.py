"""Columns of the models as the server would write them, to compare them with its own.

A server may keep a type or a default in other words than the models: ``MEDIUMTEXT`` for
``TEXT(100000)``, ``current_timestamp()`` for ``now()``. Where Alembic sees a difference,
the column of the model is put into a temporary table, and what the server says of it is
compared with what it says of the column that is there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation, MigrationScript
    from alembic.runtime.migration import MigrationContext
    from flask import Flask
    from sqlalchemy import Column, Connection

    from ..backends.base import Backend

logger = logging.getLogger("flask_alembic.runtime")


def has_same_type(
    app: Flask, context: MigrationContext, inspected: Column[Any], model: Column[Any]
) -> bool:
    """Return whether the server writes two types the same; false where it is not asked.

    :param app: The application.
    :param context: The context of the comparison.
    :param inspected: The column in the database.
    :param model: The column of the models.
    """
    stored = _stored(app, context, model)
    return stored is not None and _same_type(context, stored["type"], inspected.type)


def has_other_labels(
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
) -> bool:
    """Tell whether both columns are an ``ENUM`` of MySQL or MariaDB with other labels."""
    from sqlalchemy import Enum

    if context.dialect.name not in ("mysql", "mariadb"):
        return False
    stored = inspected_column.type
    model = metadata_column.type.dialect_impl(context.dialect)
    return (
        isinstance(stored, Enum)
        and isinstance(model, Enum)
        and list(stored.enums) != list(model.enums)
    )


def default_differs(
    app: Flask,
    context: MigrationContext,
    inspected: Column[Any],
    model: Column[Any],
    inspected_default: str | None,
    rendered: str | None,
) -> bool | None:
    """Return whether two defaults differ, ``None`` where Alembic's answer serves.

    :param app: The application.
    :param context: The context of the comparison.
    :param inspected: The column in the database.
    :param model: The column of the models.
    :param inspected_default: The default in the database.
    :param rendered: That of the model.
    """
    from sqlalchemy import DefaultClause

    if inspected_default is None or not isinstance(model.server_default, DefaultClause):
        return None
    asks_server = _backend(app, context).compares_defaults
    if not asks_server and not _differs_for_alembic(
        context, inspected, model, rendered, inspected_default
    ):
        return None
    stored = _stored(app, context, model)
    if stored is None and not asks_server:
        return None
    if (
        stored
        and stored["default"] is not None
        and inspected_default == _reflected(context, stored, asks_server)
    ):
        return False
    if not asks_server:
        return None
    return _answer_of_server(context, inspected, model, rendered, inspected_default)


def write_overlooked_types(
    connection: Connection, script: MigrationScript, backend: Backend
) -> None:
    """Put the types of columns into operations that were reflected as another type.

    Otherwise a column that changes, or comes back, would have that one.

    :param connection: A connection to the database; it only reads.
    :param script: Its last pair of operations is changed.
    :param backend: Of the database.
    """
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    if upgrade.is_empty():
        return
    types = backend.overlooked_types(connection)
    if types:
        for operation in _flat(upgrade.ops):
            _write_type(operation, types, back=False)
        for operation in _flat(downgrade.ops):
            _write_type(operation, types, back=True)


def _flat(operations: Iterable[MigrateOperation]) -> Iterator[Any]:
    """Yield operations, and what is inside of those of one table instead of these."""
    from alembic.operations.ops import OpContainer

    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from _flat(operation.ops)
        else:
            yield operation


def _write_type(operation: Any, types: Mapping[Any, Any], *, back: bool) -> None:
    """Change the types of columns in an operation.

    :param back: Whether it is one of a downgrade, which ends with the types.
    """
    from alembic.operations.ops import AddColumnOp, AlterColumnOp, CreateTableOp
    from sqlalchemy import Column

    if isinstance(operation, AlterColumnOp):
        key = operation.schema, operation.table_name, operation.column_name
        name = "existing_type"
        if back and operation.modify_type is not None:
            name = "modify_type"
        if key in types and getattr(operation, name) is not None:
            setattr(operation, name, types[key])
        return
    columns: list[Any] = []
    if back and isinstance(operation, CreateTableOp):
        columns += operation.columns
    elif back and isinstance(operation, AddColumnOp):
        columns.append(operation.column)
    for column in columns:
        if isinstance(column, Column):
            key = operation.schema, operation.table_name, column.name
            column.type = types.get(key, column.type)


def _reflected(
    context: MigrationContext, stored: Mapping[str, Any], plain: bool
) -> Any:
    """Return a default as Alembic has it after it has reflected a table."""
    info = dict(stored)
    if not plain:
        impl: Any = context.impl
        impl.autogen_column_reflect(None, None, info)
    return info["default"]


def _differs_for_alembic(context: MigrationContext, *columns_and_defaults: Any) -> bool:
    # Of the class: the instance's asks who asks here.
    impl: Any = context.impl
    return bool(type(impl).compare_server_default(impl, *columns_and_defaults))


def _answer_of_server(context: MigrationContext, *columns_and_defaults: Any) -> bool:
    """Return what Alembic has the server say, true where that is an error.

    The server may have no operator to compare two values, as for JSON on PostgreSQL.
    """
    from sqlalchemy.exc import DBAPIError

    assert context.connection is not None
    try:
        with context.connection.begin_nested():
            return _differs_for_alembic(context, *columns_and_defaults)
    except DBAPIError as error:
        logger.debug("Two defaults could not be compared", exc_info=error)
        return True


def _same_type(context: MigrationContext, stored: Any, inspected: Any) -> bool:
    compiler: Any = context.dialect.type_compiler_instance
    return bool(compiler.process(stored) == compiler.process(inspected))


def _stored(
    app: Flask, context: MigrationContext, model: Column[Any]
) -> Mapping[str, Any] | None:
    """Return a column of the models as the server describes it."""
    connection = context.connection
    if connection is None or model.computed is not None or model.identity is not None:
        return None
    try:
        return _backend(app, context).stored_column(connection, model)
    except Exception as error:
        # Temporary tables may be forbidden; then Alembic's answer is the answer.
        logger.debug("%s could not be stored to compare it", model, exc_info=error)
        return None


def _backend(app: Flask, context: MigrationContext) -> Backend:
    from ..runtime.environment import environment_of

    return environment_of(app).backends.backend_for(context.dialect)
