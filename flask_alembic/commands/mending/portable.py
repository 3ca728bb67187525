"""Reflected tables as somebody would have written them, for any database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...dialects import backend_for
from .parts import type_text

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.engine import Dialect

    from .reflecting import Schema

# A text, and what PostgreSQL adds to it.
_TEXT = re.compile(r"'((?:[^'\\]|'')*)'(?:::[\w .\"]+(?:\(\d+\))?)?")
_READING = ("_auto_increment", "_ignore_search_path")
# Options of tables that count rows, or say how the table was read.


def make_portable(schema: Schema, before: Schema, dialect: Dialect) -> None:
    """Write reflected tables in the plain words of SQLAlchemy where that is the same.

    The same means: the database gets the same words. Where an app runs its tests on
    another kind of database, a revision made from reflected tables works there too.

    :param schema: What was reflected; its tables are changed.
    :param before: What there was; constraints of tables in it have to keep names.
    :param dialect: The dialect of the database that they come from.
    """
    backend = backend_for(dialect)
    old = set(before.tables)
    for table in schema.metadata.tables.values():
        _tidy(table.kwargs)
        items: list[Any] = [*table.indexes, *table.constraints]
        for item in items:
            _tidy(item.kwargs)
        for key in table.foreign_key_constraints:
            # One that the server has named is named by it again.
            if (table.schema, table.name) not in old and backend.has_named(key):
                key.name = None
        for column in table.columns:
            if not backend.without_making(column.type):
                column.type = _plain(column.type, dialect)
            if not column.primary_key:
                column.autoincrement = "auto"
            _plain_default(column)


def _tidy(options: Any) -> None:
    """Drop options that are empty or that a person would not write."""
    for name, value in list(options.items()):
        if name.endswith(_READING) or value in (None, False, [], {}, ()):
            options.pop(name, None)


def _plain(type_: Any, dialect: Dialect) -> Any:
    try:
        plain = type_.as_generic()
    except (NotImplementedError, TypeError, ValueError):
        return type_  # one that only this database has
    return plain if type_text(plain, dialect) == type_text(type_, dialect) else type_


def _plain_default(column: Column[Any]) -> None:
    """Write a default that is a text as such."""
    from sqlalchemy import DefaultClause

    default = column.server_default
    text = getattr(getattr(default, "arg", None), "text", None)
    if not isinstance(default, DefaultClause) or not isinstance(text, str):
        return
    match = _TEXT.fullmatch(text)
    if match:
        column.server_default = DefaultClause(match[1].replace("''", "'"))
