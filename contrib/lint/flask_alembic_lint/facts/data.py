"""Statements that change rows, read from SQL."""

from __future__ import annotations

from collections.abc import Iterator

from .base import Fact, Where
from .model import ChangeEnum, WriteData
from .reader import Reader


def read_data(reader: Reader, where: Where) -> Iterator[Fact]:
    """Give the facts of INSERT, UPDATE, DELETE, TRUNCATE and their kind.

    :param reader: Stands behind the first word.
    :param where: Where the statement is.
    """
    verb = reader.words[0].upper
    literals = tuple(word.text for word in reader.words if word.kind == "string")
    if verb == "WITH":
        reader.until("INSERT", "UPDATE", "DELETE", "SELECT", "MERGE")
        verb = reader.take().upper
    if verb == "TRUNCATE":
        yield from _truncate(reader, where)
        return
    if verb == "COPY":
        yield WriteData(where=where, table=reader.name(), verb="insert")
        return
    table = _target(reader, verb)
    if table is None:
        return
    if table.rpartition(".")[2].lower() == "pg_enum":
        yield ChangeEnum(where=where, type_name="pg_enum", action="catalog")
        return
    from_query = reader.has("SELECT")
    reader.until("WHERE", "LIMIT")
    limited = reader.sees("WHERE") or reader.sees("LIMIT")
    yield WriteData(
        where=where,
        table=table,
        verb={"UPDATE": "update", "DELETE": "delete"}.get(verb, "insert"),  # type: ignore[arg-type]
        has_where=limited and not _always_true(reader),
        from_query=from_query,
        literals=literals,
    )


def _target(reader: Reader, verb: str) -> str | None:
    """Read the name of the table that is written to."""
    while reader.accept_any("LOW_PRIORITY", "IGNORE", "DELAYED", "QUICK", "OR"):
        reader.accept_any("REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK")
    if verb == "UPDATE":
        reader.accept("ONLY")
        return reader.name()
    if verb == "DELETE":
        reader.until("FROM")  # MySQL may name tables before FROM
        reader.accept("FROM")
        reader.accept("ONLY")
        return reader.name()
    if verb in ("INSERT", "REPLACE", "MERGE"):
        reader.accept("INTO")
        reader.accept("TABLE")
        return reader.name()
    return None


def _truncate(reader: Reader, where: Where) -> Iterator[Fact]:
    reader.accept("TABLE")
    reader.accept("ONLY")
    cascade = reader.has("CASCADE")
    listed = reader.until("CASCADE", "RESTRICT", "RESTART", "CONTINUE")
    for part in Reader.parts(listed):
        name = reader.sub(part).name()
        yield WriteData(where=where, table=name, verb="truncate", cascade=cascade)


def _always_true(reader: Reader) -> bool:
    """Return whether a WHERE is there for show, as ``WHERE 1=1`` or ``WHERE true``."""
    if not reader.accept("WHERE"):
        return False
    rest = [word.text.lower() for word in reader.words[reader.at :]]
    return rest in (["true"], ["1", "=", "1"], ["1"])
