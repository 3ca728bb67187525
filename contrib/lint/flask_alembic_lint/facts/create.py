"""``CREATE`` and ``DROP`` read from SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .base import Fact, Where
from .columns import CONSTRAINT_STARTS, read_column, read_constraint
from .model import (
    CreateIndex,
    CreateTable,
    CreateType,
    DropIndex,
    DropObject,
    DropTable,
    DropType,
    Opaque,
    Unparsed,
)
from .reader import Reader

OBJECTS: Final = (
    *("VIEW", "SCHEMA", "DATABASE", "FUNCTION", "PROCEDURE", "TRIGGER", "EXTENSION"),
    *("SEQUENCE", "DOMAIN", "ROLE", "USER", "POLICY", "AGGREGATE", "OPERATOR", "CAST"),
    *("COLLATION", "CONVERSION", "EVENT", "FOREIGN", "LANGUAGE", "MATERIALIZED"),
    *("PUBLICATION", "RULE", "SERVER", "STATISTICS", "SUBSCRIPTION", "TABLESPACE"),
    *("TEXT", "TRANSFORM", "ACCESS", "GROUP", "ROUTINE", "VIRTUAL", "SYNONYM"),
    *("PACKAGE", "CONSTRAINT", "DEFAULT", "OWNED"),
)
"""What can be created and dropped beside tables, indexes and types."""


def read_create(reader: Reader, where: Where) -> Iterator[Fact]:
    """Give the facts of a ``CREATE``, after that word."""
    reader.accept("OR", "REPLACE")
    temporary = bool(reader.accept_any("TEMPORARY", "TEMP"))
    reader.accept_any("GLOBAL", "LOCAL", "UNLOGGED")
    temporary = temporary or bool(reader.accept_any("TEMPORARY", "TEMP"))
    _skip_definer(reader)
    kind = reader.accept_any("UNIQUE", "FULLTEXT", "SPATIAL")
    if reader.accept("INDEX"):
        yield _index(reader, where, kind)
    elif reader.accept("TABLE"):
        yield from _table(reader, where, temporary)
    elif reader.accept("TYPE"):
        reader.if_exists()
        yield CreateType(where=where, name=reader.name())
    elif reader.peek().upper in OBJECTS:
        yield Opaque(where=where, verb=f"CREATE {reader.peek().upper}")
    else:
        error = f"CREATE {reader.peek().text} is not known"
        yield Unparsed(where=where, error=error)


def _skip_definer(reader: Reader) -> None:
    """Skip what MySQL allows before VIEW, TRIGGER and FUNCTION."""
    while reader.peek().upper in (
        "DEFINER",
        "SQL",
        "ALGORITHM",
        "RECURSIVE",
        "TRUSTED",
    ):
        reader.until(
            *("VIEW", "TRIGGER", "FUNCTION", "PROCEDURE", "EVENT", "LANGUAGE", "SQL")
        )
        if reader.accept("SQL", "SECURITY"):
            reader.take()


def _index(reader: Reader, where: Where, kind: str) -> CreateIndex:
    concurrently = reader.accept("CONCURRENTLY")
    quiet = reader.if_exists()
    name = None if reader.sees("ON") else reader.name()
    method = kind.lower() if kind in ("FULLTEXT", "SPATIAL") else ""
    if reader.accept("USING"):
        method = reader.take().text.lower()
    reader.accept("ON")
    reader.accept("ONLY")
    table = reader.name()
    if reader.accept("USING"):
        method = reader.take().text.lower()
    return CreateIndex(
        where=where,
        table=table,
        name=name,
        columns=reader.names(),
        unique=kind == "UNIQUE",
        concurrently=concurrently,
        if_not_exists=quiet,
        method="" if method == "btree" else method,
    )


def _table(reader: Reader, where: Where, temporary: bool) -> Iterator[Fact]:
    quiet = reader.if_exists()
    table = reader.name()
    given: dict[str, Any] = {"if_not_exists": quiet, "temporary": temporary}
    if not reader.sees("("):  # AS SELECT, LIKE, PARTITION OF
        copied = reader.has("PARTITION", "OF") or reader.sees("LIKE")
        yield CreateTable(
            where=where, table=table, has_primary_key=copied or temporary, **given
        )
        return
    columns, names, keyed = [], [], False
    for part in Reader.parts(reader.parenthesised()):
        inner = reader.sub(part)
        if inner.peek().upper in CONSTRAINT_STARTS:
            found = read_constraint(inner) or {}
            keyed = keyed or found.get("kind") == "primary key"
            names += [found["name"]] if found.get("name") else []
        elif inner.peek().upper in ("LIKE", "SELECT"):
            keyed = True
        elif inner.peek().upper not in (
            "INDEX",
            "KEY",
            "FULLTEXT",
            "SPATIAL",
            "PERIOD",
        ):
            columns.append(read_column(inner))
    yield CreateTable(
        where=where,
        table=table,
        columns=tuple(columns),
        names=tuple(names),
        has_primary_key=keyed or any(column.primary_key for column in columns),
        **given,
    )


def read_drop(reader: Reader, where: Where) -> Iterator[Fact]:
    """Give the facts of a ``DROP``, after that word."""
    reader.accept_any("TEMPORARY", "TEMP")
    kind = reader.take().upper
    if kind == "MATERIALIZED":
        kind = f"MATERIALIZED {reader.take().upper}"
    known = kind in ("TABLE", "INDEX", "TYPE", *OBJECTS) or kind.startswith("MATER")
    if not known:
        error = f"DROP {kind} is not known"
        yield Unparsed(where=where, error=error)
        return
    concurrently = reader.accept("CONCURRENTLY")
    quiet = reader.if_exists()
    listed = reader.until("CASCADE", "RESTRICT", "ON")
    names = [reader.sub(part).name() for part in Reader.parts(listed)]
    table = reader.name() if reader.accept("ON") else ""
    cascade = reader.has("CASCADE")
    for name in names:
        if kind == "TABLE":
            yield DropTable(where=where, table=name, cascade=cascade, if_exists=quiet)
        elif kind == "INDEX":
            yield DropIndex(
                where=where,
                table=table,
                name=name,
                concurrently=concurrently,
                if_exists=quiet,
                cascade=cascade,
            )
        elif kind == "TYPE":
            yield DropType(where=where, name=name, cascade=cascade)
        else:
            yield DropObject(where=where, kind=kind, name=name, cascade=cascade)
