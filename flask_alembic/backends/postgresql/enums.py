"""The enum types of a database, and what uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..enum_types import EnumColumn, EnumName, EnumTypes, EnumUser
from ..statements import run

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import Dialect

_LABELS = """
SELECT CASE WHEN pg_type_is_visible(t.oid) THEN NULL ELSE n.nspname END AS schema,
  t.typname AS name,
  (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
   FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e'
"""
# What depends on a type or its array: columns, their defaults, and anything else.
_USERS = """
SELECT CASE WHEN pg_type_is_visible(t.oid) THEN NULL ELSE n.nspname END AS schema,
  t.typname AS name,
  CASE WHEN pg_table_is_visible(c.oid) THEN NULL ELSE s.nspname END AS table_schema,
  c.relname AS table_name, a.attname AS column_name,
  a.atttypid = t.typarray AS is_array,
  (SELECT pg_get_expr(g.adbin, g.adrelid) FROM pg_attrdef g
   WHERE g.adrelid = a.attrelid AND g.adnum = a.attnum) AS expression
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass
  AND d.refobjid IN (t.oid, t.typarray)
  AND NOT (d.classid = 'pg_type'::regclass AND d.objid = t.typarray)
LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
LEFT JOIN pg_constraint r
  ON d.classid = 'pg_constraint'::regclass AND r.oid = d.objid
LEFT JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
LEFT JOIN pg_class c ON c.oid = coalesce(f.adrelid, nullif(r.conrelid, 0),
  i.indrelid, CASE WHEN d.classid = 'pg_class'::regclass THEN d.objid END)
LEFT JOIN pg_namespace s ON s.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid
  AND a.attnum = coalesce(f.adnum, nullif(d.objsubid, 0))
WHERE t.typtype = 'e'
"""


def read_enum_types(connection: Connection) -> EnumTypes:
    """Return the enum types of a database.

    :param connection: A connection; it only reads.
    """
    labels: dict[EnumName, tuple[str, ...]] = {
        (row.schema, row.name): tuple(row.labels or ())
        for row in run(connection, _LABELS)
    }
    users: dict[EnumName, set[EnumUser]] = {name: set() for name in labels}
    columns: dict[EnumUser, EnumColumn] = {}
    for row in run(connection, _USERS):
        user = (row.table_schema, row.table_name, row.column_name)
        users[row.schema, row.name].add(user)
        if row.column_name is not None:
            columns[user] = EnumColumn(row.is_array, row.expression)
    return EnumTypes(
        labels, {name: frozenset(each) for name, each in users.items()}, columns
    )


def enum_of(type_: Any, dialect: Dialect) -> Any:
    """Return the named enum that a type is, wraps or has elements of; else ``None``.

    :param type_: The type of a column.
    :param dialect: The dialect.
    """
    from sqlalchemy import TypeDecorator
    from sqlalchemy.dialects.postgresql import ENUM

    type_ = type_.dialect_impl(dialect)
    while isinstance(type_, TypeDecorator):
        type_ = type_.load_dialect_impl(dialect).dialect_impl(dialect)
    if getattr(type_, "item_type", None) is not None:
        return enum_of(type_.item_type, dialect)
    return type_ if isinstance(type_, ENUM) and type_.name else None
