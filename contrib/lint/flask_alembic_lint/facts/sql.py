"""SQL text turned into facts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Final

from flask_alembic.backends import Control, StatementClass, classify

from .alter import read_alter_table
from .base import Fact, Where
from .create import read_create, read_drop
from .data import read_data
from .model import (
    ChangeEnum,
    CreateTable,
    LockTable,
    Maintenance,
    ManyStatements,
    Opaque,
    RenameObject,
    RenameTable,
    Transaction,
    Unparsed,
)
from .reader import Reader
from .tokens import NotReadable, Word, parse_error, statements

CHANGES: Final = ("ALTER", "CREATE", "DROP", "UPDATE", "DELETE", "INSERT", "TRUNCATE")
"""Words that start a statement inside the body of a DO block."""


def facts_of(sql: str, dialect: str, where: Where) -> list[Fact]:
    """Return what SQL text does.

    :param sql: One or several statements.
    :param dialect: The name of the SQLAlchemy dialect.
    :param where: Where the text is; each statement gets a number of its own.
    """
    try:
        parts = statements(sql, dialect)
    except NotReadable as error:
        return [Unparsed(where=where, error=str(error))]
    found: list[Fact] = []
    if len(parts) > 1:
        found.append(ManyStatements(where=where, count=len(parts)))
    for offset, (text, words) in enumerate(parts):
        here = dataclasses.replace(
            where, raw=True, text=text, statement=where.statement + offset
        )
        found += read_statement(text, words, dialect, here)
    return found


def read_statement(
    text: str, words: list[Word], dialect: str, where: Where
) -> list[Fact]:
    """Return what one statement does.

    :param text: The statement.
    :param words: Its words.
    :param dialect: The name of the SQLAlchemy dialect.
    :param where: Where it is.
    """
    reader = Reader(text, words)
    start = reader.take().upper
    if start == "DO":
        return list(_body(reader, dialect, where))
    found = classify(text, dialect)
    if found.control in TRANSACTIONS:
        return [_transaction(found, where)]
    read = READERS.get(start)
    facts = [
        dataclasses.replace(fact, needs_autocommit=found.needs_autocommit)
        if isinstance(fact, Maintenance)
        else fact
        for fact in (read(reader, where) if read else ())
    ]
    error = parse_error(text, dialect) if start in PARSED or not read else None
    if error is None and not read and start != "(":
        error = f"{words[0].text} starts no statement that is known"
    if error is not None:
        return [Unparsed(where=where, error=error)]
    return facts or [Opaque(where=where, verb=start)]


def _alter(reader: Reader, where: Where) -> Iterator[Fact]:
    if reader.accept("TABLE"):
        yield from read_alter_table(reader, where)
    elif reader.accept("TYPE"):
        yield _alter_type(reader, where)
    elif reader.accept("SCHEMA"):
        name = reader.name()
        if reader.accept("RENAME", "TO"):
            to = reader.name()
            yield RenameObject(where=where, kind="schema", name=name, to=to)
    elif reader.accept("DOMAIN"):
        name = reader.name()
        if reader.accept("ADD") and not reader.has("NOT", "VALID"):
            yield Maintenance(
                where=where, verb=f"ALTER DOMAIN {name} ADD", rewrites=True
            )
    elif reader.accept("SYSTEM"):
        yield Maintenance(where=where, verb="ALTER SYSTEM")
    elif not reader.done and reader.peek().kind == "word":
        yield Opaque(where=where, verb=f"ALTER {reader.peek().upper}")


def _alter_type(reader: Reader, where: Where) -> Fact:
    name = reader.name()
    if reader.accept("ADD", "VALUE"):
        reader.if_exists()
        value = reader.take().text
        return ChangeEnum(where=where, type_name=name, action="add", value=value)
    if reader.accept("RENAME", "VALUE"):
        value = reader.take().text
        return ChangeEnum(where=where, type_name=name, action="rename", value=value)
    if reader.accept("RENAME", "TO"):
        return RenameObject(where=where, kind="type", name=name, to=reader.name())
    return Opaque(where=where, verb="ALTER TYPE")


def _rename(reader: Reader, where: Where) -> Iterator[Fact]:
    """MySQL's RENAME TABLE."""
    if reader.accept_any("TABLE", "TABLES"):
        for part in Reader.parts(reader.words[reader.at :]):
            pair = reader.sub(part)
            old = pair.name()
            pair.accept("TO")
            yield RenameTable(where=where, table=old, to=pair.name())


TRANSACTIONS: Final = (
    *(Control.BEGIN, Control.COMMIT, Control.ROLLBACK, Control.END),
    Control.DISTRIBUTED,
)
"""What begins or ends a transaction."""


def _transaction(found: StatementClass, where: Where) -> Fact:
    begins = found.control is Control.BEGIN
    return Transaction(where=where, verb=found.verb, begins=begins)


def _lock(reader: Reader, where: Where) -> Iterator[Fact]:
    reader.accept_any("TABLE", "TABLES")
    yield LockTable(where=where, table=reader.name())


def _maintenance(reader: Reader, where: Where) -> Iterator[Fact]:
    verb = reader.words[0].upper
    full = reader.has("FULL")
    concurrently = reader.has("CONCURRENTLY")
    if verb == "VACUUM":
        yield Maintenance(
            where=where,
            verb="VACUUM FULL" if full else verb,
            rewrites=full,
        )
    elif verb == "REINDEX":
        yield Maintenance(
            where=where,
            table=reader.words[-1].text,
            verb=verb,
            concurrently=concurrently,
            rewrites=not concurrently,
        )
    elif verb == "REFRESH":
        yield Maintenance(
            where=where,
            table=reader.words[-1].text,
            verb="REFRESH MATERIALIZED VIEW",
            concurrently=concurrently,
            rewrites=not concurrently,
        )
    elif verb in ("CLUSTER", "OPTIMIZE", "REPAIR"):
        yield Maintenance(where=where, verb=verb, rewrites=True)


def _select_into(reader: Reader, where: Where) -> Iterator[Fact]:
    """PostgreSQL's SELECT ... INTO table creates one."""
    before = reader.until("INTO", "FROM")
    if before and reader.accept("INTO"):
        reader.accept_any("TEMPORARY", "TEMP", "UNLOGGED")
        reader.accept("TABLE")
        yield CreateTable(where=where, table=reader.name(), has_primary_key=False)


def _body(reader: Reader, dialect: str, where: Where) -> Iterator[Fact]:
    """Give what the statements in the body of a DO block do."""
    body = next((word for word in reader.words if word.kind == "string"), None)
    if body is None:
        yield Opaque(where=where, verb="DO")
        return
    text = re.sub(r"^\$\w*\$|\$\w*\$$", "", body.text)
    try:
        parts = statements(text, dialect)
    except NotReadable as error:
        yield Unparsed(where=where, error=str(error))
        return
    for _, words in parts:
        for index, word in enumerate(words):
            before = words[index - 1].upper if index else "BEGIN"
            starts = before in ("BEGIN", "THEN", "ELSE", "LOOP")
            if word.upper == "EXECUTE" and starts:
                yield from _dynamic(words[index + 1 :], dialect, where)
                break
            if word.upper in CHANGES and starts:
                inner = words[index:]
                piece = text[inner[0].start : inner[-1].end]
                yield from read_statement(piece, inner, dialect, where)
                break
    yield Opaque(where=where, verb="DO")


def _dynamic(words: list[Word], dialect: str, where: Where) -> Iterator[Fact]:
    """Give what SQL does that is built while it runs, if it is a constant."""
    if words and words[0].kind == "string":
        following = words[1].upper if len(words) > 1 else "USING"
        if following in ("USING", "END", ";"):
            text = words[0].text.strip("'").replace("''", "'")
            yield from facts_of(text, dialect, where)
            return
    yield Unparsed(where=where, error="it is put together only when it runs")


def _prepared(reader: Reader, where: Where) -> Iterator[Fact]:
    """Give what ``PREPARE name FROM '...'`` and ``EXECUTE IMMEDIATE '...'`` do."""
    reader.until("FROM", "IMMEDIATE")
    if not reader.done:
        reader.take()
        yield from _dynamic(reader.words[reader.at :], "mysql", where)


def _nothing(reader: Reader, where: Where) -> Iterator[Fact]:
    return iter(())


SILENT: Final = (
    *("SET", "RESET", "SHOW", "GRANT", "REVOKE", "COMMENT", "ANALYZE", "SAVEPOINT"),
    *("RELEASE", "PRAGMA", "USE", "CALL", "EXPLAIN", "DESCRIBE", "DISCARD", "NOTIFY"),
    *("CHECKPOINT", "LISTEN", "UNLOCK", "FLUSH", "ATTACH", "DETACH", "SECURITY"),
    *("REASSIGN", "EXEC", "DECLARE", "DEALLOCATE", "IMPORT"),
    *("VALUES", "TABLE", "COMMIT", "ROLLBACK"),
)
"""Words that start a statement which no rule looks at."""

Read = Callable[[Reader, Where], Iterator[Fact]]

READERS: Final[dict[str, Read]] = {
    "ALTER": _alter,
    "CREATE": read_create,
    "DROP": read_drop,
    "RENAME": _rename,
    **dict.fromkeys(
        ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REPLACE", "MERGE", "WITH", "COPY"),
        read_data,
    ),
    "LOCK": _lock,
    **dict.fromkeys(
        ("VACUUM", "REINDEX", "REFRESH", "CLUSTER", "OPTIMIZE", "REPAIR"), _maintenance
    ),
    "SELECT": _select_into,
    **dict.fromkeys(("PREPARE", "EXECUTE"), _prepared),
    **dict.fromkeys(SILENT, _nothing),
}
"""What reads the statements that start with a word."""

PARSED: Final = ("INSERT", "UPDATE", "DELETE", "SELECT", "WITH", "REPLACE", "MERGE")
"""Statements that sqlglot has to be able to parse."""
