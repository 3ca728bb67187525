"""What ``ALTER TABLE`` sets for a whole table, read from SQL."""

from __future__ import annotations

from collections.abc import Iterator

from .base import Fact, Where
from .model import Maintenance, Opaque, RenameTable, TableOption, WriteData
from .reader import Reader


def read_option(start: str, reader: Reader, table: str, where: Where) -> Iterator[Fact]:
    """Give the facts of an action that starts with a word.

    :param start: The word.
    :param reader: Stands behind it.
    :param table: The table.
    :param where: Where the statement is.
    """
    text = f"{start} {reader.source(reader.words[reader.at :])}".strip()
    if start in ("CONVERT", "CHARACTER", "CHARSET", "COLLATE") or (
        start == "DEFAULT" and reader.accept_any("CHARACTER", "CHARSET", "COLLATE")
    ):
        if start == "CONVERT":
            yield TableOption(where=where, table=table, option="charset", text=text)
        else:
            yield Opaque(where=where, table=table, verb=text)
    elif start in ("ENGINE", "ROW_FORMAT", "KEY_BLOCK_SIZE", "FORCE"):
        if start == "FORCE" and not reader.done:  # FORCE ROW LEVEL SECURITY
            yield Opaque(where=where, table=table, verb=text, locks=True)
        else:
            yield TableOption(where=where, table=table, option="storage", text=text)
    elif start == "SET" and reader.accept_any("TABLESPACE", "LOGGED", "UNLOGGED"):
        yield TableOption(where=where, table=table, option="rewrite", text=text)
    elif start == "SET" and reader.accept("SCHEMA"):
        schema = reader.name()
        to = f"{schema}.{table.rpartition('.')[2]}"
        yield RenameTable(where=where, table=table, to=to)
    elif start in ("ATTACH", "DETACH"):
        quick = reader.has("CONCURRENTLY")
        yield Maintenance(
            where=where,
            table=table,
            verb=f"{start} PARTITION",
            concurrently=quick,
        )
    elif start == "TRUNCATE":
        reader.accept("PARTITION")
        name = reader.source(reader.words[reader.at :])
        yield WriteData(where=where, table=table, verb="truncate", partition=name)
    else:
        yield Opaque(where=where, table=table, verb=text, locks=True)
