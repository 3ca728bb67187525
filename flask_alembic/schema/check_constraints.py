"""CHECK constraints of tables that exist, compared in the words of the server.

Where the tables of the models could be made, what the server says of their constraints is
compared with what it says of those in the database. Elsewhere names are all that can be
compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from alembic.operations.ops import (
    AlterColumnOp,
    DropConstraintOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import CheckConstraint, inspect
from sqlalchemy.schema import CreateTable

from ..backends.catalog import StoredCheck
from ..runtime.alembic_private import is_type_bound
from .check_operations import (
    AddCheckOp,
    ColumnCheckOp,
    DropCheckOp,
    UnnamedCheckOp,
)
from .constraint_names import stored_name
from .percent_signs import single_percents
from .table_changes import DescribedTable, TableChanges

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Table

    from ..backends.catalog import Catalog

_LIST = re.compile(r"\b(?:IN|ANY)\b", re.IGNORECASE)


def check_changes(
    context: MigrationContext,
    catalog: Catalog | None,
    table: DescribedTable,
    found: ModifyTableOps | None,
) -> TableChanges:
    """Return what a revision does to the CHECK constraints of a table.

    :param context: The context of the comparison.
    :param catalog: Of the database; ``None`` where it is not read.
    :param table: The table.
    :param found: What Alembic has found in the table.
    """
    if catalog is None or not table.is_described:
        return _Names(context, table, found).changes()
    return _Words(context, catalog, table, found).changes()


class _Side:
    """One table on its way from the database to the models."""

    def __init__(
        self,
        context: MigrationContext,
        table: DescribedTable,
        found: ModifyTableOps | None,
    ) -> None:
        self.context = context
        self.table = table
        self.key = (table.table.schema, table.table.name)
        self.found: list[Any] = list(found.ops) if found is not None else []
        self.checks = [
            (stored_name(self.context, each), each) for each in all_checks(table.table)
        ]
        self.constraints = {name: each for name, each in self.checks if name}
        self.filter: Callable[..., Any] | None = context.opts.get("include_object")
        self.name_filter: Callable[..., Any] | None = context.opts.get("include_name")

    def is_wanted(
        self, constraint: CheckConstraint, name: str | None, reflected: bool
    ) -> bool:
        """Ask the filters of the app about a constraint."""
        if reflected and self.name_filter is not None and name is not None:
            schema, table = self.key
            parents = {
                "schema_name": schema,
                "table_name": table,
                "schema_qualified_table_name": f"{schema}.{table}" if schema else table,
            }
            if not self.name_filter(name, "check_constraint", parents):
                return False
        return self.filter is None or bool(
            self.filter(constraint, name, "check_constraint", reflected, None)
        )

    def is_done(self, operation: Any) -> bool:
        """Tell whether Alembic, or an add-on, has found the same."""
        name = getattr(operation, "constraint_name", None)
        drops = isinstance(operation, DropConstraintOp)
        return name is not None and any(
            isinstance(each, DropConstraintOp) == drops
            and getattr(each, "constraint_type", "") == "check"
            and str(each.constraint_name) == str(name)
            for each in self.found
        )

    def wanted(self, *operations: Any) -> list[MigrateOperation]:
        """Return operations that the app lets be and nobody else has found."""
        wanted = []
        for each in operations:
            word, constraint = each.to_diff_tuple()
            name = constraint.name and str(constraint.name)
            if not self.is_done(each) and self.is_wanted(
                constraint, name, word.startswith("remove")
            ):
                wanted.append(each)
        return wanted


class _Names(_Side):
    """A table whose constraints can only be told by their names."""

    def changes(self) -> TableChanges:
        """Return the constraints that only one side has.

        Where the models leave some unnamed, which a server names, none is dropped.
        """
        schema, name = self.key
        try:
            reflected = inspect(self._connection()).get_check_constraints(
                name, schema=schema
            )
        except NotImplementedError:
            return TableChanges([], [], [], [])
        stored = {str(e["name"]): e["sqltext"] for e in reflected if e["name"]}
        ddl = str(CreateTable(self.table.table).compile(dialect=self.context.dialect))
        first: list[MigrateOperation] = []
        if len(self.constraints) == len(self.checks):
            first = self.wanted(
                *(
                    DropCheckOp(self.key, each, sql)
                    for each, sql in sorted(stored.items())
                    if each not in self.constraints
                )
            )
        last = self.wanted(
            *(
                AddCheckOp(self.key, each, text_of(self.context, constraint))
                for each, constraint in sorted(self.constraints.items())
                # A type may have none on this database.
                if each not in stored and _is_in(each, ddl)
            )
        )
        return TableChanges([], first, last, [])

    def _connection(self) -> Any:
        return self.context.connection


class _Words(_Side):
    """A table that the server describes as it is and as the models make it."""

    def __init__(self, *arguments: Any) -> None:
        context, self.catalog, table, found = arguments
        super().__init__(context, table, found)
        self.models = self.catalog.checks(table.models)
        self.stored = self.catalog.checks(table.database)
        columns = [
            {each.name for each in side if each.kind == "column"}
            for side in (table.models, table.database)
        ]
        self.added = columns[0] - columns[1]

    def changes(self) -> TableChanges:
        """Return what is to be dropped first and added last."""
        added, dropped, same = self._compared()
        with_columns = list(filter(self._comes_with_column, added))
        added = [each for each in added if each not in with_columns]
        altered = {
            each.column_name for each in self.found if isinstance(each, AlterColumnOp)
        }
        for each in same:
            if each.column in altered:  # the new definition has none
                dropped.append(each)
                added.append(each)
        changes = TableChanges([], [], [], [])
        if self.context.opts.get("render_as_batch"):
            # The copy of the table would have it without the column.
            changes.first_of_downgrade += (
                DropCheckOp(self.key, each.name, each.expression)
                for each in with_columns
                if each.name is not None
            )
        texts = (
            self.catalog.check_texts(self.context.connection, self.key[1])
            if dropped
            else {}
        )
        for each in dropped:
            self._drop(each, texts.get(each, each.expression), changes)
        kept = {each.name for each in self.stored} - {each.name for each in dropped}
        for each in added:
            operation = self._add(each, {*kept, *self.constraints})
            kept.add(str(operation.constraint_name))
            changes.last += self.wanted(operation)
        return changes

    def _compared(
        self,
    ) -> tuple[list[StoredCheck], list[StoredCheck], list[StoredCheck]]:
        """Return what the models add, what they have not, and what is the same."""
        models, stored = list(self.models), list(self.stored)
        same: list[StoredCheck] = []

        def match(is_same: Callable[[StoredCheck, StoredCheck], bool]) -> None:
            for each in list(models):
                for other in stored:
                    if each.expression == other.expression and is_same(each, other):
                        models.remove(each)
                        stored.remove(other)
                        same.append(other)
                        break

        match(lambda each, other: each.name == other.name)
        # Who gives no name to a constraint does not mind the one that it has.
        match(
            lambda each, other: (
                each.name not in self.constraints and other.name not in self.constraints
            )
        )
        return models, stored, same

    def _comes_with_column(self, check: StoredCheck) -> bool:
        """Tell whether a type brings a constraint when its column is added."""
        constraint = self.constraints.get(check.name or "")
        if constraint is not None:
            names = {column.name for column in constraint.columns}
            return is_type_bound(constraint) and bool(names & self.added)
        return any(
            name is None
            and is_type_bound(each)
            and _LIST.search(check.expression) is not None
            and any(
                re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", check.expression)
                for column in each.columns
                if column.name in self.added
            )
            for name, each in self.checks
        )

    def _drop(self, check: StoredCheck, text: str, changes: TableChanges) -> None:
        statements = self.catalog.drop_check(self.context.connection, self.key, check)
        if statements is not None:
            operation: Any = ColumnCheckOp(self.key, text, statements)
            changes.before += self.wanted(operation)
        elif check.name is None:
            changes.before += self.wanted(UnnamedCheckOp(self.key, text, True))
        else:
            operation = DropCheckOp(self.key, check.name, text, check.is_valid)
            changes.first += self.wanted(operation)

    def _add(self, check: StoredCheck, taken: set[str | None]) -> AddCheckOp:
        constraint = self.constraints.get(check.name or "")
        if constraint is not None:
            return AddCheckOp(
                self.key, str(check.name), text_of(self.context, constraint)
            )
        text = self._text_of_unnamed(check.expression) or check.expression
        name = check.name if check.column is None else None
        if name is None or name in taken:
            columns = [
                column.name
                for column in self.table.table.columns
                if re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", text)
            ]
            name = "_".join(["ck", self.key[1], *columns])[:_LONGEST]
        number, base = 1, name
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        return AddCheckOp(self.key, name, text)

    def _text_of_unnamed(self, words: str) -> str | None:
        """Return what the models have for a constraint that has no name."""
        texts = (
            text_of(self.context, each) for name, each in self.checks if name is None
        )
        return next((t for t in texts if self.catalog.words_of(t) == words), None)


_LONGEST = 55
"""How long a made name is at most; PostgreSQL takes 63 bytes, MySQL 64 characters."""


def text_of(context: MigrationContext, constraint: CheckConstraint) -> str:
    """Return the expression of a constraint of the models.

    :param context: The context of the comparison.
    :param constraint: The constraint.
    """
    impl: Any = context.impl
    sql = impl.render_ddl_sql_expr(constraint.sqltext)
    return single_percents(str(sql), context.dialect)


def column_checks(table: Table) -> list[CheckConstraint]:
    """Return the CHECK constraints that are defined with a column.

    :param table: A table of the models.
    """
    return [
        each
        for column in table.columns
        for each in column.constraints
        if isinstance(each, CheckConstraint) and each not in table.constraints
    ]


def all_checks(table: Table) -> list[CheckConstraint]:
    """Return the CHECK constraints of a table, with those of its columns.

    :param table: A table of the models.
    """
    found = [each for each in table.constraints if isinstance(each, CheckConstraint)]
    return [*found, *column_checks(table)]


def _is_in(name: str, ddl: str) -> bool:
    return (
        f"CONSTRAINT {name} CHECK" in ddl
        or re.search(rf"CONSTRAINT \W{re.escape(name)}\W CHECK", ddl) is not None
    )
