"""The queries that read PostgreSQL's tables as words, and who owns which sequence."""

from __future__ import annotations

from typing import Final

# {schemas}: whether tables outside of the search path are wanted.
OWNERS: Final = """
SELECT s.oid::regclass::text, a.attname
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND s.relkind = 'S' AND ({schemas} OR pg_table_is_visible(s.oid))
"""

# A row for each table; {...} stand for what only newer servers know.
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
