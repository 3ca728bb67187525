"""The parts of a table in words, so that a difference can be told without the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a database.

    :param text: What tells it from another of the same name.
    :param table: The table that it is a part of.
    :param drop: The statement that drops it, where that is not obvious.
    """

    text: str = ""
    table: str = ""
    drop: str | None = None


Contents = dict[str, Item]
"""What a database holds, by kind and name."""


def parts_of(inspector: Any, table: str) -> Contents:
    """Return all that can be reflected of a table.

    :param inspector: Of the connection.
    :param table: Its name.
    """
    found: Contents = {}
    for name, text in _parts(inspector, table):
        while name in found:
            name += " (again)"
        found[name] = Item(text, table=table)
    return found


def _parts(inspector: Any, table: str) -> Iterator[tuple[str, str]]:
    for column in inspector.get_columns(table):
        yield f"column {table}.{column['name']}", _column(column)
    key = inspector.get_pk_constraint(table).get("constrained_columns") or ()
    if key:
        yield f"primary key of {table}", _columns(key)
    for each in inspector.get_foreign_keys(table):
        yield _named("foreign key", table, each, _foreign_key(each))
    for each in inspector.get_unique_constraints(table):
        text = _columns(each["column_names"]) + _rest(each, "column_names")
        yield _named("unique constraint", table, each, text)
    for each in inspector.get_indexes(table):
        yield _named("index", table, each, _index(each))
    for each in inspector.get_check_constraints(table):
        text = f"({each['sqltext']})" + _rest(each, "sqltext")
        yield _named("check", table, each, text)


def _named(
    kind: str, table: str, part: Mapping[str, Any], text: str
) -> tuple[str, str]:
    """Return name and text; what has no name goes by its text."""
    if part.get("name"):
        return f"{kind} {part['name']} of {table}", text
    return f"{kind} {text} of {table}", text


def _column(column: Mapping[str, Any]) -> str:
    null = "NULL" if column["nullable"] else "NOT NULL"
    default = column.get("default")
    return f"{column['type']!r} {null}" + (f" DEFAULT {default}" if default else "")


def _foreign_key(key: Mapping[str, Any]) -> str:
    schema = f"{key['referred_schema']}." if key.get("referred_schema") else ""
    ours, theirs = map(_columns, (key["constrained_columns"], key["referred_columns"]))
    told = ("constrained_columns", "referred_table", "referred_columns")
    rest = _rest(key, *told, "referred_schema")
    return f"{ours} to {schema}{key['referred_table']} {theirs}{rest}"


def _index(index: Mapping[str, Any]) -> str:
    names = index.get("expressions") or index["column_names"]
    told = ("column_names", "expressions", "unique")
    unique = " unique" if index.get("unique") else ""
    return f"{_columns(names)}{unique}{_rest(index, *told)}"


def _columns(names: Any) -> str:
    return f"({', '.join(str(name) for name in names)})"


def _rest(part: Mapping[str, Any], *told: str) -> str:
    """Return what else there is to a part, in an order of its own."""
    rest = sorted(
        f" {key}={value!r}"
        for key, value in part.items()
        if key not in (*told, "name") and value
    )
    return "".join(rest)
