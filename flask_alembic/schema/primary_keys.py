"""Primary keys of tables that exist: compared, and changed by a revision.

Alembic does not compare them. The columns are compared, in their order; how a key is named
is not. The change stands between what gives a table its new columns and what drops its old
ones, so that both the upgrade and the downgrade find the columns of their key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import (
    AlterColumnOp,
    DropColumnOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import MetaData, Table, inspect
from sqlalchemy.schema import CreateColumn

from ..backends.sqlite.table_copies import PRIMARY_KEY
from .check_operations import escaped
from .constraint_names import stored_name
from .percent_signs import single_percents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Dialect

    from ..backends.catalog import Key


@dataclass(frozen=True, slots=True)
class Counter:
    """A column with ``AUTO_INCREMENT``."""

    name: str

    definition: str
    """The column as in ``CREATE TABLE``, but for ``AUTO_INCREMENT``."""


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """The primary key of a table on one side."""

    columns: tuple[str, ...]
    """The names of its columns, in its order; none where the table has no key."""

    name: str | None
    """Its name, complete; ``None`` where the database makes one up or has none."""

    counter: Counter | None = None
    """On MySQL and MariaDB, the column with ``AUTO_INCREMENT``, which has to be in a key."""

    def counts_as(self, other: PrimaryKey) -> bool:
        """Tell whether the same column counts.

        :param other: Another key of the table.
        """
        return self._counting == other._counting

    @property
    def _counting(self) -> str | None:
        return self.counter.name if self.counter is not None else None


class ChangePrimaryKeyOp(MigrateOperation):
    """A table gets another primary key.

    :param key: The table.
    :param before: Its primary key until now.
    :param after: Its primary key from now on.
    """

    def __init__(self, key: Key, before: PrimaryKey, after: PrimaryKey) -> None:
        self.key, self.before, self.after = key, before, after

    def reverse(self) -> ChangePrimaryKeyOp:
        """Return the operation that does the opposite."""
        return ChangePrimaryKeyOp(self.key, self.after, self.before)

    def definitions(self) -> list[str]:
        """Return how MySQL defines the columns that start or stop to count."""
        if self.before.counts_as(self.after):
            return []
        stops, starts = self.before.counter, self.after.counter
        return [
            *([stops.definition] if stops else []),
            *([f"{starts.definition} AUTO_INCREMENT"] if starts else []),
        ]

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return the difference in a form like Alembic's of a column."""
        if self.before.columns == self.after.columns:
            counters = [self.before.counter, self.after.counter]
            column = next(each.name for each in counters if each is not None)
            words = [
                "AUTO_INCREMENT"
                if each and each.name == column
                else "no AUTO_INCREMENT"
                for each in counters
            ]
            return ("modify_sequence", *self.key, column, *words)
        return (
            "modify_primary_key",
            *self.key,
            self.before.columns,
            self.after.columns,
        )


def primary_key_change(
    context: MigrationContext, key: Key, table: Table, counts_otherwise: bool = False
) -> ChangePrimaryKeyOp | None:
    """Return what a revision does to the primary key of a table that exists.

    :param context: The context of the comparison, connected.
    :param key: The table.
    :param table: The table of the models.
    :param counts_otherwise: Whether another column counts in the database, or none.
    :return: ``None`` where both have the same key, or the app's ``include_object``, asked
        with the type ``"primary_key"``, does not want to know.
    """
    assert context.connection is not None
    inspector = inspect(context.connection)
    reflected = inspector.get_pk_constraint(table.name, schema=table.schema)
    columns = tuple(reflected["constrained_columns"])
    constraint = table.primary_key
    wanted = tuple(column.name for column in constraint.columns)
    counts_otherwise = counts_otherwise and _has_counters(context.dialect)
    if columns == wanted and not counts_otherwise:
        return None
    if not columns and table.name not in inspector.get_table_names(table.schema):
        return None  # a view or a foreign table, which a model maps
    name = stored_name(context, constraint)
    wants: Callable[..., Any] | None = context.opts.get("include_object")
    if wants is not None and not wants(constraint, name, PRIMARY_KEY, False, None):
        return None
    before = PrimaryKey(
        columns,
        reflected.get("name") if columns else None,
        _stored_counter(context, table),
    )
    after = PrimaryKey(wanted, name, _counter(context, table))
    if columns == wanted and before.counts_as(after):
        return None
    return ChangePrimaryKeyOp(key, before, _named(context, key, before, after))


def _stored_counter(context: MigrationContext, table: Table) -> Counter | None:
    if not _has_counters(context.dialect):
        return None
    stored = Table(
        table.name, MetaData(), schema=table.schema, autoload_with=context.connection
    )
    return _counter(context, stored)


def _counter(context: MigrationContext, table: Table) -> Counter | None:
    column = table.autoincrement_column
    if column is None or not _has_counters(context.dialect):
        return None
    text = str(CreateColumn(column).compile(dialect=context.dialect))
    plain = single_percents(text, context.dialect).replace(" AUTO_INCREMENT", "", 1)
    return Counter(column.name, plain)


def _has_counters(dialect: Dialect) -> bool:
    """Tell whether columns have ``AUTO_INCREMENT``, which asks for a key at any time."""
    return dialect.name in ("mysql", "mariadb")


def _named(
    context: MigrationContext, key: Key, stored: PrimaryKey, models: PrimaryKey
) -> PrimaryKey:
    """Return the key of the models with the name that the server would give it."""
    if models.name or not models.columns or context.dialect.name != "postgresql":
        return models
    table = str(key[1]).encode()[:58].decode(errors="ignore")
    return PrimaryKey(models.columns, stored.name or f"{table}_pkey")


def split(
    operation: ChangePrimaryKeyOp, found: Iterable[MigrateOperation]
) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Return what is done to the table before its key changes, and what after.

    Whether a column that leaves or enters the key counts is for the change to say.

    :param operation: The change.
    :param found: All that is done to the table.
    """
    before, after = {*operation.before.columns}, {*operation.after.columns}
    early: list[MigrateOperation] = []
    late: list[MigrateOperation] = []
    for each in found:
        is_late = isinstance(each, DropColumnOp)
        if isinstance(each, AlterColumnOp) and each.column_name in before ^ after:
            each.kw.pop("autoincrement", None)
            is_late = each.column_name in before
        (late if is_late else early).append(each)
    return early, late


@renderers.dispatch_for(ChangePrimaryKeyOp)
def _render(context: AutogenContext, operation: ChangePrimaryKeyOp) -> list[str]:
    """Render the change in the way of the database."""
    if context.opts["render_as_batch"]:
        return _in_a_copy(context, operation)
    assert context.migration_context is not None
    if _has_counters(context.migration_context.dialect):
        return [_in_one_statement(context, operation)]
    return _one_after_the_other(context, operation)


def _in_a_copy(context: AutogenContext, operation: ChangePrimaryKeyOp) -> list[str]:
    prefix = context.opts["alembic_module_prefix"]
    schema, table = operation.key
    columns, name = list(operation.after.columns), operation.after.name
    if name is None:
        info = {PRIMARY_KEY: columns}
        change, body, named = f", table_kwargs={ {'info': info}!r}", "pass", ""
    else:
        body = f"batch_op.create_primary_key(batch_op.f({name!r}), {columns!r})"
        change, named = "", " as batch_op"
    where = repr(str(table)) + (f", schema={str(schema)!r}" if schema else "")
    return [
        f"with {prefix}batch_alter_table({where}, recreate='always'{change}){named}:",
        body,
        "",  # the end of the block
    ]


def _in_one_statement(context: AutogenContext, operation: ChangePrimaryKeyOp) -> str:
    """Render one statement: a column that counts is never without a key."""
    assert context.migration_context is not None
    preparer = context.migration_context.dialect.identifier_preparer
    schema, table = operation.key
    quoted = [preparer.quote(str(part)) for part in (schema, table) if part]
    changes = [f"MODIFY {definition}" for definition in operation.definitions()]
    differs = operation.before.columns != operation.after.columns
    if operation.before.columns and differs:
        changes.append("DROP PRIMARY KEY")
    if operation.after.columns and differs:
        columns = ", ".join(preparer.quote(each) for each in operation.after.columns)
        changes.append(f"ADD PRIMARY KEY ({columns})")
    statement = single_percents(
        f"ALTER TABLE {'.'.join(quoted)} {', '.join(changes)}",
        context.migration_context.dialect,
    )
    return f"{context.opts['alembic_module_prefix']}execute({escaped(statement)!r})"


def _one_after_the_other(
    context: AutogenContext, operation: ChangePrimaryKeyOp
) -> list[str]:
    prefix = context.opts["alembic_module_prefix"]
    schema, table = operation.key
    where = f", schema={str(schema)!r}" if schema else ""
    lines = []
    if operation.before.columns:
        name = f"{prefix}f({operation.before.name!r})"
        arguments = f"{name}, {str(table)!r}, type_='primary'{where}"
        lines.append(f"{prefix}drop_constraint({arguments})")
    if operation.after.columns:
        name = f"{prefix}f({operation.after.name!r})"
        columns = list(operation.after.columns)
        arguments = f"{name}, {str(table)!r}, {columns!r}{where}"
        lines.append(f"{prefix}create_primary_key({arguments})")
    return lines


def around(
    operation: ChangePrimaryKeyOp | None, key: Key, body: list[MigrateOperation]
) -> list[MigrateOperation]:
    """Return all that is done to a table, its primary key included.

    :param operation: The change of the key, if any.
    :param key: The table.
    :param body: What else is done to the table.
    """
    if operation is None:
        return [ModifyTableOps(key[1], body, schema=key[0])] if body else []
    early, late = split(operation, body)
    return [*around(None, key, early), operation, *around(None, key, late)]
