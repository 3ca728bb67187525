"""``ALTER TABLE`` read from SQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

from .alter_options import read_option
from .base import Fact, Where
from .columns import CONSTRAINT_STARTS, read_column, read_constraint, read_type
from .model import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    Opaque,
    RenameObject,
    RenameTable,
    Unparsed,
    ValidateConstraint,
    WriteData,
)
from .reader import Reader
from .types import sql_type

HARMLESS: Final = (
    *("OWNER", "ENABLE", "DISABLE", "RESET", "CLUSTER", "REPLICA", "INHERIT", "NO"),
    *(
        "ALGORITHM",
        "LOCK",
        "COMMENT",
        "AUTO_INCREMENT",
        "OF",
        "NOT",
        "STATS_PERSISTENT",
    ),
    *("ORDER", "WITH", "WITHOUT", "FORCE_ROW", "AVG_ROW_LENGTH", "CHECKSUM"),
)
"""Words that start an action no rule looks at."""


def read_alter_table(reader: Reader, where: Where) -> Iterator[Fact]:
    """Give the facts of an ``ALTER TABLE``, after these two words.

    :param reader: Stands behind TABLE.
    :param where: Where the statement is.
    """
    reader.if_exists()
    reader.accept("ONLY")
    table = reader.name()
    reader.accept("*")
    rest = reader.words[reader.at :]
    if _asks_for_no_lock(reader.sub(rest)):
        where = dataclasses.replace(where, online=True)
    for part in Reader.parts(rest):
        action = reader.sub(part)
        yield from _action(action, table, where)


def _asks_for_no_lock(reader: Reader) -> bool:
    return any(
        reader.has(*words)
        for words in (
            ("LOCK", "=", "NONE"),
            ("LOCK", "NONE"),
            ("ALGORITHM", "=", "INSTANT"),
            ("ALGORITHM", "=", "NOCOPY"),
        )
    )


def _action(reader: Reader, table: str, where: Where) -> Iterator[Fact]:
    start = reader.accept_any(
        *("ADD", "DROP", "ALTER", "MODIFY", "CHANGE", "RENAME", "VALIDATE", "SET"),
        *("CONVERT", "DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ATTACH", "DETACH"),
        *("ENGINE", "ROW_FORMAT", "KEY_BLOCK_SIZE", "FORCE", "TRUNCATE", "TABLESPACE"),
    )
    if start == "ADD":
        yield from _add(reader, table, where)
    elif start == "DROP":
        yield from _drop(reader, table, where)
    elif start == "ALTER":
        yield from _alter(reader, table, where)
    elif start in ("MODIFY", "CHANGE"):
        yield _modify(reader, table, where, renames=start == "CHANGE")
    elif start == "RENAME":
        yield from _rename(reader, table, where)
    elif start == "VALIDATE":
        reader.accept("CONSTRAINT")
        yield ValidateConstraint(where=where, table=table, name=reader.name())
    elif start:
        yield from read_option(start, reader, table, where)
    elif reader.peek().upper in HARMLESS or reader.peek().kind == "number":
        yield Opaque(where=where, table=table, verb=reader.peek().upper, locks=True)
    else:
        shown = reader.peek().text
        error = f"ALTER TABLE {table} {shown} is not known"
        yield Unparsed(where=where, table=table, error=error)


def _add(reader: Reader, table: str, where: Where) -> Iterator[Fact]:
    if reader.peek().upper in CONSTRAINT_STARTS:
        found = read_constraint(reader)
        if found is not None:
            yield AddConstraint(where=where, table=table, **found)
        return
    if reader.sees("PARTITION"):
        yield Opaque(where=where, table=table, verb="ADD PARTITION")
        return
    if reader.peek().upper in ("INDEX", "KEY", "FULLTEXT", "SPATIAL"):
        yield _index(reader, table, where)
        return
    reader.accept("COLUMN")
    quiet = reader.if_exists()
    if reader.sees("("):
        groups = Reader.parts(reader.parenthesised())
    else:
        groups = [reader.words[reader.at :]]
    for group in groups:
        column = read_column(reader.sub(group))
        yield AddColumn(where=where, table=table, column=column, if_not_exists=quiet)
        if column.references:
            yield AddConstraint(
                where=where,
                table=table,
                kind="foreign key",
                columns=(column.name,),
                referent=column.references,
                inline=True,
            )
        if column.unique:
            yield AddConstraint(
                where=where,
                table=table,
                kind="unique",
                columns=(column.name,),
                inline=True,
            )


def _index(reader: Reader, table: str, where: Where) -> CreateIndex:
    method = reader.accept_any("FULLTEXT", "SPATIAL").lower()
    reader.accept_any("INDEX", "KEY")
    quiet = reader.if_exists()
    name = None if reader.sees("(") else reader.name()
    return CreateIndex(
        where=where,
        table=table,
        name=name,
        columns=reader.names(),
        method=method,
        if_not_exists=quiet,
    )


def _drop(reader: Reader, table: str, where: Where) -> Iterator[Fact]:
    if reader.accept("PRIMARY", "KEY"):
        yield DropConstraint(where=where, table=table, name=None, kind="primary key")
    elif reader.accept("CONSTRAINT") or reader.accept("CHECK"):
        quiet = reader.if_exists()
        name = reader.name()
        cascade = reader.accept("CASCADE")
        yield DropConstraint(
            where=where, table=table, name=name, cascade=cascade, if_exists=quiet
        )
    elif reader.accept("FOREIGN", "KEY"):
        quiet = reader.if_exists()
        name = reader.name()
        yield DropConstraint(
            where=where, table=table, name=name, kind="foreign key", if_exists=quiet
        )
    elif reader.accept("INDEX") or reader.accept("KEY"):
        quiet = reader.if_exists()
        yield DropIndex(where=where, table=table, name=reader.name(), if_exists=quiet)
    elif reader.accept("PARTITION"):
        name = reader.source(reader.words[reader.at :])
        yield WriteData(where=where, table=table, verb="truncate", partition=name)
    else:
        reader.accept("COLUMN")
        quiet = reader.if_exists()
        name = reader.name()
        cascade = reader.accept("CASCADE")
        yield DropColumn(
            where=where, table=table, name=name, cascade=cascade, if_exists=quiet
        )


def _alter(reader: Reader, table: str, where: Where) -> Iterator[Fact]:
    if reader.accept_any("INDEX", "CHECK", "CONSTRAINT"):
        yield Opaque(where=where, table=table, verb="ALTER", locks=True)
        return
    reader.accept("COLUMN")
    name = reader.name()
    if reader.accept("TYPE") or reader.accept("SET", "DATA", "TYPE"):
        type_ = sql_type(read_type(reader))
        using = None
        if reader.accept("USING"):
            using = reader.source(reader.words[reader.at :])
        yield AlterColumn(where=where, table=table, name=name, type=type_, using=using)
    elif reader.accept("SET", "NOT", "NULL"):
        yield AlterColumn(where=where, table=table, name=name, nullable=False)
    elif reader.accept("DROP", "NOT", "NULL"):
        yield AlterColumn(where=where, table=table, name=name, nullable=True)
    elif reader.accept("SET", "DEFAULT"):
        default = reader.source(reader.words[reader.at :])
        yield AlterColumn(where=where, table=table, name=name, default=default)
    elif reader.accept("DROP", "DEFAULT"):
        yield AlterColumn(where=where, table=table, name=name, default=None)
    else:
        yield Opaque(where=where, table=table, verb="ALTER COLUMN", locks=True)


def _modify(reader: Reader, table: str, where: Where, *, renames: bool) -> AlterColumn:
    reader.accept("COLUMN")
    reader.if_exists()
    old = reader.name() if renames else reader.peek().text
    column = read_column(reader)
    return AlterColumn(
        where=where,
        table=table,
        name=old,
        type=column.type,
        nullable=column.nullable,
        new_name=column.name if column.name != old else None,
        restates_all=True,
    )


def _rename(reader: Reader, table: str, where: Where) -> Iterator[Fact]:
    kind = reader.accept_any("CONSTRAINT", "INDEX", "KEY")
    if kind:
        name = reader.name()
        yield RenameObject(where=where, table=table, kind=kind.lower(), name=name)
    elif reader.accept("TO") or reader.accept("AS"):
        yield RenameTable(where=where, table=table, to=reader.name())
    else:
        reader.accept("COLUMN")
        name = reader.name()
        if not reader.accept("TO"):
            yield RenameTable(where=where, table=table, to=name)  # MySQL: RENAME new
            return
        yield AlterColumn(where=where, table=table, name=name, new_name=reader.name())
