"""The queries of PostgreSQL's catalogs for what ``CREATE TABLE`` of SQLAlchemy lacks.

They have the columns that :mod:`.object_queries` describes.
"""

from __future__ import annotations

from typing import Final

from .object_queries import IN, NAME, OURS

_TABLE: Final = f"{NAME} || o.relname"
_ALTER: Final = f"'ALTER TABLE ' || {IN} || quote_ident(o.relname)"
_TABLES: Final = (
    f"FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace\nWHERE {OURS}"
)

_EXCLUSIONS = f"""
SELECT 'exclusion constraint', {NAME} || t.relname || '.' || o.conname,
       pg_get_constraintdef(o.oid),
       format('ALTER TABLE %s%I ADD CONSTRAINT %I %s', {IN}, t.relname, o.conname,
              pg_get_constraintdef(o.oid)),
       format('ALTER TABLE %s%I DROP CONSTRAINT %I', {IN}, t.relname, o.conname),
       {NAME} || t.relname, o.oid
FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE {OURS} AND o.contype = 'x'
"""
_PARTITIONS = f"""
SELECT 'partitioning', {_TABLE},
       concat_ws(' ', pg_get_partkeydef(o.oid), pg_get_expr(o.relpartbound, o.oid)),
       NULL, NULL, {_TABLE}, o.oid
{_TABLES} AND (o.relkind = 'p' OR o.relispartition) AND o.relkind IN ('p', 'r')
"""
_INHERITANCE = f"""
SELECT 'inheritance', {_TABLE}, (SELECT
        string_agg(h.inhparent::regclass::text, ', ' ORDER BY h.inhseqno)
        FROM pg_inherits h WHERE h.inhrelid = o.oid) || coalesce(', own columns: ' || (
        SELECT string_agg(a.attname, ', ' ORDER BY a.attname) FROM pg_attribute a
        WHERE a.attrelid = o.oid AND a.attnum > 0 AND a.attislocal), ''),
       {_ALTER} || (SELECT string_agg(' INHERIT ' || h.inhparent::regclass, ','
                    ORDER BY h.inhseqno) FROM pg_inherits h WHERE h.inhrelid = o.oid),
       {_ALTER} || (SELECT string_agg(' NO INHERIT ' || h.inhparent::regclass, ',')
                    FROM pg_inherits h WHERE h.inhrelid = o.oid), {_TABLE}, o.oid
{_TABLES} AND o.relkind = 'r' AND NOT o.relispartition
  AND EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = o.oid)
"""
_TYPED = f"""
SELECT 'table of a type', {_TABLE}, o.reloftype::regtype::text,
       {_ALTER} || ' OF ' || o.reloftype::regtype, {_ALTER} || ' NOT OF', {_TABLE}, o.oid
{_TABLES} AND o.relkind IN ('r', 'p') AND o.reloftype <> 0
"""
_UNLOGGED = f"""
SELECT 'unlogged table', {_TABLE}, '', {_ALTER} || ' SET UNLOGGED',
       {_ALTER} || ' SET LOGGED', {_TABLE}, o.oid
{_TABLES} AND o.relkind IN ('r', 'p') AND o.relpersistence = 'u'
"""
_PARAMETERS = f"""
SELECT 'storage parameter', {_TABLE} || '.' || v.name, v.value,
       format('%s SET (%s = %L)', {_ALTER}, v.name, v.value),
       format('%s RESET (%s)', {_ALTER}, v.name), {_TABLE}, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
LEFT JOIN pg_class t ON t.oid = o.reltoastrelid
CROSS JOIN LATERAL (
    SELECT x.option_name AS name, x.option_value AS value
    FROM pg_options_to_table(o.reloptions) x
    UNION ALL SELECT 'toast.' || x.option_name, x.option_value
    FROM pg_options_to_table(t.reloptions) x) v
WHERE {OURS} AND o.relkind IN ('r', 'p')
"""
_METHODS = f"""
SELECT 'access method', {_TABLE}, m.amname::text,
       format('%s SET ACCESS METHOD %I', {_ALTER}, m.amname),
       format('%s SET ACCESS METHOD %I', {_ALTER},
              current_setting('default_table_access_method')), {_TABLE}, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_am m ON m.oid = o.relam
WHERE {OURS} AND o.relkind IN ('r', 'p')
  AND m.amname <> current_setting('default_table_access_method')
"""
_TABLESPACES = f"""
SELECT 'tablespace', {_TABLE}, s.spcname::text,
       format('%s SET TABLESPACE %I', {_ALTER}, s.spcname),
       {_ALTER} || ' SET TABLESPACE pg_default', {_TABLE}, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_tablespace s ON s.oid = o.reltablespace
WHERE {OURS} AND o.relkind IN ('r', 'p')
"""
_REPLICA = f"""
SELECT 'replica identity', {_TABLE}, v.words,
       concat({_ALTER}, ' REPLICA IDENTITY ', v.words),
       {_ALTER} || ' REPLICA IDENTITY DEFAULT', {_TABLE}, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
CROSS JOIN LATERAL (SELECT CASE o.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f'
    THEN 'FULL' ELSE 'USING INDEX ' || (SELECT quote_ident(c.relname) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = o.oid AND i.indisreplident) END AS words) v
WHERE {OURS} AND o.relkind IN ('r', 'p') AND o.relreplident <> 'd'
"""
_CLUSTER = f"""
SELECT 'clustering', {_TABLE}, c.relname::text,
       format('%s CLUSTER ON %I', {_ALTER}, c.relname),
       {_ALTER} || ' SET WITHOUT CLUSTER', {_TABLE}, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_index i ON i.indrelid = o.oid AND i.indisclustered
JOIN pg_class c ON c.oid = i.indexrelid
WHERE {OURS} AND o.relkind IN ('r', 'p')
"""
_SECURITY = f"""
SELECT 'row security', {_TABLE}, concat_ws(' ',
           CASE WHEN o.relrowsecurity THEN 'enabled' END,
           CASE WHEN o.relforcerowsecurity THEN 'forced' END),
       {_ALTER} || concat_ws(',',
           CASE WHEN o.relrowsecurity THEN ' ENABLE ROW LEVEL SECURITY' END,
           CASE WHEN o.relforcerowsecurity THEN ' FORCE ROW LEVEL SECURITY' END),
       {_ALTER} || ' DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY',
       {_TABLE}, o.oid
{_TABLES} AND (o.relrowsecurity OR o.relforcerowsecurity)
"""
_POLICIES = f"""
SELECT 'policy', {NAME} || t.relname || '.' || o.polname, v.words,
       format('CREATE POLICY %I ON %s%I %s', o.polname, {IN}, t.relname, v.words),
       format('DROP POLICY %I ON %s%I', o.polname, {IN}, t.relname),
       {NAME} || t.relname, o.oid
FROM pg_policy o JOIN pg_class t ON t.oid = o.polrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
CROSS JOIN LATERAL (SELECT concat(
    CASE WHEN NOT o.polpermissive THEN 'AS RESTRICTIVE ' END,
    CASE o.polcmd WHEN 'r' THEN 'FOR SELECT ' WHEN 'a' THEN 'FOR INSERT '
         WHEN 'w' THEN 'FOR UPDATE ' WHEN 'd' THEN 'FOR DELETE ' END,
    'TO ' || (SELECT string_agg(CASE x WHEN 0 THEN 'PUBLIC' ELSE
        quote_ident(pg_get_userbyid(x)) END, ', ' ORDER BY pg_get_userbyid(x))
        FROM unnest(o.polroles) x),
    ' USING (' || pg_get_expr(o.polqual, o.polrelid) || ')',
    ' WITH CHECK (' || pg_get_expr(o.polwithcheck, o.polrelid) || ')') AS words) v
WHERE {OURS}
"""
_STORAGE = """CASE {} WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
    WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END"""
_COLUMN = f"{_ALTER} || format(' ALTER COLUMN %I ', a.attname)"
# Options that begin with pg_ are the server's own notes.
_COLUMN_OPTIONS = rf"""
SELECT v.kind, {_TABLE} || '.' || a.attname, v.words, {_COLUMN} || v.make,
       {_COLUMN} || v.undo, {_TABLE}, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (SELECT to_jsonb(a) AS j) w
CROSS JOIN LATERAL (
    SELECT 'column storage' AS kind, {_STORAGE.format("a.attstorage")} AS words,
           'SET STORAGE ' || {_STORAGE.format("a.attstorage")} AS make,
           'SET STORAGE ' || {_STORAGE.format("t.typstorage")} AS undo
    WHERE a.attstorage <> t.typstorage
    UNION ALL SELECT 'column compression', v.method, 'SET COMPRESSION ' || v.method,
           'SET COMPRESSION default'
    FROM (SELECT CASE w.j->>'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4'
          ELSE w.j->>'attcompression' END AS method) v WHERE v.method <> ''
    UNION ALL SELECT 'statistics target', w.j->>'attstattarget',
           'SET STATISTICS ' || (w.j->>'attstattarget'), 'SET STATISTICS -1'
    WHERE (w.j->>'attstattarget')::int >= 0
    UNION ALL SELECT 'column option', concat(x.option_name, ' = ', x.option_value),
           format('SET (%s = %L)', x.option_name, x.option_value),
           format('RESET (%s)', x.option_name)
    FROM pg_options_to_table(a.attoptions) x
    WHERE x.option_name NOT LIKE 'pg\_%') v
WHERE {OURS} AND o.relkind IN ('r', 'p')
"""
_OWNED = f"""
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_sequence s ON s.seqrelid = o.oid
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = o.oid
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
LEFT JOIN pg_attrdef f ON f.adrelid = t.oid AND f.adnum = a.attnum
CROSS JOIN LATERAL (SELECT coalesce(d.deptype = 'i' OR pg_get_expr(f.adbin, f.adrelid) =
    format('nextval(%L::regclass)', o.oid::regclass), false) AS feeds) w
WHERE {OURS}
"""
_WORDS = """concat_ws(' ', 'INCREMENT BY', s.seqincrement, 'MINVALUE', s.seqmin,
    'MAXVALUE', s.seqmax, 'START WITH', s.seqstart, 'CACHE', s.seqcache,
    CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)"""
_TOP = """(CASE s.seqtypid WHEN 'smallint'::regtype THEN 32767
    WHEN 'integer'::regtype THEN 2147483647 ELSE 9223372036854775807 END)"""
_PLAIN = f"""concat_ws(' ', 'INCREMENT BY 1 MINVALUE 1 MAXVALUE', {_TOP},
    'START WITH 1 CACHE 1 NO CYCLE')"""
# What Alembic writes as a serial or an identity column has a sequence of a made name and
# plain options. One that a column owns and does not use is not made with the table.
_SEQUENCE_OPTIONS = f"""
SELECT 'sequence option', {NAME} || t.relname || '.' || a.attname,
       {_WORDS} || CASE WHEN NOT w.feeds THEN ' (not the default)' ELSE '' END,
       CASE WHEN w.feeds THEN format('ALTER SEQUENCE %s%I %s', {IN}, o.relname, {_WORDS})
            END,
       CASE WHEN w.feeds THEN format('ALTER SEQUENCE %s%I %s', {IN}, o.relname, {_PLAIN})
            END,
       {NAME} || t.relname, o.oid
{_OWNED} AND d.deptype IN ('a', 'i') AND NOT (w.feeds AND {_WORDS} = {_PLAIN})
"""
_SEQUENCE_NAMES = f"""
SELECT 'sequence name', {NAME} || t.relname || '.' || a.attname, o.relname::text,
       CASE WHEN w.feeds THEN format('ALTER SEQUENCE %s%I RENAME TO %I', {IN},
            v.name, o.relname) END, NULL,
       {NAME} || t.relname, o.oid
{
    _OWNED.replace(
        "WHERE",
        '''CROSS JOIN LATERAL (
    SELECT t.relname || '_' || a.attname || '_seq' AS name) v
WHERE''',
        1,
    )
}
  AND d.deptype IN ('a', 'i') AND length(v.name) < 64 AND o.relname <> v.name
"""
_INDEX_OPTIONS = f"""
SELECT v.kind, {NAME} || t.relname || '.' || o.relname || v.suffix, v.words,
       format('ALTER INDEX %s%I %s', {IN}, o.relname, v.make),
       format('ALTER INDEX %s%I %s', {IN}, o.relname, v.undo), {NAME} || t.relname, o.oid
FROM pg_index i JOIN pg_class o ON o.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = o.relnamespace JOIN pg_class t ON t.oid = i.indrelid
CROSS JOIN LATERAL (
    SELECT 'statistics target' AS kind, '.' || a.attnum AS suffix,
           to_jsonb(a)->>'attstattarget' AS words,
           format('ALTER COLUMN %s SET STATISTICS %s', a.attnum,
                  to_jsonb(a)->>'attstattarget') AS make,
           format('ALTER COLUMN %s SET STATISTICS -1', a.attnum) AS undo
    FROM pg_attribute a
    WHERE a.attrelid = o.oid AND (to_jsonb(a)->>'attstattarget')::int >= 0) v
WHERE {OURS} AND t.relkind IN ('r', 'p')
"""
_INVALID = f"""
SELECT 'invalid index', {NAME} || t.relname || '.' || o.relname, '', NULL, NULL,
       {NAME} || t.relname, o.oid
FROM pg_index i JOIN pg_class o ON o.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = o.relnamespace JOIN pg_class t ON t.oid = i.indrelid
WHERE {OURS} AND t.relkind = 'r' AND NOT i.indisvalid
"""

# Each with the catalog without whose rows there is nothing to ask for.
CONSTRAINTS: Final = (("pg_constraint", _EXCLUSIONS),)
TABLES: Final = tuple(
    ("pg_class", query)
    for query in (
        _SEQUENCE_NAMES,
        _SEQUENCE_OPTIONS,
        _TYPED,
        _INHERITANCE,
        _PARTITIONS,
        _UNLOGGED,
        _PARAMETERS,
        _METHODS,
        _TABLESPACES,
        _COLUMN_OPTIONS,
        _REPLICA,
        _CLUSTER,
        _INDEX_OPTIONS,
        _INVALID,
    )
)
SECURITY: Final = (("pg_policy", _POLICIES), ("pg_class", _SECURITY))
# The server's own words of what SQLAlchemy reflects, and what gives them to one of that
# name: kind, name, table, words, statements.
DEFINITIONS: Final = f"""
SELECT CASE o.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint'
           WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check constraint'
           ELSE 'not null constraint' END, {NAME} || t.relname || '.' || o.conname,
       {NAME} || t.relname, pg_get_constraintdef(o.oid),
       ARRAY[format('ALTER TABLE %s%I DROP CONSTRAINT %I, ADD CONSTRAINT %I %s', {IN},
             t.relname, o.conname, o.conname, pg_get_constraintdef(o.oid))]
FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE {OURS} AND t.relkind IN ('r', 'p') AND o.contype IN ('p', 'u', 'f', 'c')
UNION ALL
SELECT 'index', {NAME} || t.relname || '.' || o.relname, {NAME} || t.relname,
       concat_ws(' ', regexp_replace(pg_get_indexdef(o.oid, 0, true), '^CREATE ', ''),
                 'TABLESPACE ' || s.spcname),
       ARRAY[format('DROP INDEX %s%I', {IN}, o.relname), concat_ws(' TABLESPACE ',
             pg_get_indexdef(o.oid, 0, true), quote_ident(s.spcname))]
FROM pg_index i JOIN pg_class o ON o.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = o.relnamespace JOIN pg_class t ON t.oid = i.indrelid
LEFT JOIN pg_tablespace s ON s.oid = o.reltablespace
WHERE {OURS} AND t.relkind IN ('r', 'p') AND NOT o.relispartition
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c
                  WHERE c.conindid = o.oid AND c.contype IN ('p', 'u', 'x'))
"""
