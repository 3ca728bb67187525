"""What a DuckDB file holds, read from DuckDB's own catalog.

``duckdb-engine`` asks the catalog of PostgreSQL instead, which DuckDB imitates in part:
primary keys and indexes are missing there, and some versions of SQLAlchemy ask what it
does not have at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import Inspector, ObjectKind, ObjectScope

Found = dict[tuple[str | None, str], Any]

_TABLES = """
SELECT table_name, comment, 'table' FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = :schema AND NOT internal
UNION ALL
SELECT view_name, comment, 'view' FROM duckdb_views()
WHERE database_name = current_database() AND schema_name = :schema AND NOT internal
"""
_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default, comment
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = :schema AND NOT internal
ORDER BY table_name, column_index
"""
_CONSTRAINTS = """
SELECT table_name, constraint_type, constraint_name, constraint_column_names,
       referenced_table, referenced_column_names, expression
FROM duckdb_constraints()
WHERE database_name = current_database() AND schema_name = :schema
ORDER BY table_name, constraint_index
"""
_INDEXES = """
SELECT table_name, index_name, is_unique, expressions FROM duckdb_indexes()
WHERE database_name = current_database() AND schema_name = :schema AND NOT is_primary
ORDER BY table_name, index_name
"""
_TYPES: dict[str, Any] = {
    "BIGINT": sa.BIGINT,
    "BLOB": sa.LargeBinary,
    "BOOLEAN": sa.BOOLEAN,
    "DATE": sa.DATE,
    "DECIMAL": sa.DECIMAL,
    "DOUBLE": sa.DOUBLE,
    "FLOAT": sa.FLOAT,
    "INTEGER": sa.INTEGER,
    "INTERVAL": sa.Interval,
    "JSON": sa.JSON,
    "SMALLINT": sa.SMALLINT,
    "TIME": sa.TIME,
    "TIMESTAMP": sa.TIMESTAMP,
    "UUID": sa.UUID,
    "VARCHAR": sa.VARCHAR,
}
_NAMED = re.compile(r"(\w+)(?:\((\d+),\s*(\d+)\))?")


class DuckDBInspector(Inspector):
    """Reads tables of DuckDB; a type that SQLAlchemy has no word for is ``NullType``."""

    def _rows(self, sql: str, schema: str | None) -> list[Any]:
        with self._operation_context() as connection:
            found = connection.execute(sa.text(sql), {"schema": schema or "main"})
            return list(found)

    def _keys(
        self,
        schema: str | None,
        names: Collection[str] | None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
    ) -> dict[tuple[str | None, str], str | None]:
        """Return the tables that are asked for, with their comments."""
        if not scope & ObjectScope.DEFAULT:
            return {}
        wanted = {
            word
            for word, flag in (("table", ObjectKind.TABLE), ("view", ObjectKind.VIEW))
            if kind & flag
        }
        return {
            (schema, name): comment
            for name, comment, what in self._rows(_TABLES, schema)
            if what in wanted and (names is None or name in names)
        }

    def get_multi_columns(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return the columns of each table."""
        keys = self._keys(schema, filter_names, kind, scope)
        found: Found = {key: [] for key in keys}
        for table, name, type_, nullable, default, comment in self._rows(
            _COLUMNS, schema
        ):
            if (schema, table) in found:
                found[schema, table].append(
                    {
                        "name": name,
                        "type": _type(type_),
                        "nullable": nullable,
                        "default": default,
                        "autoincrement": False,
                        "comment": comment,
                    }
                )
        return found

    def _constraints(
        self, kind: str, schema: str | None, names: Any
    ) -> Iterable[tuple[tuple[str | None, str], Any]]:
        keys = self._keys(schema, names)
        for row in self._rows(_CONSTRAINTS, schema):
            if row[1] == kind and (schema, row[0]) in keys:
                yield (schema, row[0]), row

    def get_multi_pk_constraint(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return the primary key of each table."""
        found: Found = {
            key: {"name": None, "constrained_columns": []}
            for key in self._keys(schema, filter_names, kind, scope)
        }
        for key, row in self._constraints("PRIMARY KEY", schema, filter_names):
            found[key] = {"name": row[2], "constrained_columns": list(row[3])}
        return found

    def get_multi_foreign_keys(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return the foreign keys of each table."""
        found: Found = {
            key: [] for key in self._keys(schema, filter_names, kind, scope)
        }
        for key, row in self._constraints("FOREIGN KEY", schema, filter_names):
            found[key].append(
                {
                    "name": row[2],
                    "constrained_columns": list(row[3]),
                    "referred_schema": schema,
                    "referred_table": row[4],
                    "referred_columns": list(row[5]),
                    "options": {},
                    "comment": None,
                }
            )
        return found

    def get_multi_unique_constraints(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return the unique constraints of each table."""
        found: Found = {
            key: [] for key in self._keys(schema, filter_names, kind, scope)
        }
        for key, row in self._constraints("UNIQUE", schema, filter_names):
            found[key].append({"name": row[2], "column_names": list(row[3])})
        return found

    def get_multi_check_constraints(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return the check constraints of each table."""
        found: Found = {
            key: [] for key in self._keys(schema, filter_names, kind, scope)
        }
        for key, row in self._constraints("CHECK", schema, filter_names):
            found[key].append({"name": row[2], "sqltext": row[6]})
        return found

    def get_multi_indexes(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return the indexes of each table."""
        found: Found = {
            key: [] for key in self._keys(schema, filter_names, kind, scope)
        }
        for table, name, unique, expressions in self._rows(_INDEXES, schema):
            if (schema, table) in found:
                words = [word.strip() for word in expressions.strip("[]").split(",")]
                columns = [word.strip("'").strip('"') for word in words]
                found[schema, table].append(
                    {"name": name, "unique": unique, "column_names": columns}
                )
        return found

    def get_multi_table_comment(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return the comment of each table."""
        keys = self._keys(schema, filter_names, kind, scope)
        return {key: {"text": comment} for key, comment in keys.items()}

    def get_multi_table_options(
        self,
        schema: str | None = None,
        filter_names: Any = None,
        kind: ObjectKind = ObjectKind.TABLE,
        scope: ObjectScope = ObjectScope.DEFAULT,
        **kw: Any,
    ) -> Found:
        """Return that no table has options."""
        return {key: {} for key in self._keys(schema, filter_names, kind, scope)}

    def _of(self, found: Found, schema: str | None, table: str) -> Any:
        if (schema, table) not in found:
            raise sa.exc.NoSuchTableError(table)
        return found[schema, table]

    def get_columns(self, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return the columns of a table or view."""
        found = self.get_multi_columns(schema, [table_name], ObjectKind.ANY)
        return self._of(found, schema, table_name)

    def get_pk_constraint(
        self, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Return the primary key of a table."""
        found = self.get_multi_pk_constraint(schema, [table_name])
        return self._of(found, schema, table_name)

    def get_foreign_keys(
        self, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Return the foreign keys of a table."""
        found = self.get_multi_foreign_keys(schema, [table_name])
        return self._of(found, schema, table_name)

    def get_unique_constraints(
        self, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Return the unique constraints of a table."""
        found = self.get_multi_unique_constraints(schema, [table_name])
        return self._of(found, schema, table_name)

    def get_check_constraints(
        self, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Return the check constraints of a table."""
        found = self.get_multi_check_constraints(schema, [table_name])
        return self._of(found, schema, table_name)

    def get_indexes(self, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return the indexes of a table."""
        found = self.get_multi_indexes(schema, [table_name])
        return self._of(found, schema, table_name)

    def get_table_comment(
        self, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Return the comment of a table."""
        found = self.get_multi_table_comment(schema, [table_name])
        return self._of(found, schema, table_name)


def _type(text: str) -> Any:
    """Return the type that DuckDB writes as a text."""
    if text == "TIMESTAMP WITH TIME ZONE":
        return sa.TIMESTAMP(timezone=True)
    match = _NAMED.fullmatch(text)
    if match is None or match[1] not in _TYPES:
        return sa.types.NullType()
    if match[2]:
        return _TYPES[match[1]](int(match[2]), int(match[3]))
    return _TYPES[match[1]]()
