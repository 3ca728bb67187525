"""Sequences of the models: created before the tables that use them.

Alembic knows no sequences, and renders a column that one fills as if the database numbered
it by itself. What a revision creates its downgrade drops; a sequence that the database has
is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.operations.ops import CreateTableOp, MigrateOperation
from sqlalchemy.schema import CreateSequence, DropSequence
from sqlalchemy.sql.functions import next_value

from .check_operations import escaped
from .percent_signs import single_percents

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column, MetaData, Table


class CreateSequenceOp(MigrateOperation):
    """A sequence is created.

    :param sequence: The sequence.
    :param users: The columns of existing tables whose values come from it.
    """

    def __init__(self, sequence: sa.Sequence, users: Sequence[Column[Any]]) -> None:
        self.sequence, self.users = sequence, users

    def reverse(self) -> DropSequenceOp:
        """Return the operation that does the opposite."""
        return DropSequenceOp(self.sequence)

    def to_diff_tuple(self) -> tuple[str, sa.Sequence]:
        """Return the difference in the form of Alembic's."""
        return ("add_sequence", self.sequence)


class DropSequenceOp(MigrateOperation):
    """A sequence that a revision has created is dropped.

    :param sequence: The sequence.
    """

    def __init__(self, sequence: sa.Sequence) -> None:
        self.sequence = sequence

    def to_diff_tuple(self) -> tuple[str, sa.Sequence]:
        """Return the difference in the form of Alembic's."""
        return ("remove_sequence", self.sequence)


def missing_sequences(
    context: MigrationContext,
    metadata: Iterable[MetaData],
    is_wanted: Callable[[Table], bool],
) -> list[MigrateOperation]:
    """Return operations for the sequences of the models that the database has not.

    :param context: The context of the comparison, connected.
    :param metadata: The models.
    :param is_wanted: Whether the app wants to know of a table that uses a sequence.
    """
    connection = context.connection
    if connection is None or not context.dialect.supports_sequences:
        return []
    users: dict[tuple[str | None, str], list[tuple[sa.Sequence, Column[Any]]]] = {}
    for each in metadata:
        for sequence, column in _users(each):
            if not is_wanted(column.table):
                continue
            key = sequence.schema, str(sequence.name)
            users.setdefault(key, []).append((sequence, column))
    if not users:
        return []
    inspector = sa.inspect(connection)
    return [
        CreateSequenceOp(
            users[key][0][0],
            [column for _, column in users[key] if _has_rows(inspector, column)],
        )
        for key in sorted(users, key=str)
        if not inspector.has_sequence(key[1], schema=key[0])
    ]


def _users(metadata: MetaData) -> Iterator[tuple[sa.Sequence, Column[Any]]]:
    """Yield the sequences whose values are defaults of columns."""
    for table in metadata.tables.values():
        for column in table.columns:
            sequence = sequence_of(column)
            if sequence is not None:
                yield sequence, column


def sequence_of(column: Column[Any]) -> sa.Sequence | None:
    """Return the sequence that a column of the models names.

    :param column: The column.
    :return: ``None`` for no sequence, or one that is for other databases.
    """
    if isinstance(column.default, sa.Sequence):
        return None if column.default.optional else column.default
    if column.server_default is not None:
        value = getattr(column.server_default, "arg", None)
        if isinstance(value, next_value):
            return value.sequence
    return None


def _has_rows(inspector: sa.Inspector, column: Column[Any]) -> bool:
    """Tell whether there may be values: the column is in the database."""
    name, schema = column.table.name, column.table.schema
    return inspector.has_table(name, schema=schema) and column.name in {
        each["name"] for each in inspector.get_columns(name, schema=schema)
    }


def leave_numbers_to_sequences(operations: Iterable[Any]) -> None:
    """Let the database not number by itself what a sequence of the models numbers.

    :param operations: Those of an upgrade; the tables that they create are changed.
    """
    for each in operations:
        if isinstance(each, CreateTableOp):
            for column in each.columns:
                if not isinstance(column, sa.Column):
                    continue
                if isinstance(column.default, sa.Sequence):
                    column.autoincrement = "auto" if column.default.optional else False


@renderers.dispatch_for(CreateSequenceOp)
def _render_create(context: AutogenContext, operation: CreateSequenceOp) -> list[str]:
    """Render what creates the sequence, and lets it continue after existing values."""
    assert context.migration_context is not None
    dialect = context.migration_context.dialect
    statements = [str(CreateSequence(operation.sequence).compile(dialect=dialect))]
    for each in operation.users:
        statements += _advance(context, operation.sequence, each)
    return [_executed(context, each) for each in statements]


@renderers.dispatch_for(DropSequenceOp)
def _render_drop(context: AutogenContext, operation: DropSequenceOp) -> str:
    """Render what drops the sequence."""
    assert context.migration_context is not None
    dialect = context.migration_context.dialect
    statement = DropSequence(operation.sequence).compile(dialect=dialect)
    return _executed(context, str(statement))


def _executed(context: AutogenContext, statement: str) -> str:
    assert context.migration_context is not None
    sql = single_percents(statement, context.migration_context.dialect)
    return f"{context.opts['alembic_module_prefix']}execute({escaped(sql)!r})"


def _advance(
    context: AutogenContext, sequence: sa.Sequence, column: Column[Any]
) -> list[str]:
    """Return what makes a new sequence continue after the values that are there."""
    assert context.migration_context is not None
    dialect = context.migration_context.dialect
    preparer = dialect.identifier_preparer
    name = preparer.format_sequence(sequence)
    table, value = preparer.format_table(column.table), preparer.format_column(column)
    start = 1 if sequence.start is None else sequence.start
    if dialect.name == "postgresql":
        literal = name.replace("'", "''")
        return [
            f"SELECT setval('{literal}', max({value})) FROM {table} "
            f"HAVING max({value}) >= {start}"
        ]
    # MariaDB takes nothing but a number here.
    literal = name.replace("\\", "\\\\").replace("'", "''")
    return [
        f"SET @next = (SELECT GREATEST(IFNULL(MAX({value}), 0) + 1, {start}) "
        f"FROM {table})",
        f"EXECUTE IMMEDIATE CONCAT('ALTER SEQUENCE {literal} RESTART ', @next)",
    ]
