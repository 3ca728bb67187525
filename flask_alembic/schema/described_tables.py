"""What Alembic does not compare in a table that exists, added to what it has found."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic.operations.ops import CreateIndexOp, CreateTableOp, ModifyTableOps
from sqlalchemy import CheckConstraint, MetaData, Table, inspect, text

from .check_constraints import check_changes, column_checks, text_of
from .check_operations import escaped
from .column_sequences import add_sequence_changes
from .index_changes import index_changes, wants_index
from .model_sequences import leave_numbers_to_sequences, missing_sequences
from .primary_keys import around, primary_key_change
from .renames import OPTION, ConfirmedRenames
from .table_changes import DescribedTable, TableChanges

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation, MigrationScript
    from alembic.runtime.migration import MigrationContext

    from ..backends.catalog import Catalog, CatalogElement, Key

logger = logging.getLogger("flask_alembic.runtime")

Elements = Mapping["Key", "tuple[CatalogElement, ...]"]

_LEFT_OUT = (
    "autogenerate skipping .*expression-based index",
    "Skipped unsupported reflection of expression-based index",
    "Predicate of partial index .* ignored during reflection",
)
"""What Alembic and SQLAlchemy say of indexes that they leave out."""


class Completion:
    """Adds to what Alembic has found.

    :param context: The context of the comparison.
    :param metadata: The models.
    :param catalog: Of the database; ``None`` where it is not read.
    :param models: The descriptions of the tables as the models make them.
    :param database: The descriptions of the tables as they are.
    :param unchanged: The tables that are known to be the same.
    """

    def __init__(
        self,
        context: MigrationContext,
        metadata: Sequence[MetaData],
        catalog: Catalog | None,
        models: Elements,
        database: Elements,
        unchanged: Mapping[int, Table],
    ) -> None:
        self.context = context
        self.catalog = catalog
        self.metadata = metadata
        self.models = models
        self.database = database
        self.tables = [
            table
            for each in metadata
            for table in each.tables.values()
            if id(table) not in unchanged
        ]

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Ignore warnings of what Alembic leaves out and the catalog holds."""
        with warnings.catch_warnings():
            if self.catalog is not None:
                for message in _LEFT_OUT:
                    warnings.filterwarnings("ignore", message)
            yield

    def complete(self, script: MigrationScript) -> None:
        """Add operations to the last pair of a script.

        :param script: What Alembic has found.
        """
        upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
        for each in upgrade.ops:
            if isinstance(each, CreateTableOp):
                self._keep_column_checks(each)
        leave_numbers_to_sequences(upgrade.ops)
        before = list(upgrade.ops)
        upgrade.ops[:0] = missing_sequences(
            self.context,
            self.metadata,
            lambda table: self._is_compared(table) and self._is_wanted(table),
        )
        upgrade.ops += self._missing_indexes(upgrade.ops)
        operations = list(upgrade.ops)
        back: dict[Key, list[MigrateOperation]] = {}
        for table in self._existing():
            place = self._place(operations, table.table)
            found: Any = operations[place] if place is not None else None
            changes = check_changes(self.context, self.catalog, table, found)
            indexes = index_changes(self.context, self.catalog, table, found)
            changes.before[:0] = indexes.before
            changes.after += indexes.after
            key = self._key(table.table)
            add_sequence_changes(self.context, self.catalog, table, key, found, changes)
            changes.primary_key = primary_key_change(
                self.context, key, table.table, self._counts_otherwise(table)
            )
            _insert(operations, place, key, changes)
            if changes.first_of_downgrade:
                back[key] = changes.first_of_downgrade
        if len(operations) != len(before) or any(
            each is not other for each, other in zip(operations, before, strict=True)
        ):
            upgrade.ops[:] = operations
            upgrade.reverse_into(downgrade)
        for created in downgrade.ops:
            if isinstance(created, CreateTableOp) and created.schema is None:
                self._keep_options(created)
        for modified in downgrade.ops:
            if isinstance(modified, ModifyTableOps):
                first = back.get(self._key_of_operation(modified), [])
                modified.ops[:0] = first

    def _counts_otherwise(self, table: DescribedTable) -> bool:
        """Tell whether the two sides fill columns differently, as far as is known."""
        if self.catalog is None or not table.is_described:
            return False
        models, stored = map(
            self.catalog.column_sequences, (table.models, table.database)
        )
        return models != stored

    def _keep_options(self, operation: CreateTableOp) -> None:
        """Create a dropped table with the options that are not reflected."""
        connection = self.context.connection
        if self.catalog is not None and connection is not None:
            options = self.catalog.table_options(connection, operation.table_name)
            operation.kw.update(options)

    def _missing_indexes(
        self, operations: Sequence[MigrateOperation]
    ) -> list[MigrateOperation]:
        """Return the indexes of new tables that Alembic overlooks."""
        if self.catalog is None or not self.catalog.reflects_no_expressions:
            return []
        tables = {
            (each.schema, each.table_name)
            for each in operations
            if isinstance(each, CreateTableOp)
        }
        made = {
            str(index.index_name)
            for each in operations
            for index in (each, *getattr(each, "ops", ()))
            if isinstance(index, CreateIndexOp)
        }
        return [
            CreateIndexOp.from_index(index)
            for table in self.tables
            if (table.schema, table.name) in tables
            for index in sorted(table.indexes, key=lambda index: str(index.name))
            if str(index.name) not in made
            and wants_index(self.context, index, str(index.name), reflected=False)
        ]

    def _keep_column_checks(self, operation: CreateTableOp) -> None:
        """Create a table with the constraints of its columns, as its own.

        Alembic does not write them.
        """
        key = (operation.schema, operation.table_name)
        for table in self.tables:
            if (table.schema, table.name) != key:
                continue
            for constraint in column_checks(table):
                sql = text_of(self.context, constraint)
                copy = CheckConstraint(text(escaped(sql)), name=constraint.name)
                operation.columns = [*operation.columns, copy]

    def _existing(self) -> Iterator[DescribedTable]:
        """Yield the tables that both sides have, and whose parts have their names."""
        connection = self.context.connection
        if connection is None or not self.tables:
            return
        if connection.get_execution_options().get("schema_translate_map"):
            return  # the tables have other schemas than they say
        renamed = self.context.opts.get(OPTION) or ConfirmedRenames()
        columns = renamed.columns()
        before = {(key[0], new): key[1] for key, new in renamed.tables().items()}
        inspector = inspect(connection)
        for table in self.tables:
            key = self._key(table)
            if (key[0], before.get(key, key[1])) in columns or key in before:
                continue  # what is renamed may be named in any part
            models, database = self.models.get(key, ()), self.database.get(key, ())
            is_there = (models and database) or (
                self._is_compared(table)
                and inspector.has_table(table.name, schema=table.schema)
            )
            if is_there and self._is_wanted(table):
                yield DescribedTable(table, models, database)

    def _is_wanted(self, table: Table) -> bool:
        """Ask the filters of the app about a table that both sides have."""
        include_name = self.context.opts.get("include_name")
        include_object = self.context.opts.get("include_object")
        parents = {
            "schema_name": table.schema,
            "schema_qualified_table_name": table.fullname,
        }
        if include_name and not include_name(table.name, "table", parents):
            return False
        stored = Table(table.name, MetaData(), schema=table.schema)
        return include_object is None or bool(
            include_object(table, table.name, "table", False, stored)
        )

    def _is_compared(self, table: Table) -> bool:
        return self._key(table)[0] is None or bool(
            self.context.opts.get("include_schemas")
        )

    def _key(self, table: Table) -> Key:
        return key_of(self.context, table)

    def _key_of_operation(self, operation: ModifyTableOps) -> Key:
        default = self.context.dialect.default_schema_name
        schema = operation.schema
        return (None if schema == default else schema), operation.table_name

    def _place(
        self, operations: Sequence[MigrateOperation], table: Table
    ) -> int | None:
        key = self._key(table)
        for place, each in enumerate(operations):
            if isinstance(each, ModifyTableOps) and self._key_of_operation(each) == key:
                return place
        return None


def key_of(context: MigrationContext, table: Table) -> Key:
    """Return the key of a table in a catalog.

    :param context: The context of the comparison.
    :param table: A table of the models.
    """
    default = context.dialect.default_schema_name
    return (None if table.schema == default else table.schema), table.name


def _insert(
    operations: list[MigrateOperation],
    place: int | None,
    key: Key,
    changes: TableChanges,
) -> None:
    if place is None:
        place = len(operations)
        found: list[MigrateOperation] = []
    else:
        found = list(getattr(operations.pop(place), "ops", ()))
    body = [*changes.first, *found, *changes.last]
    extended = around(changes.primary_key, key, body)
    operations[place:place] = [*changes.before, *extended, *changes.after]
