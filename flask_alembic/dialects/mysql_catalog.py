"""MariaDB's tables in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

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

# What SQLAlchemy's compiler writes, and COLUMN_TYPE.
_TYPES: Final = {
    "BIGINT": "bigint(20)",
    "BLOB": "blob",
    "BOOL": "tinyint(1)",
    "DATE": "date",
    "DATETIME": "datetime",
    "DOUBLE": "double",
    "DOUBLE PRECISION": "double",
    "FLOAT": "float",
    "INTEGER": "int(11)",
    "JSON": "longtext",
    "SMALLINT": "smallint(6)",
    "TEXT": "text",
    "TIME": "time",
    "UUID": "uuid",
}
_SIZED: Final = (
    (re.compile(r"VARCHAR\((\d+)\)"), r"varchar(\1)"),
    (re.compile(r"CHAR\((\d+)\)"), r"char(\1)"),
    (re.compile(r"(?:NUMERIC|DECIMAL)\((\d+), ?(\d+)\)"), r"decimal(\1,\2)"),
    (re.compile(r"(?:NUMERIC|DECIMAL)\((\d+)\)"), r"decimal(\1,0)"),
    (re.compile(r"ENUM\(((?:'[\w .-]*',?)+)\)"), r"enum(\1)"),
)
_REFLECTED: Final = {"int": "INTEGER"}
_QUOTED: Final = re.compile(r"'([^']*)'")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_NOW: Final = frozenset({"current_timestamp", "current_timestamp()", "now()"})
_STRINGS: Final = ("varchar", "char", "text", "enum")
_NUMBERS: Final = ("int", "bigint", "smallint", "tinyint", "decimal", "float", "double")

# Each row is one table and one kind of words; the separators are those of catalog.py.
QUERY: Final = """
SET STATEMENT group_concat_max_len = 16777216 FOR
SELECT TABLE_SCHEMA, TABLE_NAME, 'table', TABLE_COMMENT
FROM information_schema.TABLES
WHERE TABLE_TYPE = 'BASE TABLE' AND {wanted}
  AND LOCATE('partitioned', CREATE_OPTIONS) = 0
UNION ALL
SELECT TABLE_SCHEMA, TABLE_NAME, 'odd table', ''
FROM information_schema.TABLES
WHERE TABLE_TYPE = 'BASE TABLE' AND {wanted}
  AND LOCATE('partitioned', CREATE_OPTIONS) > 0
UNION ALL
SELECT TABLE_SCHEMA, TABLE_NAME, 'columns', GROUP_CONCAT(CONCAT(
    COLUMN_NAME, {field}, COLUMN_TYPE, {field}, IF(IS_NULLABLE = 'NO', 't', 'f'),
    {field}, IF(EXTRA = 'auto_increment', '', EXTRA), {field},
    IFNULL(NULLIF(COLUMN_DEFAULT, 'NULL'), ''), {field}, COLUMN_COMMENT
  ) SEPARATOR '{line}')
FROM information_schema.COLUMNS WHERE {wanted}
GROUP BY TABLE_SCHEMA, TABLE_NAME
UNION ALL
SELECT TABLE_SCHEMA, TABLE_NAME,
  CASE WHEN INDEX_NAME = 'PRIMARY' THEN 'primary key'
    WHEN MAX(SUB_PART IS NOT NULL OR INDEX_TYPE <> 'BTREE' OR COLLATION <> 'A'
      OR IGNORED = 'YES') THEN 'odd index' ELSE 'index' END,
  CONCAT(INDEX_NAME, {field}, IF(MAX(NON_UNIQUE), 'f', 't'), {field},
    GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX SEPARATOR '{part}'))
FROM information_schema.STATISTICS WHERE {wanted}
GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME
UNION ALL
SELECT TABLE_SCHEMA, TABLE_NAME, 'foreign key', CONCAT(
    CONSTRAINT_NAME, {field},
    GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR '{part}'), {field},
    IF(TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE(), '',
      REFERENCED_TABLE_SCHEMA), {field}, REFERENCED_TABLE_NAME, {field},
    GROUP_CONCAT(REFERENCED_COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR '{part}'))
FROM information_schema.KEY_COLUMN_USAGE
WHERE {wanted} AND REFERENCED_TABLE_NAME IS NOT NULL
GROUP BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA,
  REFERENCED_TABLE_NAME
UNION ALL
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, 'rules', CONCAT(
    CONSTRAINT_NAME, {field}, UPDATE_RULE, {field}, DELETE_RULE)
FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE {of_constraints}
"""
_RULES: Final = {
    "RESTRICT": "",
    "NO ACTION": "n",
    "CASCADE": "cascade",
    "SET NULL": "set null",
    "SET DEFAULT": "set default",
}
"""As MariaDB calls the rule of a foreign key, and what the models' is called."""


class MySQLCatalog(Catalog):
    """The ``information_schema`` of MariaDB 10.6 and later."""

    merges_uniques = True
    actions: ClassVar[Mapping[str | None, str]] = {
        None: "",
        "restrict": "",
        "no action": "n",
        "cascade": "cascade",
        "set null": "set null",
        "set default": "set default",
    }

    def read(self, connection: Connection, schemas: bool) -> dict[Key, Recorded]:
        """Read every table with one query; there is nothing that it could break."""
        wanted = "{} = DATABASE()"
        if schemas:
            wanted = (
                "{} NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
            )
        query = QUERY.format(
            wanted=wanted.format("TABLE_SCHEMA"),
            of_constraints=wanted.format("CONSTRAINT_SCHEMA"),
            field=f"'{FIELD}'",
            part=PART,
            line=LINE,
        )
        rows = connection.exec_driver_sql(query, execution_options=INTERNAL).all()
        default = self.dialect.default_schema_name
        parts: dict[Key, dict[str, list[str]]] = {}
        for schema, name, kind, words in rows:
            key = (None if schema == default else schema, name)
            parts.setdefault(key, {}).setdefault(kind, []).append(words)
        return {
            key: _recorded(part)
            for key, part in parts.items()
            if "table" in part or "odd table" in part  # a view has columns too
        }

    def type_words(self, compiled: str, type_: TypeEngine[Any]) -> str:
        """Return the ``COLUMN_TYPE``."""
        if compiled in _TYPES:
            return _TYPES[compiled]
        for pattern, words in _SIZED:
            match = pattern.fullmatch(compiled)
            if match is not None:
                return match.expand(words)
        raise NotProvable(compiled)

    def reflected(self, words: str) -> TypeEngine[Any]:
        """Return the type that SQLAlchemy reflects."""
        from sqlalchemy.dialects import mysql as types

        name, *sizes = re.split(r"[(,)]", words)
        if name == "uuid":
            from sqlalchemy import UUID

            return UUID()
        made: Any = getattr(types, _REFLECTED.get(name, name.upper()))
        values = [size for size in sizes if size]
        if name == "enum":
            enum: TypeEngine[Any] = made(*(value.strip("'") for value in values))
            return enum
        numbers = [int(value) for value in values]
        if name.endswith("int"):
            whole: TypeEngine[Any] = made(display_width=numbers[0])
            return whole
        type_: TypeEngine[Any] = made(*numbers)
        return type_

    def default(self, column: Column[Any], words: str) -> tuple[str, str]:
        """Return nothing as *generated*, and the ``COLUMN_DEFAULT``."""
        from sqlalchemy import DefaultClause

        server = column.server_default
        if server is None:
            return "", ""
        if type(server) is not DefaultClause or column.primary_key:
            raise NotProvable(column.name)
        text = self.rendered(server.arg)
        quoted = _QUOTED.fullmatch(text)
        name = words.partition("(")[0]
        if isinstance(server.arg, str) or quoted is not None:
            text = text if quoted is None else quoted[1]
            if name in _STRINGS and is_plain_literal(text):
                return "", f"'{text}'"
        if name in _NUMBERS and _NUMBER.fullmatch(text):
            return "", text
        if isinstance(server.arg, str):
            raise NotProvable(column.name)
        if text.lower() in _NOW:
            return "", "current_timestamp()"
        return "", plain_text(text)


def _recorded(parts: dict[str, list[str]]) -> Recorded:
    """Put the words of one table together.

    :param parts: By kind.
    """
    if "odd table" in parts or "odd index" in parts:
        return Recorded(False)
    columns = sorted(LINE.join(parts["columns"]).split(LINE))
    (primary,) = parts.get("primary key", [""])
    key = sorted(primary.rpartition(FIELD)[2].split(PART))
    rules = {}
    for words in parts.get("rules", ()):
        name, update, delete = words.split(FIELD)
        rules[name] = f"{_RULES[update]}{FIELD}{_RULES[delete]}{FIELD}"
    references, names = [], []
    for words in parts.get("foreign key", ()):
        name, _, rest = words.partition(FIELD)
        references.append(f"{rest}{FIELD}{rules[name]}")
        names.append(name)
    return Recorded(
        True,
        columns=LINE.join(columns),
        primary_key=PART.join(key),
        indexes=LINE.join(sorted(parts.get("index", ()))),
        foreign_keys=LINE.join(references),
        foreign_key_names=LINE.join(names),
        comment=parts["table"][0],
    )
