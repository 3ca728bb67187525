"""SQLite's tables in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .catalog import (
    FIELD,
    LINE,
    PART,
    Catalog,
    Key,
    NotProvable,
    Recorded,
    is_plain_literal,
    plain_text,
)
from .statements import INTERNAL

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection
    from sqlalchemy.types import TypeEngine

_TYPES: Final = frozenset(
    [
        "BIGINT",
        "BLOB",
        "BOOLEAN",
        "DATE",
        "DATETIME",
        "FLOAT",
        "INTEGER",
        "JSON",
        "NUMERIC",
        "REAL",
        "SMALLINT",
        "TEXT",
        "TIME",
        "VARCHAR",
    ]
)
_DOUBLE: Final = frozenset({"DOUBLE", "DOUBLE PRECISION"})
_SIZED: Final = re.compile(
    r"(?:(?:VAR)?CHAR\(\d+\)|(?:NUMERIC|DECIMAL)\(\d+(?:, \d+)?\))"
)
_QUOTED: Final = re.compile(r"'([^']*)'")

QUERY: Final = """
SELECT m.name, m.sql,
  (SELECT group_concat(c.name || '{field}' || c.type || '{field}' ||
      CASE c."notnull" WHEN 0 THEN 'f' ELSE 't' END || '{field}' ||
      CASE c.hidden WHEN 0 THEN '' ELSE 'hidden' END || '{field}' ||
      coalesce(c.dflt_value, '') || '{field}', '{line}')
   FROM pragma_table_xinfo(m.name, 'main') c),
  (SELECT group_concat(c.name, '{part}')
   FROM pragma_table_xinfo(m.name, 'main') c WHERE c.pk > 0),
  (SELECT group_concat(i.origin || i.partial || '{field}' || i.name || '{field}' ||
      CASE i."unique" WHEN 0 THEN 'f' ELSE 't' END || '{field}' ||
      (SELECT group_concat(coalesce(x.name, '') || '{odd}' || x."desc" || x.coll,
         '{part}')
       FROM (SELECT * FROM pragma_index_xinfo(i.name, 'main') WHERE key = 1
         ORDER BY seqno) x), '{line}')
   FROM pragma_index_list(m.name, 'main') i WHERE i.origin <> 'pk'),
  (SELECT group_concat(r.id || '{field}' || r.seq || '{field}' || r."from" ||
      '{field}' || r."table" || '{field}' || coalesce(r."to", '') || '{field}' ||
      r.on_update || '{field}' || r.on_delete || '{field}' || r.match, '{line}')
   FROM pragma_foreign_key_list(m.name, 'main') r)
FROM main.sqlite_master m
WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_'
"""
_ODD: Final = "\x1d"
_PLAIN_KEY: Final = f"{_ODD}0BINARY"

# A line of CREATE TABLE as SQLAlchemy writes it, alone in its line.
_NAMES: Final = r'(?:\w+|"\w+")(?:, (?:\w+|"\w+"))*'
_END: Final = r"(?:, ?|\)?)\s*"
_UNIQUE: Final = re.compile(
    rf'\s*(?:CONSTRAINT (\w+|"\w+") )?UNIQUE \(({_NAMES})\){_END}'
)
_RULE: Final = r"(SET NULL|SET DEFAULT|CASCADE|RESTRICT|NO ACTION)"
_REFERENCE: Final = re.compile(
    rf'\s*(?:CONSTRAINT (\w+) )?FOREIGN KEY ?\(({_NAMES})\) REFERENCES (\w+|"\w+")'
    rf" \(({_NAMES})\)(?: ON DELETE {_RULE})?(?: ON UPDATE {_RULE})?"
    rf"(?: (DEFERRABLE))?(?: INITIALLY (DEFERRED|IMMEDIATE))?{_END}",
    re.I,
)
_UNUSUAL: Final = re.compile(r"\b(?:COLLATE|MATCH|VIRTUAL)\b", re.I)
_UNIQUE_WORD: Final = re.compile(r"\bUNIQUE\b", re.I)
_TIME_WORD: Final = re.compile(r"\b(?:DEFERRABLE|INITIALLY)\b", re.I)
_REFERENCES_WORD: Final = re.compile(r"\bREFERENCES\b", re.I)


class SQLiteCatalog(Catalog):
    """``sqlite_master`` and the pragmas of SQLite 3.26 and later.

    Names of constraints stand only in the text of ``CREATE TABLE``. A table is plain if
    each constraint has a line of its own there, as SQLAlchemy writes it.
    """

    def read(self, connection: Connection, schemas: bool) -> dict[Key, Recorded]:
        """Read every table of the main database with one query."""
        if schemas:
            raise NotProvable("attached databases")
        query = QUERY.format(field=FIELD, part=PART, line=LINE, odd=_ODD)
        rows = connection.exec_driver_sql(query, execution_options=INTERNAL).all()
        return {(None, row[0]): _recorded(*row[1:]) for row in rows}

    def type_words(self, compiled: str, type_: TypeEngine[Any]) -> str:
        """Return the type as it was declared, which is as SQLAlchemy writes it."""
        if compiled in _TYPES or compiled in _DOUBLE or _SIZED.fullmatch(compiled):
            return compiled
        raise NotProvable(compiled)

    def reflected(self, words: str) -> TypeEngine[Any]:
        """Return the type that SQLAlchemy reflects."""
        name, *sizes = re.split(r"\(|, |\)", words)
        dialect: Any = self.dialect
        made = dialect.ischema_names[name]
        type_: TypeEngine[Any] = made(*(int(size) for size in sizes if size))
        return type_

    def default(self, column: Column[Any], words: str) -> tuple[str, str]:
        """Return nothing as *generated*, and the text after ``DEFAULT``."""
        from sqlalchemy import DefaultClause

        server = column.server_default
        if server is None:
            return "", ""
        if type(server) is not DefaultClause:
            raise NotProvable(column.name)
        text = self.rendered(server.arg)
        if not isinstance(server.arg, str):
            quoted = _QUOTED.fullmatch(text)
            if "(" in text or (quoted and not is_plain_literal(quoted[1])):
                raise NotProvable(column.name)
            return "", plain_text(text)
        if not is_plain_literal(text):
            raise NotProvable(column.name)
        return "", f"'{text}'"


def _recorded(
    sql: str,
    columns: str | None,
    key: str | None,
    indexes: str | None,
    references: str | None,
) -> Recorded:
    """Put the words of one table together.

    :param sql: The text that made it.
    :param columns: Its columns.
    :param key: The columns of its primary key.
    :param indexes: Its indexes, those of unique constraints included.
    :param references: Its foreign keys, a line for each column.
    """
    try:
        if _UNUSUAL.search(sql):
            raise NotProvable(sql)
        own, uniques = _indexes(sql, indexes.split(LINE) if indexes else [])
        keys, names = _references(sql, references.split(LINE) if references else [])
    except NotProvable:
        return Recorded(False)
    return Recorded(
        True,
        columns=LINE.join(sorted((columns or "").split(LINE))),
        primary_key=PART.join(sorted(key.split(PART))) if key else "",
        indexes=LINE.join(own),
        uniques=LINE.join(uniques),
        foreign_keys=LINE.join(keys),
        foreign_key_names=LINE.join(names),
    )


def _indexes(sql: str, lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines of indexes, and of unique constraints with their names."""
    indexes: list[str] = []
    found: list[str] = []
    for line in lines:
        origin, name, unique, columns = line.split(FIELD)
        names = columns.split(PART)
        if not all(each.endswith(_PLAIN_KEY) for each in names):
            raise NotProvable(name)
        parts = [each[: -len(_PLAIN_KEY)] for each in names]
        if origin == "c0":
            indexes.append(FIELD.join((name, unique, PART.join(parts))))
        elif origin == "u0":
            found.append(PART.join(parts))
        else:
            raise NotProvable(name)
    named = [
        (_bare(match[1] or ""), _split(match[2]))
        for match in map(_UNIQUE.fullmatch, sql.splitlines())
        if match is not None
    ]
    if len(named) != len(_UNIQUE_WORD.findall(sql)) or sorted(
        PART.join(columns) for _, columns in named
    ) != sorted(found):
        raise NotProvable(sql)
    return indexes, [
        FIELD.join((name, PART.join(sorted(columns)))) for name, columns in named
    ]


def _references(sql: str, lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines of foreign keys, and their names."""
    by_id: dict[str, list[list[str]]] = {}
    for line in lines:
        number, *fields = line.split(FIELD)
        by_id.setdefault(number, []).append(fields)
    found: set[tuple[str, ...]] = set()
    for rows in by_id.values():
        rows.sort(key=lambda fields: int(fields[0]))
        _, _, table, _, update, delete, match = rows[0]
        if match != "NONE":
            raise NotProvable(sql)
        own = PART.join(fields[1] for fields in rows)
        other = PART.join(fields[3] for fields in rows)
        found.add((own, "", table, other, _rule(update), _rule(delete)))
    written: dict[tuple[str, ...], str] = {}
    names, times = [], 0
    for clause in map(_REFERENCE.fullmatch, sql.splitlines()):
        if clause is None:
            continue
        name, own, table, other, delete, update, deferrable, initially = clause.groups()
        own, table, other = (
            PART.join(_split(own)),
            _bare(table),
            PART.join(_split(other)),
        )
        key = (own, "", table, other, _rule(update or ""), _rule(delete or ""))
        written[key] = "deferrable" if deferrable else ""
        if (initially or "").upper() == "DEFERRED":
            written[key] = "deferred"
        times += bool(deferrable) + bool(initially)
        names.append(_bare(name or ""))
    words = len(_REFERENCES_WORD.findall(sql))
    if (
        written.keys() != found
        or not len(names) == words == len(by_id) == len(written)
        or times != len(_TIME_WORD.findall(sql))
    ):
        raise NotProvable(sql)
    return [FIELD.join((*key, time)) for key, time in written.items()], names


def _rule(words: str) -> str:
    return "" if words.upper() == "NO ACTION" else words.lower()


def _bare(name: str) -> str:
    return name.strip('"')


def _split(names: str) -> list[str]:
    return [_bare(name) for name in names.split(", ")]
