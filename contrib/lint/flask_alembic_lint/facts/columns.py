"""Reading column definitions and table constraints from SQL."""

from __future__ import annotations

from typing import Any, Final

from .base import ColumnFact
from .model import ConstraintKind
from .reader import Reader
from .types import SERIALS, sql_type

AFTER_TYPE: Final = (
    *("NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK"),
    *("CONSTRAINT", "GENERATED", "AS", "COMMENT", "AUTO_INCREMENT", "AUTOINCREMENT"),
    *("FIRST", "AFTER", "USING", "KEY", "ON", "STORED", "VIRTUAL", "INVISIBLE", "SET"),
    *("DROP", "DEFERRABLE", "INITIALLY", "STORAGE", "COMPRESSION", "VISIBLE"),
)
"""Words that end a column's type."""

AFTER_DEFAULT: Final = (
    *("NOT", "NULL", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "CONSTRAINT"),
    *("GENERATED", "COMMENT", "AUTO_INCREMENT", "FIRST", "AFTER", "ON", "AS"),
    *("COLLATE", "DEFERRABLE", "INITIALLY", "KEY"),
)
"""Words that end a default."""


def read_type(reader: Reader) -> str:
    """Read a column type and return its text."""
    words = reader.until(*AFTER_TYPE, ",")
    if words and words[-1].upper in ("CHARACTER",) and reader.sees("SET"):
        words += [reader.take(), *reader.until(*AFTER_TYPE, ",")]
    return reader.source(words)


def read_column(reader: Reader) -> ColumnFact:
    """Read a column definition, from its name to its end."""
    name = reader.take().text
    type_ = sql_type(read_type(reader))
    found: dict[str, Any] = {"numbered": type_.name in SERIALS}
    while not reader.done:
        _read_clause(reader, found)
    return ColumnFact(name=name, type=type_, **found)


def _read_clause(reader: Reader, found: dict[str, Any]) -> None:
    """Read one clause after the type of a column."""
    if reader.accept("NOT", "NULL"):
        found["nullable"] = False
    elif reader.accept("NULL"):
        found["nullable"] = True
    elif reader.accept("DEFAULT"):
        found["default"] = _default(reader)
    elif reader.accept("PRIMARY", "KEY"):
        found.update(primary_key=True, nullable=False)
    elif reader.accept("UNIQUE"):
        reader.accept("KEY")
        found["unique"] = True
    elif reader.accept("REFERENCES"):
        found["references"] = reader.name()
        reader.parenthesised()
    elif reader.accept_any("AUTO_INCREMENT", "AUTOINCREMENT"):
        found["numbered"] = True
    elif (
        reader.accept("AS", "IDENTITY")
        or reader.accept("GENERATED", "ALWAYS", "AS", "IDENTITY")
        or reader.accept("GENERATED", "BY", "DEFAULT", "AS", "IDENTITY")
    ):
        found.update(numbered=True, nullable=False)
    elif reader.accept("AS"):
        reader.parenthesised()
        found["generated"] = "virtual"
    elif reader.accept_any("STORED", "PERSISTENT"):
        found["generated"] = "stored"
    elif reader.accept_any("FIRST", "AFTER"):
        found["placed"] = True
    elif reader.accept("ON"):
        reader.take()
        if reader.take().upper == "SET":
            reader.take()
    elif reader.accept("COMMENT") or reader.accept("CONSTRAINT"):
        reader.take()
    elif reader.sees("("):
        reader.parenthesised()
    else:
        reader.take()


def _default(reader: Reader) -> str:
    start = reader.at
    if reader.accept("NULL"):
        return "NULL"
    words = reader.until(*AFTER_DEFAULT)
    return reader.source(words) if words else reader.source(reader.words[start:])


CONSTRAINT_STARTS: Final = (
    *("CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "EXCLUDE"),
)
"""Words that start a table constraint and no column."""


def read_constraint(reader: Reader) -> dict[str, Any] | None:
    """Read a table constraint.

    :return: The fields of an ``AddConstraint``, or ``None`` if it is none.
    """
    name = reader.name() if reader.accept("CONSTRAINT") else None
    if name is not None and name.upper() in ("FOREIGN", "PRIMARY", "UNIQUE", "CHECK"):
        reader.at -= 1
        name = None
    kind = _kind(reader)
    if kind is None:
        return None
    found: dict[str, Any] = {"name": name, "kind": kind}
    if kind == "check":
        found["condition"] = reader.source(reader.parenthesised())
    elif kind != "exclude":
        if not reader.sees("(") and not reader.sees("USING"):
            found["name"] = reader.name()  # MySQL: UNIQUE KEY name (columns)
        found["using_index"] = reader.accept("USING", "INDEX")
        found["columns"] = reader.names()
    if reader.accept("REFERENCES"):
        found["referent"] = reader.name()
        found["referent_columns"] = reader.names()
    found["not_valid"] = reader.has("NOT", "VALID")
    return found


def _kind(reader: Reader) -> ConstraintKind | None:
    if reader.accept("FOREIGN", "KEY"):
        return "foreign key"
    if reader.accept("PRIMARY", "KEY"):
        return "primary key"
    if reader.accept("UNIQUE"):
        reader.accept("KEY") or reader.accept("INDEX")
        reader.accept("NULLS", "NOT", "DISTINCT")
        return "unique"
    if reader.accept("CHECK"):
        return "check"
    if reader.accept("EXCLUDE"):
        return "exclude"
    return None
