"""Views, triggers and virtual tables of SQLite, as ``sqlite_master`` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..schema_objects import SchemaObject
from ..statements import run

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OBJECTS = """
SELECT type, name, tbl_name, sql FROM sqlite_master
WHERE sql IS NOT NULL
AND (type IN ('view', 'trigger') OR sql LIKE 'CREATE VIRTUAL TABLE%')
ORDER BY rowid
"""
_DERIVED = "SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"


def schema_objects(connection: Connection) -> list[SchemaObject]:
    """Return what there is beside tables, in the order in which it was made.

    :param connection: A connection to the database.
    """
    found = []
    for type_, name, table, sql in run(connection, _OBJECTS):
        kind = "virtual table" if type_ == "table" else type_
        quoted = '"' + name.replace('"', '""') + '"'
        found.append(
            SchemaObject(
                kind=kind,
                name=f"{table}.{name}" if type_ == "trigger" else name,
                definition=" ".join(sql.split()),
                create=sql,
                drop=f"DROP {type_.upper()} {quoted}",
            )
        )
    return found


def derived_tables(connection: Connection) -> frozenset[str]:
    """Return virtual tables and the tables that they keep their content in.

    :param connection: A connection to the database.
    """
    version = connection.dialect.server_version_info or (0,)
    if version < (3, 37):  # before it had pragma_table_list
        rows = run(connection, _OBJECTS)
        return frozenset(name for type_, name, _, _ in rows if type_ == "table")
    return frozenset(run(connection, _DERIVED).scalars())
