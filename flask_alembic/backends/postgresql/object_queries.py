"""The queries of PostgreSQL's catalogs for what stands beside tables.

Each gives kind, name, definition, the statements that create and drop it, the table that
it belongs to, and its object id. What belongs to an extension comes with it and is left
out. Columns that only some versions have are read from the row as JSON.
"""

from __future__ import annotations

from typing import Final

OURS: Final = """
o.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_%'
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')
"""
NAME: Final = "CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname || '.' END"
# For statements; without the schema where that is the one that things are made in.
IN: Final = (
    "CASE WHEN n.nspname = current_schema() THEN '' ELSE format('%I.', n.nspname) END"
)
# Not the functions and casts that a range type brings.
_MADE: Final = """NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = '{}'::regclass AND d.objid = o.oid
    AND d.deptype = 'i')"""
# Of what is in no schema.
_NO_MEMBER: Final = """
o.oid >= 16384
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')
"""


def options(array: str) -> str:
    """Return SQL for the options of foreign objects, as a clause.

    :param array: The column that holds them.
    """
    return f"""(SELECT ' OPTIONS (' || string_agg(format('%I %L', x.option_name,
        x.option_value), ', ' ORDER BY x.option_name) || ')'
        FROM pg_options_to_table({array}) x)"""


_SCHEMAS = f"""
SELECT 'schema', o.nspname::text, '', format('CREATE SCHEMA IF NOT EXISTS %I', o.nspname),
       format('DROP SCHEMA %I', o.nspname), NULL, o.oid
FROM pg_namespace o
WHERE {_NO_MEMBER} AND o.nspname NOT LIKE 'pg_%' AND o.nspname <> current_schema()
"""
_EXTENSIONS = """
SELECT 'extension', e.extname::text,
       CASE WHEN n.nspname NOT IN (current_schema(), 'public', 'pg_catalog')
            THEN 'in ' || n.nspname ELSE '' END,
       format('CREATE EXTENSION IF NOT EXISTS %I', e.extname) || CASE WHEN
            n.nspname NOT IN (current_schema(), 'public', 'pg_catalog') AND NOT EXISTS (
                SELECT 1 FROM pg_depend d WHERE d.objid = n.oid AND d.deptype = 'e')
            THEN format(' SCHEMA %I', n.nspname) ELSE '' END,
       format('DROP EXTENSION %I', e.extname), NULL, e.oid
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'
"""
_EXTENSION_VERSIONS = """
SELECT 'extension version', e.extname::text, e.extversion,
       format('ALTER EXTENSION %I UPDATE TO %L', e.extname, e.extversion), NULL, NULL,
       e.oid
FROM pg_extension e JOIN pg_available_extensions a ON a.name = e.extname
WHERE e.extversion <> a.default_version
"""
_COLLATIONS = f"""
SELECT 'collation', {NAME} || o.collname, v.words,
       format('CREATE COLLATION %s%I (%s)', {IN}, o.collname, v.words),
       format('DROP COLLATION %s%I', {IN}, o.collname), NULL, o.oid
FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace
CROSS JOIN LATERAL (SELECT to_jsonb(o) AS j) w
CROSS JOIN LATERAL (SELECT concat_ws(', ',
    'provider = ' || CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin'
                     ELSE 'libc' END,
    CASE WHEN o.collprovider = 'c'
         THEN format('lc_collate = %L, lc_ctype = %L', o.collcollate, o.collctype)
         ELSE format('locale = %L', coalesce(w.j->>'colllocale', w.j->>'colliculocale',
                                             o.collcollate)) END,
    'rules = ' || quote_literal(w.j->>'collicurules'),
    CASE WHEN NOT o.collisdeterministic THEN 'deterministic = false' END) AS words) v
WHERE {OURS}
"""
_ENUMS = f"""
SELECT 'enum', {NAME} || o.typname, v.labels,
       format('CREATE TYPE %s%I AS ENUM (%s)', {IN}, o.typname, v.labels),
       format('DROP TYPE %s%I', {IN}, o.typname), NULL, o.oid
FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
CROSS JOIN LATERAL (SELECT coalesce(string_agg(
    quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder), '') AS labels
    FROM pg_enum l WHERE l.enumtypid = o.oid) v
WHERE {OURS} AND o.typtype = 'e'
"""
_RANGES = f"""
SELECT 'range type', {NAME} || o.typname, v.words,
       CASE WHEN r.rngcanonical = 0
            THEN format('CREATE TYPE %s%I AS RANGE (%s)', {IN}, o.typname, v.words) END,
       format('DROP TYPE %s%I', {IN}, o.typname), NULL, o.oid
FROM pg_range r JOIN pg_type o ON o.oid = r.rngtypid
JOIN pg_namespace n ON n.oid = o.typnamespace
JOIN pg_type s ON s.oid = r.rngsubtype
CROSS JOIN LATERAL (SELECT concat_ws(', ',
    'subtype = ' || format_type(r.rngsubtype, NULL),
    (SELECT 'subtype_opclass = ' || quote_ident(c.opcname) FROM pg_opclass c
     WHERE c.oid = r.rngsubopc AND NOT c.opcdefault),
    CASE WHEN r.rngcollation <> s.typcollation
         THEN 'collation = ' || r.rngcollation::regcollation END,
    CASE WHEN r.rngsubdiff <> 0 THEN 'subtype_diff = ' || r.rngsubdiff::text END,
    CASE WHEN r.rngcanonical <> 0 THEN 'canonical = ' || r.rngcanonical::text END,
    (SELECT 'multirange_type_name = ' || quote_ident(m.typname) FROM pg_type m
     WHERE m.oid = (to_jsonb(r)->>'rngmultitypid')::oid)) AS words) v
WHERE {OURS}
"""
_DOMAINS = f"""
SELECT 'domain', {NAME} || o.typname, v.words,
       format('CREATE DOMAIN %s%I AS %s', {IN}, o.typname, v.words),
       format('DROP DOMAIN %s%I', {IN}, o.typname), NULL, o.oid
FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
JOIN pg_type b ON b.oid = o.typbasetype
CROSS JOIN LATERAL (SELECT concat_ws(' ', format_type(o.typbasetype, o.typtypmod),
    CASE WHEN o.typcollation <> b.typcollation
         THEN 'COLLATE ' || o.typcollation::regcollation END,
    'DEFAULT ' || o.typdefault, CASE WHEN o.typnotnull THEN 'NOT NULL' END,
    (SELECT string_agg(format('CONSTRAINT %I %s', c.conname,
                              pg_get_constraintdef(c.oid)), ' ' ORDER BY c.conname)
     FROM pg_constraint c WHERE c.contypid = o.oid AND c.contype = 'c')) AS words) v
WHERE {OURS} AND o.typtype = 'd'
"""
_COMPOSITES = f"""
SELECT 'type', {NAME} || o.relname, v.words,
       format('CREATE TYPE %s%I AS (%s)', {IN}, o.relname, v.words),
       format('DROP TYPE %s%I', {IN}, o.relname), NULL, o.reltype
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
CROSS JOIN LATERAL (
    SELECT string_agg(concat(quote_ident(a.attname), ' ',
        format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation <> t.typcollation
        THEN ' COLLATE ' || a.attcollation::regcollation END), ', ' ORDER BY a.attnum)
        AS words
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped) v
WHERE {OURS} AND o.relkind = 'c'
"""
_BASE_TYPES = f"""
SELECT 'base type', {NAME} || o.typname,
       concat_ws(' ', o.typinput, o.typoutput, o.typlen, o.typalign, o.typstorage),
       NULL, NULL, NULL, o.oid
FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
WHERE {OURS} AND o.typtype IN ('b', 'p')
  AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = o.oid)
"""
_SEQUENCE = """concat_ws(' ', 'AS', format_type(s.seqtypid, NULL), 'INCREMENT BY',
    s.seqincrement, 'MINVALUE', s.seqmin, 'MAXVALUE', s.seqmax, 'START WITH', s.seqstart,
    'CACHE', s.seqcache, CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)"""
_SEQUENCES = f"""
SELECT 'sequence', {NAME} || o.relname, {_SEQUENCE},
       format('CREATE %sSEQUENCE %s%I %s',
              CASE WHEN o.relpersistence = 'u' THEN 'UNLOGGED ' END, {IN}, o.relname,
              {_SEQUENCE}),
       format('DROP SEQUENCE %s%I', {IN}, o.relname), NULL, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_sequence s ON s.seqrelid = o.oid
WHERE {OURS} AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = o.oid AND d.deptype IN ('a', 'i'))
"""
# A function that a default, a constraint or an index needs has to be there before the
# table, unless it needs a table itself.
_FUNCTIONS = f"""
SELECT 'function',
       {NAME} || o.proname || '(' || pg_get_function_identity_arguments(o.oid) || ')',
       pg_get_functiondef(o.oid), pg_get_functiondef(o.oid),
       format('DROP %s %s%I(%s)',
              CASE o.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
              {IN}, o.proname, pg_get_function_identity_arguments(o.oid)), NULL, o.oid
FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace
WHERE {OURS} AND o.prokind IN ('f', 'p', 'w') AND {_MADE.format("pg_proc")}
  AND (NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = o.oid
    AND (d.refclassid = 'pg_class'::regclass OR d.refobjid IN (
        SELECT c.reltype FROM pg_class c WHERE c.relkind <> 'c' AND c.reltype <> 0)))
  AND EXISTS (
    SELECT 1 FROM pg_depend d
    WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = o.oid
    AND d.classid NOT IN ('pg_trigger'::regclass, 'pg_rewrite'::regclass,
                          'pg_event_trigger'::regclass, 'pg_policy'::regclass))) = {{}}
"""
_AGGREGATES = f"""
SELECT 'aggregate',
       {NAME} || o.proname || '(' || pg_get_function_identity_arguments(o.oid) || ')',
       v.words, CASE WHEN a.aggkind = 'n' AND a.aggmtransfn = 0
            THEN format('CREATE AGGREGATE %s%I(%s) (%s)', {IN}, o.proname, CASE
                        pg_get_function_identity_arguments(o.oid) WHEN '' THEN '*' ELSE
                        pg_get_function_identity_arguments(o.oid) END, v.words) END,
       format('DROP AGGREGATE %s%I(%s)', {IN}, o.proname, CASE
              pg_get_function_identity_arguments(o.oid) WHEN '' THEN '*' ELSE
              pg_get_function_identity_arguments(o.oid) END), NULL, o.oid
FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace
JOIN pg_aggregate a ON a.aggfnoid = o.oid
CROSS JOIN LATERAL (SELECT concat_ws(', ', 'sfunc = ' || a.aggtransfn::text,
    'stype = ' || format_type(a.aggtranstype, NULL),
    'sspace = ' || nullif(a.aggtransspace, 0),
    CASE WHEN a.aggfinalfn <> 0 THEN 'finalfunc = ' || a.aggfinalfn::text END,
    CASE WHEN a.aggfinalextra THEN 'finalfunc_extra' END,
    CASE WHEN a.aggfinalmodify <> 'r' THEN 'finalfunc_modify = ' || CASE
         a.aggfinalmodify WHEN 's' THEN 'shareable' ELSE 'read_write' END END,
    CASE WHEN a.aggcombinefn <> 0 THEN 'combinefunc = ' || a.aggcombinefn::text END,
    CASE WHEN a.aggserialfn <> 0 THEN 'serialfunc = ' || a.aggserialfn::text END,
    CASE WHEN a.aggdeserialfn <> 0 THEN 'deserialfunc = ' || a.aggdeserialfn::text END,
    'initcond = ' || quote_literal(a.agginitval),
    CASE WHEN a.aggmtransfn <> 0 THEN concat('msfunc = ', a.aggmtransfn::text,
         ', minvfunc = ', a.aggminvtransfn::text) END,
    CASE WHEN a.aggsortop <> 0 THEN (SELECT format('sortop = OPERATOR(%I.%s)', m.nspname,
         p.oprname) FROM pg_operator p JOIN pg_namespace m ON m.oid = p.oprnamespace
         WHERE p.oid = a.aggsortop) END,
    CASE WHEN o.proparallel <> 'u' THEN 'parallel = ' || CASE o.proparallel
         WHEN 's' THEN 'safe' ELSE 'restricted' END END) AS words) v
WHERE {OURS}
"""
_OPERATORS = f"""
SELECT 'operator', format('%s%s(%s,%s)', {NAME}, o.oprname, v.lefttype, v.righttype),
       v.words, format('CREATE OPERATOR %s%s (%s)', {IN}, o.oprname, v.words),
       format('DROP OPERATOR %s%s (%s, %s)', {IN}, o.oprname, v.lefttype, v.righttype),
       NULL, o.oid
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
CROSS JOIN LATERAL (SELECT
    CASE o.oprleft WHEN 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END AS lefttype,
    CASE o.oprright WHEN 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END
        AS righttype,
    concat_ws(', ', 'procedure = ' || o.oprcode::text,
        CASE WHEN o.oprleft <> 0 THEN 'leftarg = ' || format_type(o.oprleft, NULL) END,
        CASE WHEN o.oprright <> 0
             THEN 'rightarg = ' || format_type(o.oprright, NULL) END,
        (SELECT format('commutator = OPERATOR(%I.%s)', m.nspname, p.oprname)
         FROM pg_operator p JOIN pg_namespace m ON m.oid = p.oprnamespace
         WHERE p.oid = o.oprcom),
        (SELECT format('negator = OPERATOR(%I.%s)', m.nspname, p.oprname)
         FROM pg_operator p JOIN pg_namespace m ON m.oid = p.oprnamespace
         WHERE p.oid = o.oprnegate),
        CASE WHEN o.oprrest <> 0 THEN 'restrict = ' || o.oprrest::text END,
        CASE WHEN o.oprjoin <> 0 THEN 'join = ' || o.oprjoin::text END,
        CASE WHEN o.oprcanhash THEN 'hashes' END,
        CASE WHEN o.oprcanmerge THEN 'merges' END) AS words) v
WHERE {OURS}
"""
_CASTS = f"""
SELECT 'cast', format('(%s AS %s)', format_type(o.castsource, NULL),
                      format_type(o.casttarget, NULL)), v.words,
       format('CREATE CAST (%s AS %s) %s', format_type(o.castsource, NULL),
              format_type(o.casttarget, NULL), v.words),
       format('DROP CAST (%s AS %s)', format_type(o.castsource, NULL),
              format_type(o.casttarget, NULL)), NULL, o.oid
FROM pg_cast o CROSS JOIN LATERAL (SELECT concat(
    CASE o.castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT'
         ELSE 'WITH FUNCTION ' || o.castfunc::regprocedure END,
    CASE o.castcontext WHEN 'i' THEN ' AS IMPLICIT' WHEN 'a' THEN ' AS ASSIGNMENT' END)
    AS words) v
WHERE {_NO_MEMBER} AND {_MADE.format("pg_cast")}
"""
_DICTIONARIES = f"""
SELECT 'text search dictionary', {NAME} || o.dictname, v.words,
       format('CREATE TEXT SEARCH DICTIONARY %s%I (%s)', {IN}, o.dictname, v.words),
       format('DROP TEXT SEARCH DICTIONARY %s%I', {IN}, o.dictname), NULL, o.oid
FROM pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace
JOIN pg_ts_template t ON t.oid = o.dicttemplate
JOIN pg_namespace m ON m.oid = t.tmplnamespace
CROSS JOIN LATERAL (SELECT concat_ws(', ', format('template = %I.%I', m.nspname,
    t.tmplname), o.dictinitoption) AS words) v
WHERE {OURS}
"""
_CONFIGURATIONS = f"""
SELECT 'text search configuration', {NAME} || o.cfgname,
       format('%I.%I', m.nspname, p.prsname),
       format('CREATE TEXT SEARCH CONFIGURATION %s%I (parser = %I.%I)', {IN}, o.cfgname,
              m.nspname, p.prsname),
       format('DROP TEXT SEARCH CONFIGURATION %s%I', {IN}, o.cfgname), NULL, o.oid
FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace
JOIN pg_ts_parser p ON p.oid = o.cfgparser JOIN pg_namespace m ON m.oid = p.prsnamespace
WHERE {OURS}
"""
_MAPPINGS = f"""
SELECT 'text search mapping', {NAME} || o.cfgname || '.' || k.alias,
       string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno),
       format('ALTER TEXT SEARCH CONFIGURATION %s%I ADD MAPPING FOR %s WITH %s', {IN},
              o.cfgname, k.alias,
              string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno)),
       format('ALTER TEXT SEARCH CONFIGURATION %s%I DROP MAPPING IF EXISTS FOR %s', {IN},
              o.cfgname, k.alias), NULL, o.oid
FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace
JOIN pg_ts_config_map m ON m.mapcfg = o.oid
JOIN LATERAL ts_token_type(o.cfgparser) k ON k.tokid = m.maptokentype
WHERE {OURS} GROUP BY o.oid, n.nspname, o.cfgname, k.alias
"""
_WRAPPERS = f"""
SELECT 'foreign-data wrapper', o.fdwname::text, v.words || ' ' || md5(v.options),
       format('CREATE FOREIGN DATA WRAPPER %I%s%s', o.fdwname, v.words, v.options),
       format('DROP FOREIGN DATA WRAPPER %I', o.fdwname), NULL, o.oid
FROM pg_foreign_data_wrapper o CROSS JOIN LATERAL (SELECT concat(
    CASE WHEN o.fdwhandler <> 0 THEN ' HANDLER ' || o.fdwhandler::regproc END,
    CASE WHEN o.fdwvalidator <> 0 THEN ' VALIDATOR ' || o.fdwvalidator::regproc END)
    AS words, coalesce({options("o.fdwoptions")}, '') AS options) v
WHERE {_NO_MEMBER}
"""
# An option may be a password: it is compared, and not shown.
_SERVERS = f"""
SELECT 'server', o.srvname::text, concat_ws(' ', w.fdwname, v.words, md5(v.options)),
       format('CREATE SERVER %I%s FOREIGN DATA WRAPPER %I%s', o.srvname, v.words,
              w.fdwname, v.options),
       format('DROP SERVER %I', o.srvname), NULL, o.oid
FROM pg_foreign_server o JOIN pg_foreign_data_wrapper w ON w.oid = o.srvfdw
CROSS JOIN LATERAL (SELECT concat(' TYPE ' || quote_literal(o.srvtype),
    ' VERSION ' || quote_literal(o.srvversion)) AS words,
    coalesce({options("o.srvoptions")}, '') AS options) v
WHERE {_NO_MEMBER}
"""
_FOREIGN_TABLES = f"""
SELECT 'foreign table', {NAME} || o.relname,
       concat_ws(' ', v.words, s.srvname, md5(v.options), v.more),
       CASE WHEN v.more = '' THEN format('CREATE FOREIGN TABLE %s%I (%s) SERVER %I%s',
            {IN}, o.relname, v.words, s.srvname, v.options) END,
       format('DROP FOREIGN TABLE %s%I', {IN}, o.relname), NULL, o.oid
FROM pg_foreign_table f JOIN pg_class o ON o.oid = f.ftrelid
JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_foreign_server s ON s.oid = f.ftserver
CROSS JOIN LATERAL (SELECT coalesce({options("f.ftoptions")}, '') AS options,
    concat_ws(' ', pg_get_expr(o.relpartbound, o.oid),
        (SELECT string_agg(pg_get_constraintdef(c.oid), ' ' ORDER BY c.conname)
         FROM pg_constraint c WHERE c.conrelid = o.oid AND c.contype <> 'n'),
        (SELECT string_agg(h.inhparent::regclass::text, ' ' ORDER BY h.inhseqno)
         FROM pg_inherits h WHERE h.inhrelid = o.oid)) AS more,
    (SELECT string_agg(concat(quote_ident(a.attname), ' ',
            format_type(a.atttypid, a.atttypmod), {options("a.attfdwoptions")},
            CASE WHEN a.attnotnull THEN ' NOT NULL' END, CASE WHEN a.attgenerated = 's'
            THEN ' GENERATED ALWAYS AS (' || pg_get_expr(e.adbin, e.adrelid) ||
            ') STORED' ELSE ' DEFAULT ' || pg_get_expr(e.adbin, e.adrelid) END),
            ', ' ORDER BY a.attnum)
     FROM pg_attribute a
     LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
     WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped) AS words) v
WHERE {OURS}
"""
_VIEWS = f"""
SELECT v.kind, {NAME} || o.relname, concat(v.options, pg_get_viewdef(o.oid)),
       format('CREATE %s %s%I%s AS %s', upper(v.kind), {IN}, o.relname, v.options,
              pg_get_viewdef(o.oid)),
       format('DROP %s %s%I', upper(v.kind), {IN}, o.relname), NULL, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
CROSS JOIN LATERAL (SELECT
    CASE o.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
    concat((SELECT ' USING ' || quote_ident(m.amname) FROM pg_am m
            WHERE m.oid = o.relam AND o.relkind = 'm'
            AND m.amname <> current_setting('default_table_access_method')),
        ' WITH (' || array_to_string(o.reloptions, ', ') || ')',
        (SELECT ' TABLESPACE ' || quote_ident(s.spcname) FROM pg_tablespace s
         WHERE s.oid = o.reltablespace)) AS options) v
WHERE {OURS} AND o.relkind IN ('v', 'm')
"""
_VIEW_DEFAULTS = f"""
SELECT 'view default', {NAME} || o.relname || '.' || a.attname,
       pg_get_expr(e.adbin, e.adrelid),
       format('ALTER VIEW %s%I ALTER COLUMN %I SET DEFAULT %s', {IN}, o.relname,
              a.attname, pg_get_expr(e.adbin, e.adrelid)),
       format('ALTER VIEW %s%I ALTER COLUMN %I DROP DEFAULT', {IN}, o.relname,
              a.attname), NULL, e.oid
FROM pg_attrdef e JOIN pg_class o ON o.oid = e.adrelid
JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = e.adnum
WHERE {OURS} AND o.relkind = 'v'
"""
_VIEW_INDEXES = f"""
SELECT 'index', {NAME} || t.relname || '.' || o.relname, pg_get_indexdef(o.oid, 0, true),
       pg_get_indexdef(o.oid, 0, true), format('DROP INDEX %s%I', {IN}, o.relname), NULL, o.oid
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
JOIN pg_index i ON i.indexrelid = o.oid JOIN pg_class t ON t.oid = i.indrelid
WHERE {OURS} AND t.relkind = 'm'
"""
_RULES = f"""
SELECT 'rule', {NAME} || t.relname || '.' || o.rulename,
       concat_ws(' ', pg_get_ruledef(o.oid, true), nullif(o.ev_enabled::text, 'O')),
       CASE WHEN o.ev_enabled = 'O' THEN pg_get_ruledef(o.oid, true) END,
       format('DROP RULE %I ON %s%I', o.rulename, {IN}, t.relname),
       CASE WHEN t.relkind IN ('r', 'p') THEN {NAME} || t.relname END, o.oid
FROM pg_rewrite o JOIN pg_class t ON t.oid = o.ev_class
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE {OURS} AND o.rulename <> '_RETURN'
"""
_TRIGGERS = f"""
SELECT 'trigger', {NAME} || t.relname || '.' || o.tgname, pg_get_triggerdef(o.oid, true),
       pg_get_triggerdef(o.oid, true),
       format('DROP TRIGGER %I ON %s%I', o.tgname, {IN}, t.relname),
       CASE WHEN t.relkind IN ('r', 'p') THEN {NAME} || t.relname END, o.oid
FROM pg_trigger o JOIN pg_class t ON t.oid = o.tgrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE {OURS} AND NOT o.tgisinternal
  AND coalesce(to_jsonb(o)->>'tgparentid', '0') = '0'
"""
# A foreign key has triggers of its own; what disables them cannot name them.
_TRIGGER_STATES = f"""
SELECT DISTINCT ON (t.oid, v.name) 'trigger state', {NAME} || t.relname || '.' || v.name,
       o.tgenabled::text, CASE WHEN NOT o.tgisinternal THEN
           format('ALTER TABLE %s%I %s TRIGGER %I', {IN}, t.relname, CASE o.tgenabled
               WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
               ELSE 'ENABLE ALWAYS' END, o.tgname) END,
       CASE WHEN NOT o.tgisinternal THEN format('ALTER TABLE %s%I ENABLE TRIGGER %I',
           {IN}, t.relname, o.tgname) END,
       CASE WHEN t.relkind IN ('r', 'p') THEN {NAME} || t.relname END, o.oid
FROM pg_trigger o JOIN pg_class t ON t.oid = o.tgrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_constraint c ON c.oid = o.tgconstraint AND o.tgisinternal
CROSS JOIN LATERAL (SELECT CASE WHEN o.tgisinternal
    THEN 'of ' || coalesce(c.conname, o.tgname) ELSE o.tgname END AS name) v
WHERE {OURS} AND o.tgenabled <> 'O' ORDER BY t.oid, v.name, o.oid
"""
_EVENT_TRIGGERS = f"""
SELECT 'event trigger', o.evtname::text, v.words,
       format('CREATE EVENT TRIGGER %I %s', o.evtname, v.words),
       format('DROP EVENT TRIGGER %I', o.evtname), NULL, o.oid
FROM pg_event_trigger o CROSS JOIN LATERAL (SELECT concat('ON ', o.evtevent,
    ' WHEN TAG IN (' || (SELECT string_agg(quote_literal(x), ', ' ORDER BY x)
                         FROM unnest(o.evttags) x) || ')',
    ' EXECUTE FUNCTION ', o.evtfoid::regproc, '()') AS words) v
WHERE {_NO_MEMBER}
"""
_EVENT_TRIGGER_STATES = f"""
SELECT 'event trigger state', o.evtname::text, o.evtenabled::text,
       format('ALTER EVENT TRIGGER %I %s', o.evtname, CASE o.evtenabled WHEN 'D' THEN
              'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END),
       format('ALTER EVENT TRIGGER %I ENABLE', o.evtname), NULL, o.oid
FROM pg_event_trigger o WHERE {_NO_MEMBER} AND o.evtenabled <> 'O'
"""
_STATISTICS = f"""
SELECT 'statistics object', {NAME} || o.stxname,
       concat_ws(' ', pg_get_statisticsobjdef(o.oid),
                 nullif(to_jsonb(o)->>'stxstattarget', '-1')),
       CASE WHEN coalesce(to_jsonb(o)->>'stxstattarget', '-1') = '-1'
            THEN pg_get_statisticsobjdef(o.oid) END,
       format('DROP STATISTICS %s%I', {IN}, o.stxname),
       NULL, o.oid
FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace
WHERE {OURS}
"""

# Each with the catalog without whose rows there is nothing to ask for.
EARLY: Final = (
    ("pg_namespace", _SCHEMAS),
    ("pg_extension", _EXTENSIONS),
    ("pg_extension", _EXTENSION_VERSIONS),
    ("pg_collation", _COLLATIONS),
    ("pg_type", _ENUMS),
    ("pg_type", _RANGES),
    ("pg_type", _DOMAINS),
    ("pg_type", _COMPOSITES),
    ("pg_type", _BASE_TYPES),
    ("pg_class", _SEQUENCES),
    ("pg_proc", _FUNCTIONS.format("true")),
    ("pg_proc", _AGGREGATES),
    ("pg_operator", _OPERATORS),
    ("pg_cast", _CASTS),
    ("pg_ts_dict", _DICTIONARIES),
    ("pg_ts_config", _CONFIGURATIONS),
    ("pg_ts_config", _MAPPINGS),
    ("pg_foreign_data_wrapper", _WRAPPERS),
    ("pg_foreign_server", _SERVERS),
)
"""What a table may need; it is made in the order of the object ids."""

BEFORE_VIEWS: Final = (
    ("pg_foreign_server", _FOREIGN_TABLES),
    ("pg_proc", _FUNCTIONS.format("false")),
)
VIEWS: Final = (
    ("pg_rewrite", _VIEWS),
    ("pg_rewrite", _VIEW_DEFAULTS),
    ("pg_rewrite", _VIEW_INDEXES),
)
AFTER_VIEWS: Final = (
    ("pg_rewrite", _RULES),
    ("pg_trigger", _TRIGGERS),
    ("pg_trigger", _TRIGGER_STATES),
    ("pg_statistic_ext", _STATISTICS),
)
LAST: Final = (
    ("pg_event_trigger", _EVENT_TRIGGERS),
    ("pg_event_trigger", _EVENT_TRIGGER_STATES),
)
