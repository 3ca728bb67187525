"""The names that PostgreSQL makes up for constraints and indexes without one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)

if TYPE_CHECKING:
    from sqlalchemy import Constraint

_LONGEST: Final = 63
"""The length of an identifier, in bytes."""


def is_made_name(item: Constraint | Index) -> bool:
    """Tell whether a name is like those that the server makes up.

    :param item: A reflected constraint or index of a table.
    """
    if item.table is None:
        return False
    table, name = str(item.table.name), str(item.name or "")
    if isinstance(item, PrimaryKeyConstraint):
        return _is_made(name, table, (), "pkey")
    if isinstance(item, ForeignKeyConstraint):
        return _is_made(name, table, item.column_keys, "fkey")
    if isinstance(item, (UniqueConstraint, Index)):
        label = "key" if isinstance(item, UniqueConstraint) else "idx"
        columns = [str(column.name) for column in item.columns]
        return _is_made(name, table, columns, label)
    if isinstance(item, CheckConstraint):
        # One of a column has its name in the name, one of the table has not. Which
        # columns a reflected one is about is not known.
        names = [(), *((str(column.name),) for column in item.table.columns)]
        return any(_is_made(name, table, each, "check") for each in names)
    return False


def _is_made(name: str, table: str, columns: Sequence[str], label: str) -> bool:
    match = re.fullmatch(rf"(.*_{label})(\d*)", name, re.DOTALL)
    if match is None:
        return False
    whole = label + match[2]
    return name == _name(table, "_".join(columns), whole)


def _name(table: str, columns: str, label: str) -> str:
    """Put a name together as the server does: the longer part is cut to fit."""
    first, second = table.encode(), columns.encode()
    room = _LONGEST - len(label.encode()) - 1 - (1 if second else 0)
    longest_first, longest_second = len(first), len(second)
    while longest_first + longest_second > room:
        if longest_first > longest_second:
            longest_first -= 1
        else:
            longest_second -= 1
    parts = [
        first[:longest_first].decode(errors="ignore"),
        second[:longest_second].decode(errors="ignore"),
        label,
    ]
    return "_".join(part for part in parts if part)
