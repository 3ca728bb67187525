"""PostgreSQL's tables in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .catalog import (
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
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

# What SQLAlchemy's compiler writes, and what format_type() says of it; the letter in
# front is pg_type.typtype.
_TYPES: Final = {
    "BIGINT": "bbigint",
    "BOOLEAN": "bboolean",
    "BYTEA": "bbytea",
    "DATE": "bdate",
    "DOUBLE PRECISION": "bdouble precision",
    "FLOAT": "bdouble precision",
    "INTEGER": "binteger",
    "JSON": "bjson",
    "JSONB": "bjsonb",
    "NUMERIC": "bnumeric",
    "REAL": "breal",
    "SMALLINT": "bsmallint",
    "TEXT": "btext",
    "TIME WITH TIME ZONE": "btime with time zone",
    "TIME WITHOUT TIME ZONE": "btime without time zone",
    "TIMESTAMP WITH TIME ZONE": "btimestamp with time zone",
    "TIMESTAMP WITHOUT TIME ZONE": "btimestamp without time zone",
    "UUID": "buuid",
    "VARCHAR": "bcharacter varying",
}
_SIZED: Final = (
    (re.compile(r"VARCHAR\((\d+)\)"), r"bcharacter varying(\1)"),
    (re.compile(r"CHAR\((\d+)\)"), r"bcharacter(\1)"),
    (re.compile(r"(?:NUMERIC|DECIMAL)\((\d+), ?(\d+)\)"), r"bnumeric(\1,\2)"),
    (re.compile(r"(?:NUMERIC|DECIMAL)\((\d+)\)"), r"bnumeric(\1,0)"),
)
_ENUM: Final = re.compile(r"[a-z_][a-z0-9_]*")
_OPTIONS: Final = (
    "start",
    "increment",
    "minvalue",
    "maxvalue",
    "nominvalue",
    "nomaxvalue",
    "cycle",
    "cache",
    "order",
    "on_null",
)
_QUOTED: Final = re.compile(r"'([^']*)'")
_WHOLE: Final = re.compile(r"0|[1-9]\d*")
_DECIMAL: Final = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?")

_NEXTVAL: Final = re.compile(r"nextval\('(.+?)'::regclass\)")
_CAST: Final = re.compile(r"'([^']*)'::(?:character varying|text|bpchar)")

OWNERS: Final = """
SELECT s.oid::regclass::text, a.attname
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND s.relkind = 'S' AND ({schemas} OR pg_table_is_visible(s.oid))
"""

QUERY: Final = r"""
WITH tables AS MATERIALIZED (
  SELECT c.oid, n.nspname, c.relname, pg_table_is_visible(c.oid) AS visible,
    c.relkind = 'r' AND c.relpersistence = 'p' AND c.reloftype = 0
      AND NOT c.relispartition AND NOT c.relhassubclass
      AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid) AS plain
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND ({schemas} OR pg_table_is_visible(c.oid))
), owned AS MATERIALIZED (
  SELECT d.refobjid, d.refobjsubid,
    array_agg('nextval(' || quote_literal(s.oid::regclass::text) || '::regclass)')
      AS calls
  FROM tables t
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid
  JOIN pg_class s ON s.oid = d.objid
  WHERE d.classid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype = 'a'
    AND s.relkind = 'S' AND s.relname !~ '[.'']'
  GROUP BY 1, 2
), attributes AS MATERIALIZED (
  SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.attisdropped,
    a.attcollation, a.attidentity::text || a.attgenerated::text AS generated,
    y.typtype::text || format_type(a.atttypid, a.atttypmod)
      || CASE WHEN a.attcollation <> y.typcollation THEN ' COLLATE' ELSE '' END
      AS type,
    y.typname IN ('int4', 'int8') AS whole,
    pg_get_expr(f.adbin, f.adrelid) AS expression
  FROM tables t
  JOIN pg_attribute a ON a.attrelid = t.oid
  LEFT JOIN pg_type y ON y.oid = a.atttypid
  LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
  WHERE a.attnum > 0
), columns AS MATERIALIZED (
  SELECT p.attrelid, array_agg(p.attname::text ORDER BY p.attnum) AS names,
    array_agg(p.attcollation ORDER BY p.attnum) AS collations,
    string_agg(concat(
      p.attname, chr(31), p.type, chr(31), p.attnotnull, chr(31), p.generated,
      chr(31), CASE WHEN p.whole AND p.expression = ANY (o.calls) THEN ''
        ELSE p.expression END, chr(31),
      (SELECT m.description FROM pg_description m WHERE m.objoid = p.attrelid
        AND m.classoid = 'pg_class'::regclass AND m.objsubid = p.attnum)
    ), chr(10) ORDER BY p.attname COLLATE "C") FILTER (WHERE NOT p.attisdropped)
      AS words
  FROM attributes p
  LEFT JOIN owned o ON o.refobjid = p.attrelid AND o.refobjsubid = p.attnum
  GROUP BY 1
), constraints AS MATERIALIZED (
  SELECT r.conrelid, r.conname, r.contype, r.confrelid, r.conindid,
    r.contype = 'x' OR r.contype = 'u' AND r.condeferrable
      OR r.contype = 'f' AND (r.confmatchtype <> 's' OR NOT r.convalidated
        OR {odd_reference}) AS odd,
    (SELECT string_agg(c.names[k.attnum], chr(30) ORDER BY
        CASE WHEN r.contype = 'f' THEN '' ELSE c.names[k.attnum] END COLLATE "C",
        k.number)
     FROM unnest(r.conkey) WITH ORDINALITY k (attnum, number)) AS own,
    (SELECT string_agg(d.names[k.attnum], chr(30) ORDER BY k.number)
     FROM unnest(r.confkey) WITH ORDINALITY k (attnum, number)) AS other,
    r.confupdtype, r.confdeltype, r.condeferred, r.condeferrable
  FROM columns c
  JOIN pg_constraint r ON r.conrelid = c.attrelid
  LEFT JOIN columns d ON d.attrelid = r.confrelid
  WHERE r.contype IN ('p', 'u', 'f', 'x')
), constrained AS (
  SELECT r.conrelid, bool_or(r.odd) AS odd,
    string_agg(r.own, '') FILTER (WHERE r.contype = 'p') AS primary_key,
    string_agg(concat(r.conname, chr(31), r.own), chr(10))
      FILTER (WHERE r.contype = 'u') AS uniques,
    string_agg(concat(r.own, chr(31), CASE WHEN NOT t.visible THEN t.nspname END,
        chr(31), t.relname, chr(31), r.other, chr(31), r.confupdtype, chr(31),
        r.confdeltype, chr(31), CASE WHEN r.condeferred THEN 'deferred'
          WHEN r.condeferrable THEN 'deferrable' END), chr(10))
      FILTER (WHERE r.contype = 'f') AS foreign_keys,
    string_agg(r.conname, chr(10)) FILTER (WHERE r.contype = 'f')
      AS foreign_key_names
  FROM constraints r LEFT JOIN tables t ON t.oid = r.confrelid
  GROUP BY 1
), indexed AS (
  SELECT i.indrelid,
    bool_or(i.indpred IS NOT NULL OR i.indexprs IS NOT NULL OR NOT i.indisvalid
      OR i.indnkeyatts <> i.indnatts OR m.amname <> 'btree' OR {nulls_not_distinct}
      OR EXISTS (SELECT FROM unnest(i.indoption) o (flags) WHERE o.flags <> 0)
      OR EXISTS (SELECT FROM unnest(i.indclass) k (class)
        WHERE k.class NOT IN (SELECT o.oid FROM pg_opclass o WHERE o.opcdefault))
      OR EXISTS (
        SELECT FROM unnest(i.indkey::int2[], i.indcollation::oid[]) k (attnum, own)
        WHERE s.collations[k.attnum] <> k.own)) AS odd,
    string_agg(concat(c.relname, chr(31), i.indisunique, chr(31),
      (SELECT string_agg(s.names[k.attnum], chr(30) ORDER BY k.number)
       FROM unnest(i.indkey) WITH ORDINALITY k (attnum, number))), chr(10)
      ORDER BY c.relname COLLATE "C")
      FILTER (WHERE NOT i.indexrelid IN (SELECT r.conindid FROM constraints r
        WHERE r.contype IN ('p', 'u', 'x'))) AS words
  FROM columns s
  JOIN pg_index i ON i.indrelid = s.attrelid
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam
  WHERE NOT i.indisprimary
  GROUP BY 1
)
SELECT t.nspname, t.relname, t.visible,
  t.plain AND NOT coalesce(r.odd, false) AND NOT coalesce(i.odd, false),
  coalesce(c.words, ''), coalesce(r.primary_key, ''), coalesce(i.words, ''),
  coalesce(r.uniques, ''), coalesce(r.foreign_keys, ''),
  coalesce(r.foreign_key_names, ''), coalesce((SELECT m.description
    FROM pg_description m WHERE m.objoid = t.oid AND m.objsubid = 0
      AND m.classoid = 'pg_class'::regclass), '')
FROM tables t
LEFT JOIN columns c ON c.attrelid = t.oid
LEFT JOIN constrained r ON r.conrelid = t.oid
LEFT JOIN indexed i ON i.indrelid = t.oid
"""


class PostgreSQLCatalog(Catalog):
    """The system catalogs of PostgreSQL 12 and later.

    :param dialect: The SQLAlchemy dialect of the connection.
    """

    asks_server = True
    actions: ClassVar[Mapping[str | None, str]] = {
        None: "a",
        "no action": "a",
        "restrict": "r",
        "cascade": "c",
        "set null": "n",
        "set default": "d",
    }

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._schemas = False
        self._owners: dict[str, str | None] | None = None

    def read(self, connection: Connection, schemas: bool) -> dict[Key, Recorded]:
        """Read every table with one query, inside a savepoint."""
        self._schemas = schemas
        version = self.dialect.server_version_info or (0,)
        odd_reference = ["false"]
        if version >= (15,):
            odd_reference.append("r.confdelsetcols IS NOT NULL")
        if version >= (18,):
            odd_reference.append("r.conperiod OR NOT r.conenforced")
        query = QUERY.format(
            schemas=str(schemas).lower(),
            odd_reference=" OR ".join(odd_reference),
            nulls_not_distinct="i.indnullsnotdistinct" if version >= (15,) else "false",
        )
        with connection.begin_nested():
            rows = connection.exec_driver_sql(query, execution_options=INTERNAL).all()
        default = self.dialect.default_schema_name
        found: dict[Key, Recorded] = {}
        for schema, name, visible, plain, *words in rows:
            if not schemas:
                if visible:
                    found[None, name] = Recorded(plain, *words)
            elif schema == default:
                found[None, name] = Recorded(plain and visible, *words)
            else:
                # Alembic sees what is in the search path twice.
                found[schema, name] = Recorded(plain and not visible, *words)
                if visible:
                    found[None, name] = Recorded(False)
        return found

    def type_words(self, compiled: str, type_: TypeEngine[Any]) -> str:
        """Return ``pg_type.typtype`` and what ``format_type()`` says."""
        from sqlalchemy import Enum

        if compiled in _TYPES:
            return _TYPES[compiled]
        for pattern, words in _SIZED:
            match = pattern.fullmatch(compiled)
            if match is not None:
                return match.expand(words)
        if (
            isinstance(type_, Enum)
            and type_.schema is None
            and _ENUM.fullmatch(compiled)
        ):
            return f"e{compiled}"
        raise NotProvable(compiled)

    def reflected(self, words: str) -> TypeEngine[Any]:
        """Return the type that SQLAlchemy reflects."""
        from sqlalchemy.dialects import postgresql as types

        kind, name, *sizes = words[:1], *re.split(r"[(,)]", words[1:])
        if kind == "e":
            return types.ENUM(name=name)
        numbers = [int(size) for size in sizes if size]
        if name.startswith("time"):
            made = types.TIMESTAMP if name.startswith("timestamp") else types.TIME
            return made(timezone=name.endswith("with time zone"))
        known: dict[str, Any] = {
            "character varying": types.VARCHAR,
            "character": types.CHAR,
            "double precision": types.DOUBLE_PRECISION,
        }
        made = known.get(name) or getattr(types, name.upper())
        type_: TypeEngine[Any] = made(*numbers)
        return type_

    def default(self, column: Column[Any], words: str) -> tuple[str, str]:
        """Return ``attidentity`` and what ``pg_get_expr()`` says.

        The text of a default that was written in quotes gets a cast. Alembic takes any
        two texts for equal that are the same, and asks the server for the others.
        """
        from sqlalchemy import DefaultClause, Identity

        server = column.server_default
        if server is None:
            return "", ""
        if type(server) is Identity:
            if any(getattr(server, each, None) is not None for each in _OPTIONS):
                raise NotProvable(column.name)
            return ("a" if server.always else "d"), ""
        if type(server) is not DefaultClause:
            raise NotProvable(column.name)
        text = self.rendered(server.arg)
        if isinstance(server.arg, str):
            return "", _literal(text, words)
        quoted = _QUOTED.fullmatch(text)
        if quoted is not None:
            return "", _literal(quoted[1], words, strings=True)
        if "nextval" in text.lower():
            raise NotProvable(column.name)
        return "", plain_text(text)

    def is_serial(self, connection: Connection, column_info: Mapping[str, Any]) -> bool:
        """Look the sequence up among those that belong to a column."""
        from sqlalchemy import BIGINT, INTEGER

        match = _NEXTVAL.match(column_info.get("default") or "")
        if match is None or not isinstance(column_info["type"], (INTEGER, BIGINT)):
            return False
        if self._owners is None:
            query = OWNERS.format(schemas=str(self._schemas).lower())
            rows = connection.exec_driver_sql(query, execution_options=INTERNAL)
            owners: dict[str, str | None] = {}
            for sequence, column in rows:
                owners[sequence] = None if sequence in owners else column
            self._owners = owners
        return self._owners.get(match[1]) == str(column_info["name"])

    def is_same_default(
        self, column: Column[Any], rendered: str | None, reflected: str | None
    ) -> bool:
        """Tell whether both are the same literal, one of them with a cast to text."""
        match = _CAST.fullmatch(reflected or "")
        if match is None or not is_plain_literal(match[1]):
            return False
        if rendered == f"'{match[1]}'":
            return True
        argument = getattr(column.server_default, "arg", None)
        return isinstance(argument, str) and rendered == match[1]


def _literal(text: str, words: str, *, strings: bool = False) -> str:
    """Return how the server writes back a literal of a type.

    :param text: What was between the quotes.
    :param words: The type.
    :param strings: Whether only types that hold text are of use.
    :raises NotProvable: When it may write it otherwise.
    """
    name = words.partition("(")[0]
    if not is_plain_literal(text):
        raise NotProvable(text)
    if name in ("bcharacter varying", "btext") or words[0] == "e":
        return f"'{text}'::{name[1:]}"
    if name == "bcharacter":
        return f"'{text}'::bpchar"
    if name == "bjsonb" and text in ("{}", "[]"):
        return f"'{text}'::jsonb"
    if strings:
        raise NotProvable(text)
    if name == "bboolean" and text in ("true", "false"):
        return text
    if name in ("bbigint", "bsmallint", "bnumeric") and _WHOLE.fullmatch(text):
        return f"'{text}'::{name[1:]}"
    if name == "binteger" and _WHOLE.fullmatch(text):
        return text
    if name == "bnumeric" and _DECIMAL.fullmatch(text):
        return text
    raise NotProvable(text)
