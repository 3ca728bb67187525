"""The queries of PostgreSQL's catalogs for what may be said of any object.

Comments, owners and privileges, with the name that ``pg_identify_object`` gives to the
object; publications, which hold tables. They have the columns that
:mod:`.object_queries` describes.
"""

from __future__ import annotations

from typing import Final

# What COMMENT, ALTER and GRANT call an object, for a row i of pg_identify_object().
_WORD: Final = """CASE i.type WHEN 'statistics object' THEN 'STATISTICS'
    WHEN 'table constraint' THEN 'CONSTRAINT' WHEN 'domain constraint' THEN 'CONSTRAINT'
    WHEN 'composite type' THEN 'TYPE' WHEN 'event trigger' THEN 'EVENT TRIGGER'
    ELSE CASE WHEN i.type LIKE '% column' THEN 'COLUMN' ELSE upper(i.type) END END"""
# The same without the schema that things are made in.
_SHORT: Final = r"""regexp_replace(' ' || i.identity, '([ (,])' || regexp_replace(
    quote_ident(current_schema()), '(\W)', '\\\1', 'g') || '\.', '\1', 'g')"""
_IDENTITY: Final = f"""CASE WHEN i.type = 'domain constraint'
    THEN regexp_replace(substr({_SHORT}, 2), ' on ', ' on domain ')
    WHEN i.type = 'event trigger' THEN quote_ident(i.name)
    ELSE substr({_SHORT}, 2) END"""
_OF: Final = f"i.type || ' ' || substr({_SHORT}, 2)"
_NO_MEMBER: Final = "NOT EXISTS (SELECT 1 FROM pg_depend m WHERE m.classid = {0}\n\
  AND m.objid = {1} AND m.deptype = 'e')"

# The table of an index, constraint, trigger, rule or policy.
_TABLE: Final = """(
    SELECT CASE WHEN s.nspname = current_schema() THEN '' ELSE s.nspname || '.' END
           || r.relname
    FROM pg_class r JOIN pg_namespace s ON s.oid = r.relnamespace
    WHERE r.relkind IN ('r', 'p') AND r.oid IN (
        SELECT o.objoid WHERE o.classoid = 'pg_class'::regclass
        UNION ALL SELECT x.indrelid FROM pg_index x WHERE x.indexrelid = o.objoid
        UNION ALL SELECT x.conrelid FROM pg_constraint x WHERE x.oid = o.objoid
        AND o.classoid = 'pg_constraint'::regclass
        UNION ALL SELECT x.tgrelid FROM pg_trigger x WHERE x.oid = o.objoid
        AND o.classoid = 'pg_trigger'::regclass
        UNION ALL SELECT x.ev_class FROM pg_rewrite x WHERE x.oid = o.objoid
        AND o.classoid = 'pg_rewrite'::regclass
        UNION ALL SELECT x.polrelid FROM pg_policy x WHERE x.oid = o.objoid
        AND o.classoid = 'pg_policy'::regclass))"""
# Comments on tables and their columns are reflected; an extension brings its own.
COMMENTS: Final = f"""
SELECT 'comment', {_OF}, o.description,
       format('COMMENT ON %s %s IS %L', {_WORD}, {_IDENTITY}, o.description),
       format('COMMENT ON %s %s IS NULL', {_WORD}, {_IDENTITY}), {_TABLE}, o.objoid
FROM pg_description o
LEFT JOIN pg_class c ON o.classoid = 'pg_class'::regclass AND c.oid = o.objoid
LEFT JOIN pg_extension e ON o.classoid = 'pg_extension'::regclass AND e.oid = o.objoid
CROSS JOIN LATERAL pg_identify_object(o.classoid, o.objoid, o.objsubid) i
WHERE (o.objoid >= 16384 OR o.description <> 'standard public schema'
       AND o.classoid = 'pg_namespace'::regclass AND o.objoid = (
           SELECT c.oid FROM pg_namespace c WHERE c.nspname = 'public'))
  AND (c.relkind IS NULL OR c.relkind NOT IN ('r', 'p'))
  AND (e.oid IS NULL OR o.description NOT IN (SELECT a.comment
       FROM pg_available_extensions a WHERE a.name = e.extname))
  AND coalesce(i.schema, '') NOT LIKE 'pg_%'
  AND {_NO_MEMBER.format("o.classoid", "o.objoid")}
"""
_OWNED: Final = """(
    SELECT 'pg_class'::regclass AS classoid, oid AS objoid, relowner AS owner,
           relacl AS acl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END AS kind
    FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, proacl, 'f' FROM pg_proc
    UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typacl, 'T' FROM pg_type t
    WHERE typtype IN ('b', 'c', 'd', 'e', 'r')
      AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = t.oid)
      AND NOT EXISTS (SELECT 1 FROM pg_class r
                      WHERE r.reltype = t.oid AND r.relkind <> 'c')
    UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, nspacl, 'n'
    FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'
    UNION ALL SELECT 'pg_language'::regclass, oid, lanowner, lanacl, 'l'
    FROM pg_language
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, fdwacl, 'F'
    FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, srvacl, 'S'
    FROM pg_foreign_server{more})"""
_NO_ACL: Final = "".join(
    f"""
    UNION ALL SELECT '{catalog}'::regclass, oid, {owner}, NULL, ''
    FROM {catalog}"""
    for catalog, owner in {
        "pg_publication": "pubowner",
        "pg_event_trigger": "evtowner",
        "pg_statistic_ext": "stxowner",
        "pg_collation": "collowner",
        "pg_operator": "oprowner",
        "pg_ts_dict": "dictowner",
        "pg_ts_config": "cfgowner",
    }.items()
)
_IS_OURS: Final = f"""(o.objoid >= 16384 OR o.classoid = 'pg_namespace'::regclass AND o.objoid = (
        SELECT c.oid FROM pg_namespace c WHERE c.nspname = current_schema()))
  AND coalesce(i.schema, '') NOT LIKE 'pg_%'
  AND coalesce(i.schema, '') <> 'information_schema'
  AND {_NO_MEMBER.format("o.classoid", "o.objoid")}"""
OWNERS: Final = f"""
SELECT 'owner', {_OF}, pg_get_userbyid(o.owner)::text,
       format('ALTER %s %s OWNER TO %I', {_WORD}, {_IDENTITY}, pg_get_userbyid(o.owner)),
       format('ALTER %s %s OWNER TO CURRENT_USER', {_WORD}, {_IDENTITY}),
       {_TABLE}, o.objoid
FROM {_OWNED.format(more=_NO_ACL)} o
CROSS JOIN LATERAL pg_identify_object(o.classoid, o.objoid, 0) i
WHERE {_IS_OURS} AND o.objoid >= 16384 AND pg_get_userbyid(o.owner) <> current_user
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = o.classoid
                  AND d.objid = o.objoid AND d.deptype IN ('a', 'i'))
"""
_GRANTEE: Final = "CASE g.grantee WHEN 0 THEN 'PUBLIC' WHEN o.owner THEN 'its owner'\n\
    ELSE pg_get_userbyid(g.grantee)::text END"
_ROLE: Final = "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE\n\
    quote_ident(pg_get_userbyid(g.grantee)) END"
_ON: Final = f"""CASE i.type WHEN 'table column' THEN 'TABLE' WHEN 'view' THEN 'TABLE'
    WHEN 'materialized view' THEN 'TABLE' WHEN 'foreign table' THEN 'TABLE'
    WHEN 'view column' THEN 'TABLE' WHEN 'aggregate' THEN 'FUNCTION'
    WHEN 'server' THEN 'FOREIGN SERVER' ELSE {_WORD} END"""
_TO: Final = f"""CASE WHEN o.objsubid > 0 THEN regexp_replace({_IDENTITY}, '\\.[^.]*$', '')
    ELSE {_IDENTITY} END"""
# What was granted beyond what every object of that kind has, and what was revoked of it.
_PRIVILEGES: Final = """
SELECT '{kind}', concat({of}, ' {to} ', {grantee}, CASE WHEN g.grantable
           THEN ' with grant option' END), g.privileges,
       concat('{make} ', g.listed, ' ON ', {on}, ' ', {name}, ' {to} ', {role},
              CASE WHEN g.grantable AND '{make}' = 'GRANT' THEN ' WITH GRANT OPTION' END),
       concat('{undo} ', g.listed, ' ON ', {on}, ' ', {name}, ' {back} ', {role}),
       {table}, o.objoid
FROM (
    SELECT o.*, 0 AS objsubid, ''::text AS columns FROM {owned} o WHERE o.acl IS NOT NULL
    UNION ALL SELECT 'pg_class'::regclass, c.oid, c.relowner, a.attacl, 'c', a.attnum,
        format(' (%I)', a.attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
) o
CROSS JOIN LATERAL pg_identify_object(o.classoid, o.objoid, o.objsubid) i
CROSS JOIN LATERAL (
    SELECT x.grantee, x.is_grantable AS grantable,
        string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges,
        string_agg(x.privilege_type || o.columns, ', ' ORDER BY x.privilege_type)
            AS listed
    FROM (SELECT grantee, privilege_type, is_grantable FROM aclexplode({these})
          EXCEPT
          SELECT grantee, privilege_type, is_grantable FROM aclexplode({those})) x
    GROUP BY x.grantee, x.is_grantable) g
WHERE {ours}
"""
_DEFAULT_ACL: Final = 'acldefault(o.kind::"char", o.owner)'
_COMMON: Final = {
    "of": _OF,
    "grantee": _GRANTEE,
    "on": _ON,
    "name": _TO,
    "role": _ROLE,
    "table": _TABLE,
    "owned": _OWNED.format(more=""),
    "ours": _IS_OURS,
}
GRANTS: Final = _PRIVILEGES.format(
    kind="grant",
    make="GRANT",
    to="TO",
    undo="REVOKE",
    back="FROM",
    these="o.acl",
    those=_DEFAULT_ACL,
    **_COMMON,
)
REVOKES: Final = _PRIVILEGES.format(
    kind="revoke",
    make="REVOKE",
    to="FROM",
    undo="GRANT",
    back="TO",
    these=_DEFAULT_ACL,
    those="o.acl",
    **_COMMON,
)
_DEFAULTS: Final = """
SELECT 'default privilege', concat('{word} ', v.objects, ' of ' ||
           nullif(pg_get_userbyid(o.defaclrole), current_user), ' in ' || n.nspname,
           ' {to} ', CASE g.grantee WHEN 0 THEN 'PUBLIC' WHEN o.defaclrole THEN
           'their owner' ELSE pg_get_userbyid(g.grantee)::text END, CASE WHEN g.grantable
           THEN ' with grant option' END), g.privileges,
       concat('ALTER DEFAULT PRIVILEGES', v.scope, ' {make} ', g.privileges, ' ON ',
              upper(v.objects), ' {to} ', v.role,
              CASE WHEN g.grantable AND '{make}' = 'GRANT' THEN ' WITH GRANT OPTION' END),
       concat('ALTER DEFAULT PRIVILEGES', v.scope, ' {undo} ', g.privileges, ' ON ',
              upper(v.objects), ' {back} ', v.role), NULL, o.oid
FROM pg_default_acl o LEFT JOIN pg_namespace n ON n.oid = o.defaclnamespace
CROSS JOIN LATERAL (SELECT acldefault((CASE o.defaclobjtype WHEN 'S' THEN 's' ELSE
    o.defaclobjtype END)::"char", o.defaclrole) AS acl WHERE o.defaclnamespace = 0
    UNION ALL SELECT NULL WHERE o.defaclnamespace <> 0) d
CROSS JOIN LATERAL (
    SELECT x.grantee, x.is_grantable AS grantable,
        string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges
    FROM (SELECT grantee, privilege_type, is_grantable FROM aclexplode({these})
          EXCEPT
          SELECT grantee, privilege_type, is_grantable FROM aclexplode({those})) x
    GROUP BY x.grantee, x.is_grantable) g
CROSS JOIN LATERAL (SELECT CASE o.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN
        'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN
        'schemas' ELSE 'large objects' END AS objects,
    concat(CASE WHEN pg_get_userbyid(o.defaclrole) <> current_user THEN
        format(' FOR ROLE %I', pg_get_userbyid(o.defaclrole)) END,
        ' IN SCHEMA ' || quote_ident(n.nspname)) AS scope,
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END
        AS role) v
"""
DEFAULT_GRANTS: Final = _DEFAULTS.format(
    word="grant on",
    to="TO",
    make="GRANT",
    undo="REVOKE",
    back="FROM",
    these="o.defaclacl",
    those="d.acl",
)
DEFAULT_REVOKES: Final = _DEFAULTS.format(
    word="revoke on",
    to="FROM",
    make="REVOKE",
    undo="GRANT",
    back="TO",
    these="d.acl",
    those="o.defaclacl",
)
_PUBLICATIONS: Final = """
SELECT 'publication', o.pubname::text, v.words,
       format('CREATE PUBLICATION %I%s', o.pubname, v.words),
       format('DROP PUBLICATION %I', o.pubname), NULL, o.oid
FROM pg_publication o CROSS JOIN LATERAL (SELECT concat(
    CASE WHEN o.puballtables THEN ' FOR ALL TABLES' ELSE (
        SELECT ' FOR ' || string_agg(x.member, ', ' ORDER BY x.member)
        FROM ({members}) x) END,
    format(' WITH (publish = %L%s)', concat_ws(', ',
        CASE WHEN o.pubinsert THEN 'insert' END,
        CASE WHEN o.pubupdate THEN 'update' END,
        CASE WHEN o.pubdelete THEN 'delete' END,
        CASE WHEN o.pubtruncate THEN 'truncate' END),
        CASE WHEN to_jsonb(o)->>'pubviaroot' = 'true'
             THEN ', publish_via_partition_root = true' END)) AS words) v
"""
PUBLICATIONS: Final = _PUBLICATIONS.format(
    members="""SELECT 'TABLE ONLY ' || r.prrelid::regclass AS member
        FROM pg_publication_rel r WHERE r.prpubid = o.oid"""
)
PUBLICATIONS_15: Final = _PUBLICATIONS.format(
    members="""SELECT concat('TABLE ONLY ', r.prrelid::regclass, ' (' || (
            SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')',
            ' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')') AS member
        FROM pg_publication_rel r WHERE r.prpubid = o.oid
        UNION ALL SELECT format('TABLES IN SCHEMA %I', n.nspname)
        FROM pg_publication_namespace p JOIN pg_namespace n ON n.oid = p.pnnspid
        WHERE p.pnpubid = o.oid"""
)

# Each with the catalog without whose rows there is nothing to ask for.
LAST: Final = (
    (None, COMMENTS),
    ("pg_default_acl", DEFAULT_GRANTS),
    ("pg_default_acl", DEFAULT_REVOKES),
    (None, GRANTS),
    (None, REVOKES),
    ("pg_class", OWNERS),
)
