"""The rows of a table given values for a column, in small transactions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..rewrites import batches, comment, quoted
from .parts import Part, Statement

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column, Table

    from ..servers import Server


class Models:
    """What the models say about the columns of a database.

    :param context: The context in which they were compared.
    """

    def __init__(self, context: MigrationContext) -> None:
        found: Any = context.opts.get("target_metadata") or ()
        several = isinstance(found, Iterable) and not hasattr(found, "tables")
        self._metadatas = list(found) if several else [found]
        self._dialect = context.dialect

    def _table(self, schema: str | None, name: str) -> Table | None:
        for metadata in self._metadatas:
            for table in metadata.tables.values():
                if table.name == name and table.schema == schema:
                    found: Table = table
                    return found
        return None

    def key(self, schema: str | None, name: str) -> str | None:
        """Return the column that is the primary key of a table, if it is a single one.

        :param schema: The schema of the table.
        :param name: The table.
        """
        table = self._table(schema, name)
        columns = list(table.primary_key.columns) if table is not None else []
        return str(columns[0].name) if len(columns) == 1 else None

    def default(self, schema: str | None, name: str, column: str) -> str | None:
        """Return the constant that the models give a column by default, as SQL.

        :param schema: The schema of the table.
        :param name: The table.
        :param column: The column.
        """
        table = self._table(schema, name)
        found: Any = None
        if table is not None:
            found = next((e for e in table.columns if e.name == column), None)
        default = getattr(found, "default", None)
        if default is None or not default.is_scalar:
            return None
        return self._literal(default.arg, found)

    def fills(self, operation: Any) -> bool:
        """Return whether the rows get a value for the column of an operation.

        :param operation: What requires the column.
        """
        name, column = operation.table_name, operation.column_name
        return self.default(operation.schema, name, column) is not None

    def _literal(self, value: Any, column: Column[Any]) -> str | None:
        from sqlalchemy import literal
        from sqlalchemy.exc import SQLAlchemyError

        try:
            compiled = literal(value, column.type).compile(
                dialect=self._dialect, compile_kwargs={"literal_binds": True}
            )
        except (SQLAlchemyError, NotImplementedError, TypeError, ValueError):
            return None
        text = str(compiled)
        return None if "%" in text else text  # a driver may take it for a parameter


def filled(operation: Any, server: Server, models: Models) -> Part:
    """Return how the rows that are there get values for a new column.

    :param operation: The place to fill it, of Flask-Alembic.
    :param server: The server.
    :param models: What the models say.
    """
    from flask_alembic.new_revisions import CodeOp

    schema, name = operation.schema, operation.table_name
    table = quoted(server, schema, name)
    column = quoted(server, operation.column_name)
    value = models.default(schema, name, operation.column_name)
    key = models.key(schema, name)
    code = "\n".join(
        batches(
            server,
            table,
            f"{column} = {'...' if value is None else value}",
            f"{column} IS NULL",
            quoted(server, key) if key else None,
        )
    )
    if value is None:
        note = comment(
            f"Rows that exist need a value for {table}.{column} before it is required: "
            "decide which, and put it where the dots are."
        )
        lines = "\n".join(f"# {line}" for line in code.splitlines())
        code = f"{note}\n{lines}\npass"
    return Part("fill", True, [Statement(CodeOp(code))])
