"""Indexes of tables that exist, where Alembic cannot tell what differs.

SQLAlchemy reflects no expressions of SQLite, and no order, operator class or condition
that it has no word for. The server describes them, and has the statement that creates an
index once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import (
    CreateIndexOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import Column, Index, MetaData, Table, text
from sqlalchemy.schema import CreateIndex

from ..backends.catalog import CatalogElement
from .check_operations import escaped
from .table_changes import DescribedTable, TableChanges

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext

    from ..backends.catalog import Catalog, Key


class StoredIndexOp(MigrateOperation):
    """An index is dropped that the server can write and SQLAlchemy cannot.

    :param key: The table.
    :param name: The name of the index.
    :param statement: What creates it.
    :param drops: Whether it is dropped.
    """

    def __init__(self, key: Key, name: str, statement: str, drops: bool = True) -> None:
        self.key, self.name, self.statement, self.drops = key, name, statement, drops

    @property
    def identity(self) -> tuple[Key, str]:
        """The table and the name."""
        return self.key, self.name

    def __str__(self) -> str:
        """Return the name and the table."""
        return f"{self.name} on {'.'.join(filter(None, self.key))}"

    def reverse(self) -> StoredIndexOp:
        """Return the operation that does the opposite."""
        return StoredIndexOp(self.key, self.name, self.statement, not self.drops)

    def to_diff_tuple(self) -> tuple[str, Any]:
        """Return the difference in the form of Alembic's."""
        schema, table = self.key
        words = self.statement.partition("(")[2].rpartition(")")[0]
        index = Index(self.name, text(escaped(words)))
        Table(table, MetaData(), Column("id"), index, schema=schema)
        return ("remove_index" if self.drops else "add_index"), index


@renderers.dispatch_for(StoredIndexOp)
def _render(context: AutogenContext, operation: StoredIndexOp) -> str:
    """Render the drop of the index, or its statement."""
    prefix = context.opts["alembic_module_prefix"]
    if not operation.drops:
        return f"{prefix}execute({escaped(operation.statement)!r})"
    schema, table = operation.key
    where = f"table_name={str(table)!r}" + (f", schema={schema!r}" if schema else "")
    return f"{prefix}drop_index({prefix}f({operation.name!r}), {where})"


def index_changes(
    context: MigrationContext,
    catalog: Catalog | None,
    table: DescribedTable,
    found: ModifyTableOps | None,
) -> TableChanges:
    """Return what a revision does to the indexes of a table.

    What is the same on both sides is taken out of what Alembic has found.

    :param context: The context of the comparison.
    :param catalog: Of the database; ``None`` where it is not read.
    :param table: The table.
    :param found: What Alembic has found in the table.
    """
    changes = TableChanges([], [], [], [])
    if catalog is None or not table.is_described:
        return changes
    models, stored = (catalog.indexes(s) for s in (table.models, table.database))
    reads_all = catalog.reflects_no_expressions
    if found is not None:
        found.ops[:] = [
            each
            for each in found.ops
            if not _is_of_index(each)
            or (name := str(_name(each))) not in models
            or models[name] != stored.get(name)
        ]
        found.ops[:] = [
            each
            for each in found.ops
            if not isinstance(each, DropIndexOp)
            or not reads_all
            or _restores(context, catalog, each, stored)
        ]
    operations: list[Any] = list(found.ops) if found is not None else []
    created = {str(_name(e)) for e in operations if isinstance(e, CreateIndexOp)}
    dropped = {str(_name(e)) for e in operations if isinstance(e, DropIndexOp)}
    default = context.dialect.default_schema_name
    schema = table.table.schema
    key = (None if schema == default else schema), str(table.table.name)
    indexes = {str(each.name): each for each in table.table.indexes}
    for name in sorted(stored):
        if name in dropped or models.get(name) == stored[name]:
            continue
        if name not in indexes and not reads_all:
            continue
        if not reads_all and name not in models:
            continue
        statement = catalog.index_statement(context.connection, table.database, name)
        if statement is not None:
            operation = StoredIndexOp(key, name, statement)
            if wants_index(context, operation.to_diff_tuple()[1], name, reflected=True):
                changes.before.append(operation)
            else:
                created.add(name)
    for name, index in sorted(indexes.items()):
        if name not in models or name in created or models[name] == stored.get(name):
            continue
        if (name in stored and name not in dropped) or reads_all:
            operation_drops = {getattr(e, "name", None) for e in changes.before}
            if name in stored and name not in {*operation_drops, *dropped}:
                continue
            if wants_index(context, index, name, reflected=False):
                changes.after.append(CreateIndexOp.from_index(index))
    return changes


def wants_index(
    context: MigrationContext, index: Index, name: str, *, reflected: bool
) -> bool:
    """Ask the filters of the app about an index.

    :param context: The context of the comparison.
    :param index: The index.
    :param name: Its name.
    :param reflected: Whether it is one of the database.
    """
    include_name = context.opts.get("include_name")
    include_object = context.opts.get("include_object")
    table = index.table
    assert table is not None
    parents = {
        "schema_name": table.schema,
        "table_name": table.name,
        "schema_qualified_table_name": table.fullname,
    }
    if reflected and include_name and not include_name(name, "index", parents):
        return False
    return include_object is None or bool(
        include_object(index, name, "index", reflected, None)
    )


def _restores(
    context: MigrationContext,
    catalog: Catalog,
    operation: DropIndexOp,
    stored: Mapping[str, str],
) -> bool:
    """Tell whether the reverse of a drop creates the index as it is."""
    name = operation.index_name
    sql = str(CreateIndex(operation.to_index()).compile(dialect=context.dialect))
    made = catalog.indexes([CatalogElement("index", name, sql)])
    return made.get(name) == stored.get(name)


def _is_of_index(operation: Any) -> bool:
    return isinstance(operation, (CreateIndexOp, DropIndexOp))


def _name(operation: Any) -> Any:
    return operation.index_name
