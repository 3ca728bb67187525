"""What a PostgreSQL database holds beside tables, as the SQL that makes it.

Read from the catalogs with the server's own ``pg_get_*def`` functions, in the order of
the object ids, which is the order in which things were made. What belongs to an
extension comes with it and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .schema_objects import SchemaObject
from .statements import run

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OURS = """
n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_%'
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')
"""
_NAME = "CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname || '.' END"
# For statements; without the schema where that is the one that things are made in.
_IN = "CASE WHEN n.nspname = current_schema() THEN '' ELSE format('%I.', n.nspname) END"

# Each gives: kind, name, definition, create, drop.
_EXTENSIONS = """
SELECT 'extension', e.extname::text, ''::text,
       format('CREATE EXTENSION IF NOT EXISTS %I', e.extname),
       format('DROP EXTENSION %I', e.extname)
FROM pg_extension e WHERE e.extname <> 'plpgsql' ORDER BY e.oid
"""
_ENUMS = f"""
SELECT 'enum', {_NAME} || o.typname,
       string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder),
       format('CREATE TYPE %s%I AS ENUM (%s)', {_IN}, o.typname,
              string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder)),
       format('DROP TYPE %s%I', {_IN}, o.typname)
FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
JOIN pg_enum l ON l.enumtypid = o.oid
WHERE {_OURS} GROUP BY o.oid, n.nspname, o.typname ORDER BY o.oid
"""
_DOMAINS = f"""
SELECT 'domain', {_NAME} || o.typname,
       concat_ws(' ', format_type(o.typbasetype, o.typtypmod),
                 CASE WHEN o.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || o.typdefault,
                 (SELECT string_agg(pg_get_constraintdef(c.oid), ' ' ORDER BY c.oid)
                  FROM pg_constraint c
                  WHERE c.contypid = o.oid AND c.contype = 'c')),
       NULL, NULL
FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
WHERE {_OURS} AND o.typtype = 'd' ORDER BY o.oid
"""
_COMPOSITES = f"""
SELECT 'type', {_NAME} || o.relname,
       (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod),
                          ', ' ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = o.oid AND NOT a.attisdropped),
       NULL, NULL
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
WHERE {_OURS} AND o.relkind = 'c' ORDER BY o.oid
"""
_SEQUENCES = f"""
SELECT 'sequence', {_NAME} || o.relname,
       format('%s START %s INCREMENT %s', format_type(s.seqtypid, NULL), s.seqstart,
              s.seqincrement),
       format('CREATE SEQUENCE %s%I AS %s START %s INCREMENT %s', {_IN},
              o.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement),
       format('DROP SEQUENCE %s%I', {_IN}, o.relname)
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_sequence s ON s.seqrelid = o.oid
WHERE {_OURS} AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype IN ('a', 'i'))
ORDER BY o.oid
"""
_FUNCTIONS = f"""
SELECT 'function',
       {_NAME} || o.proname || '(' || pg_get_function_identity_arguments(o.oid) || ')',
       pg_get_functiondef(o.oid), pg_get_functiondef(o.oid),
       format('DROP %s %s%I(%s)',
              CASE o.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
              {_IN}, o.proname, pg_get_function_identity_arguments(o.oid))
FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace
WHERE {_OURS} AND o.prokind IN ('f', 'p', 'w') ORDER BY o.oid
"""
_AGGREGATES = f"""
SELECT 'aggregate',
       {_NAME} || o.proname || '(' || pg_get_function_identity_arguments(o.oid) || ')',
       ''::text, NULL, NULL
FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace
WHERE {_OURS} AND o.prokind = 'a' ORDER BY o.oid
"""
_VIEWS = f"""
SELECT CASE o.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END,
       {_NAME} || o.relname, pg_get_viewdef(o.oid),
       format('CREATE %s %s%I AS %s',
              CASE o.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
              {_IN}, o.relname, pg_get_viewdef(o.oid)),
       format('DROP %s %s%I',
              CASE o.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
              {_IN}, o.relname)
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
WHERE {_OURS} AND o.relkind IN ('v', 'm') ORDER BY o.oid
"""
_VIEW_INDEXES = f"""
SELECT 'index', {_NAME} || t.relname || '.' || o.relname, pg_get_indexdef(o.oid),
       pg_get_indexdef(o.oid), format('DROP INDEX %s%I', {_IN}, o.relname)
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_index i ON i.indexrelid = o.oid JOIN pg_class t ON t.oid = i.indrelid
WHERE {_OURS} AND t.relkind = 'm' ORDER BY o.oid
"""
_TRIGGERS = f"""
SELECT 'trigger', {_NAME} || t.relname || '.' || o.tgname, pg_get_triggerdef(o.oid),
       pg_get_triggerdef(o.oid),
       format('DROP TRIGGER %I ON %s%I', o.tgname, {_IN}, t.relname)
FROM pg_trigger o JOIN pg_class t ON t.oid = o.tgrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE {_OURS} AND NOT o.tgisinternal ORDER BY o.oid
"""
_EXCLUSIONS = f"""
SELECT 'exclusion constraint', {_NAME} || t.relname || '.' || o.conname,
       pg_get_constraintdef(o.oid),
       format('ALTER TABLE %s%I ADD CONSTRAINT %I %s', {_IN}, t.relname, o.conname,
              pg_get_constraintdef(o.oid)),
       format('ALTER TABLE %s%I DROP CONSTRAINT %I', {_IN}, t.relname, o.conname)
FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE {_OURS} AND o.contype = 'x' ORDER BY o.oid
"""
_PARTITIONS = f"""
SELECT 'partitioning', {_NAME} || o.relname,
       concat_ws(' ', pg_get_partkeydef(o.oid), pg_get_expr(o.relpartbound, o.oid)),
       NULL, NULL
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
WHERE {_OURS} AND (o.relkind = 'p' OR o.relispartition) AND o.relkind IN ('p', 'r')
ORDER BY o.oid
"""
_SECURITY = f"""
SELECT 'row security', {_NAME} || o.relname,
       concat_ws(' ', CASE WHEN o.relforcerowsecurity THEN 'forced' ELSE 'enabled' END,
           (SELECT string_agg(concat_ws(' ', p.polname, p.polcmd::text,
                   pg_get_expr(p.polqual, p.polrelid),
                   pg_get_expr(p.polwithcheck, p.polrelid)), '; ' ORDER BY p.polname)
            FROM pg_policy p WHERE p.polrelid = o.oid)),
       NULL, NULL
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
WHERE {_OURS} AND o.relrowsecurity ORDER BY o.oid
"""

_EARLY = (_EXTENSIONS, _ENUMS, _DOMAINS, _COMPOSITES, _SEQUENCES)
_LATE = (
    _EXCLUSIONS,
    _PARTITIONS,
    _SECURITY,
    _FUNCTIONS,
    _AGGREGATES,
    _VIEWS,
    _VIEW_INDEXES,
    _TRIGGERS,
)


def schema_objects(connection: Connection) -> list[SchemaObject]:
    """Return what there is beside tables, in an order in which it can be made.

    :param connection: A connection to the database.
    """
    found: list[SchemaObject] = []
    for queries, early in ((_EARLY, True), (_LATE, False)):
        for query in queries:
            # A colon before a word would be taken for a parameter.
            rows = run(connection, query.replace("::", r"\:\:"))
            for kind, name, definition, create, drop in rows:
                found.append(
                    SchemaObject(kind, name, definition or "", create, drop, early)
                )
    return found


_DROPS = f"""
SELECT format('DROP %s IF EXISTS %s%I CASCADE',
              CASE o.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
              WHEN 'S' THEN 'SEQUENCE' WHEN 'c' THEN 'TYPE' WHEN 'f' THEN
              'FOREIGN TABLE' ELSE 'TABLE' END, {_IN}, o.relname)
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
WHERE {_OURS} AND o.relkind IN ('r', 'p', 'v', 'm', 'S', 'c', 'f')
"""
_DROP_ROUTINES = f"""
SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', o.oid::regprocedure)
FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace WHERE {_OURS}
"""
_DROP_TYPES = f"""
SELECT format('DROP TYPE IF EXISTS %s%I CASCADE', {_IN}, o.typname)
FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
WHERE {_OURS} AND o.typtype IN ('e', 'd', 'r')
"""


def occupied(connection: Connection) -> bool:
    """Tell whether a database holds anything of its own.

    :param connection: A connection to it.
    """
    return any(
        run(connection, query.replace("::", r"\:\:")).first() is not None
        for query in (_DROPS, _DROP_ROUTINES, _DROP_TYPES)
    )


def empty(connection: Connection) -> None:
    """Drop everything that a database holds of its own; schemas and extensions stay.

    :param connection: A connection to it; the caller commits.
    """
    for query in (_DROPS, _DROP_ROUTINES, _DROP_TYPES):
        for drop in run(connection, query.replace("::", r"\:\:")).scalars().all():
            connection.exec_driver_sql(drop)
