"""PostgreSQL's tables in the words of its system catalogs."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from ..catalog import (
    FIELD,
    UNKNOWN,
    Catalog,
    CatalogElement,
    Elements,
    Key,
    StoredCheck,
)
from ..statements import INTERNAL

if TYPE_CHECKING:
    from sqlalchemy import Connection

# {schemas}: whether tables outside of the search path are wanted; {names}: a condition
# on c.relname. What belongs to rows and to sessions is left out, as are triggers,
# policies and privileges, which models have not.
QUERY: Final = r"""
WITH tables AS MATERIALIZED (
  SELECT c.oid, n.nspname, c.relname, pg_table_is_visible(c.oid) AS visible,
    concat_ws(chr(31), c.relkind, c.relpersistence, m.amname, s.spcname,
      array_to_string(c.reloptions, ','), o.typname) AS storage,
    c.relkind, c.relispartition, c.relpartbound
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am m ON m.oid = c.relam
  LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
  LEFT JOIN pg_type o ON o.oid = c.reloftype
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND ({schemas} OR pg_table_is_visible(c.oid)) AND {names}
), owned AS MATERIALIZED (
  SELECT d.refobjid, d.refobjsubid,
    'nextval(' || quote_literal(q.seqrelid::regclass::text) || '::regclass)' AS call,
    concat_ws(' ', format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement,
      q.seqmin, q.seqmax, q.seqcache, q.seqcycle) AS words
  FROM pg_sequence q
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = q.seqrelid
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    AND d.deptype IN ('a', 'i')
), columns AS (
  SELECT a.*, y.typtype, y.typcollation,
    CASE WHEN y.typcategory = 'A' THEN y.typelem ELSE y.oid END AS item,
    pg_get_expr(f.adbin, f.adrelid) AS expression
  FROM tables t
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type y ON y.oid = a.atttypid
  LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
), elements AS (
  SELECT t.oid, 'table' AS kind, '' AS name, concat(t.storage, chr(31),
    CASE WHEN t.relkind = 'p' THEN pg_get_partkeydef(t.oid) END, chr(31),
    CASE WHEN t.relispartition THEN pg_get_expr(t.relpartbound, t.oid) END, chr(31),
    (SELECT string_agg(h.inhparent::regclass::text, ',' ORDER BY h.inhseqno)
     FROM pg_inherits h WHERE h.inhrelid = t.oid), chr(31),
    obj_description(t.oid, 'pg_class')) AS words
  FROM tables t
  UNION ALL
  SELECT a.attrelid, 'column', a.attname, concat(
    format_type(a.atttypid, a.atttypmod), chr(31),
    CASE WHEN a.item >= 16384 THEN (
      SELECT concat(string_agg(quote_literal(l.enumlabel), ',' ORDER BY l.enumsortorder))
      FROM pg_enum l WHERE l.enumtypid = a.item) END,
    CASE WHEN a.typtype = 'd' THEN (
      SELECT concat(format_type(b.typbasetype, b.typtypmod), b.typnotnull, b.typdefault,
        (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname)
         FROM pg_constraint k WHERE k.contypid = b.oid))
      FROM pg_type b WHERE b.oid = a.atttypid) END, chr(31),
    CASE WHEN a.attcollation <> a.typcollation THEN (
      SELECT l.collname FROM pg_collation l WHERE l.oid = a.attcollation) END, chr(31),
    CASE WHEN a.attnotnull THEN 'NOT NULL' END, chr(31),
    a.attidentity, a.attgenerated, chr(31),
    CASE WHEN o.call = a.expression THEN 'serial' ELSE a.expression END, chr(31),
    o.words, chr(31), col_description(a.attrelid, a.attnum))
  FROM columns a
  LEFT JOIN owned o ON o.refobjid = a.attrelid AND o.refobjsubid = a.attnum
  UNION ALL
  SELECT r.conrelid, CASE r.contype WHEN 'p' THEN 'primary key' WHEN 'f' THEN
      'foreign key' WHEN 'u' THEN 'unique constraint' WHEN 'c' THEN 'check constraint'
      ELSE 'exclusion constraint' END, r.conname,
    concat(pg_get_constraintdef(r.oid, true), chr(31),
      obj_description(r.oid, 'pg_constraint'))
  FROM tables t JOIN pg_constraint r ON r.conrelid = t.oid
  WHERE r.contype IN ('p', 'u', 'f', 'x', 'c')
  UNION ALL
  SELECT i.indrelid, CASE WHEN EXISTS (SELECT FROM pg_constraint r
      WHERE r.conindid = c.oid AND r.contype IN ('p', 'u', 'x'))
      THEN 'index of constraint' ELSE 'index' END, c.relname,
    concat(pg_get_indexdef(i.indexrelid, 0, true), chr(31), i.indisvalid, chr(31),
      s.spcname, chr(31), obj_description(c.oid, 'pg_class'))
  FROM tables t JOIN pg_index i ON i.indrelid = t.oid
  JOIN pg_class c ON c.oid = i.indexrelid
  LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
)
SELECT t.nspname, t.relname, t.visible, d.words
FROM tables t JOIN (
  SELECT e.oid, {words} AS words FROM elements e GROUP BY e.oid
) d ON d.oid = t.oid
"""
_ORDER: Final = 'ORDER BY e.kind COLLATE "C", e.name COLLATE "C"'
_DIGEST: Final = f"""md5(string_agg(concat(
  length(e.kind), ':', e.kind, length(e.name), ':', e.name, length(e.words), ':', e.words
), '' {_ORDER}))"""
_CHECK: Final = re.compile(r"CHECK \((.*)\)(?: NO INHERIT)?( NOT VALID)?\Z", re.DOTALL)
_ELEMENTS: Final = f"json_agg(json_build_array(e.kind, e.name, e.words) {_ORDER})::text"

_VALUE: Final = (
    r"(-?\d+(?:\.\d+)?|'(?:[^']|'')*')"
    r"(?:::(?:text|bpchar|character varying(?:\(\d+\))?))*"
)
_PLAIN: Final = _VALUE.replace("(-?", "(?:-?")
_LIST: Final = re.compile(
    r"""(?P<column>\w+|"(?:[^"]|"")+")(?:::text)? """
    r"(?P<operator>= ANY|<> ALL) "
    rf"\(ARRAY\[(?P<values>{_PLAIN}(?:, {_PLAIN})*)\](?:::text\[\])?\)"
)
# What IN and NOT IN become; written so, it would become something else.


def _as_list(match: re.Match[str]) -> str:
    """Return a condition on a list of values as the server was given it."""
    values = ", ".join(value[1] for value in re.finditer(_VALUE, match["values"]))
    word = "IN" if match["operator"] == "= ANY" else "NOT IN"
    return f"{match['column']} {word} ({values})"


class PostgreSQLCatalog(Catalog):
    """The system catalogs of PostgreSQL 12 and later."""

    def digests(self, connection: Connection, schemas: bool) -> dict[Key, str]:
        """Read every table with one query, inside a savepoint."""
        return self._read(connection, schemas, _DIGEST, UNKNOWN)

    def elements(
        self,
        connection: Connection,
        schemas: bool,
        keys: Collection[Key] | None = None,
    ) -> Elements:
        """Read tables with one query, inside a savepoint."""
        rows = self._read(connection, schemas, _ELEMENTS, "[]", keys)
        return {
            key: tuple(CatalogElement(*part) for part in json.loads(words))
            for key, words in rows.items()
        }

    def _read(
        self,
        connection: Connection,
        schemas: bool,
        words: str,
        nothing: str,
        keys: Collection[Key] | None = None,
    ) -> dict[Key, str]:
        import sqlalchemy as sa

        query = QUERY.format(
            schemas=str(schemas).lower(),
            words=words,
            names="true" if keys is None else "c.relname IN :names",
        )
        # A colon before a word would be taken for a parameter.
        text = sa.text(query.replace("::", r"\:\:").replace("':'", r"'\:'"))
        if keys is not None:
            names = sorted({name for _, name in keys})
            text = text.bindparams(sa.bindparam("names", names, expanding=True))
        with connection.begin_nested():
            rows = connection.execute(text, execution_options=INTERNAL).all()
        default = connection.dialect.default_schema_name
        found: dict[Key, str] = {}
        for schema, name, visible, described in rows:
            if not schemas or schema == default:
                found[None, name] = described if visible else nothing
            else:
                # Alembic sees what is in the search path twice.
                found[schema, name] = nothing if visible else described
                if visible:
                    found[None, name] = nothing
        return found

    def indexes(self, parts: Iterable[CatalogElement]) -> dict[str, str]:
        """Return them as ``pg_get_indexdef`` has them."""
        return {
            each.name: each.text.partition(FIELD)[0]
            for each in parts
            if each.kind == "index"
        }

    def column_sequences(self, parts: Iterable[CatalogElement]) -> dict[str, str]:
        """Return kind, type and options of the sequences that columns own."""
        found = {}
        for each in parts:
            if each.kind == "column":
                *_, generated, default, words, _ = each.text.split(FIELD)
                kind = {"a": "always", "d": "default"}.get(generated)
                if kind is None and default == "serial":
                    kind = "serial"
                found[each.name] = f"{kind} {words}" if kind else ""
        return found

    def index_statement(
        self, connection: Connection, parts: Iterable[CatalogElement], name: str
    ) -> str | None:
        """Return what ``pg_get_indexdef`` has."""
        return self.indexes(parts).get(name)

    def checks(self, parts: Iterable[CatalogElement]) -> list[StoredCheck]:
        """Return them as ``pg_get_constraintdef`` has them."""
        found = []
        for each in parts:
            match = _CHECK.match(each.text.partition(FIELD)[0])
            if each.kind == "check constraint" and match:
                is_valid = match[2] is None
                expression = _LIST.sub(_as_list, match[1])
                found.append(StoredCheck(each.name, expression, None, is_valid))
        return found

    def extensions(self, connection: Connection) -> tuple[str, ...]:
        """Return the extensions of a database, without what every database has."""
        query = "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
        names = connection.exec_driver_sql(query, execution_options=INTERNAL).scalars()
        return tuple(names)

    def preparations(self, connection: Connection) -> tuple[str, ...]:
        """Return the statements that make the extensions of the live database."""
        return tuple(map(self.extension_statement, self.extensions(connection)))

    def extension_statement(self, name: str) -> str:
        """Return the statement that makes an extension."""
        quote = self.dialect.identifier_preparer.quote_identifier
        return f"CREATE EXTENSION IF NOT EXISTS {quote(name)} CASCADE"

    def schema_statement(self, schema: str) -> str:
        """Return the statement that makes a schema."""
        quote = self.dialect.identifier_preparer.quote_identifier
        return f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}"
