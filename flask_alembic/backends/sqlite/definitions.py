"""What SQLite's statements say of tables and SQLAlchemy does not reflect."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from ..schema_objects import StoredDefinition, UncomparedObjects
from ..statements import run
from .catalog import QUERY, definition_parts, tokens_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_WORDS: Final = re.compile(
    r"\b(AUTOINCREMENT|COLLATE \S+|ON CONFLICT \w+|(?:NOT )?DEFERRABLE"
    r"(?: INITIALLY \w+)?|MATCH \w+|STORED|WITHOUT ROWID|STRICT)\b",
    re.IGNORECASE,
)
_PRAGMAS: Final = ("application_id", "user_version")


def stored_definitions(
    connection: Connection, tables: Collection[str]
) -> list[StoredDefinition]:
    """Return options of tables, and indexes as they were written.

    :param connection: A connection to the database.
    :param tables: The tables.
    """
    found: list[StoredDefinition] = []
    for type_, table, name, sql in run(connection, QUERY):
        if table not in tables:
            continue
        tokens = [t if t[0] in "'\"`[" else t.casefold() for t in tokens_of(sql)]
        if type_ == "index":
            text = " ".join(token for token in tokens if token != "asc")
            drop = 'DROP INDEX "' + name.replace('"', '""') + '"'
            found.append(
                StoredDefinition(
                    "index", f"{table}.{name}", table, text, (drop, sql), (sql,)
                )
            )
        else:
            words = {
                f"{part.name} {word}".strip().casefold()
                for part in definition_parts(tokens_of(sql))
                for word in _WORDS.findall(part.text)
            }
            text = ", ".join(sorted(words))
            found.append(StoredDefinition("table", table, table, text))
    return found


def unread_objects(
    connection: Connection, tables: Collection[str]
) -> list[UncomparedObjects]:
    """Return tables of any database of the connection, and pragmas, that are not read.

    :param connection: A connection to the database.
    :param tables: The tables that are read, or that are ours.
    """
    names: list[str] = []
    for _, schema, _ in run(connection, "PRAGMA database_list"):
        if schema == "temp":
            continue
        quoted = '"' + schema.replace('"', '""') + '"'
        prefix = "" if schema == "main" else f"{schema}."
        rows = run(
            connection,
            f"SELECT name FROM {quoted}.sqlite_master WHERE type = 'table' "
            "AND substr(name, 1, 7) <> 'sqlite_'",
        )
        names += [f"{prefix}{name}" for name in rows.scalars()]
    pragmas = [
        f"{name} = {value}"
        for name in _PRAGMAS
        if (value := run(connection, f"PRAGMA {name}").scalar())
    ]
    unread = sorted({*names} - {*tables})
    found = [("pragma", tuple(pragmas)), ("excluded table", tuple(unread))]
    return [UncomparedObjects(kind, names) for kind, names in found if names]
