"""What a PostgreSQL database holds that no query of ours reads.

Every catalog with object ids is counted, whatever the version of the server has: a kind
of object that nobody thought of has a name here too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from ..schema_objects import UncomparedObjects
from ..statements import run

if TYPE_CHECKING:
    from sqlalchemy import Connection

READ: Final = frozenset(
    {
        "pg_attrdef",
        "pg_cast",
        "pg_collation",
        "pg_constraint",
        "pg_default_acl",
        "pg_enum",
        "pg_event_trigger",
        "pg_extension",
        "pg_foreign_data_wrapper",
        "pg_foreign_server",
        "pg_namespace",
        "pg_operator",
        "pg_policy",
        "pg_proc",
        "pg_publication",
        "pg_publication_namespace",
        "pg_publication_rel",
        "pg_rewrite",
        "pg_statistic_ext",
        "pg_trigger",
        "pg_ts_config",
        "pg_ts_dict",
        "pg_type",
    }
)
"""Catalogs all of whose rows are read, as objects or as parts of objects."""

_RELATIONS: Final = "('r', 'p', 'i', 'I', 't', 'v', 'm', 'S', 'c', 'f')"
_CATALOGS: Final = """
SELECT c.relname, c.relisshared, has_table_privilege(c.oid, 'SELECT') FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'oid'
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
"""
# Named with the operator class or family, or read through a view that everybody may read.
_ELSEWHERE: Final = frozenset({"pg_amop", "pg_amproc", "pg_user_mapping"})
_OF_A_CATALOG: Final = """
SELECT i.type, i.identity FROM {catalog} o
CROSS JOIN LATERAL pg_identify_object('{class_}'::regclass, o.oid, 0) i
WHERE o.oid >= 16384 AND i.type IS NOT NULL AND coalesce(i.schema, '') NOT LIKE 'pg_%'
  AND {more} AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = '{class_}'::regclass
    AND d.objid = o.oid AND (d.deptype = 'e' OR {internal}))
"""
_CLASSES: Final = {"pg_largeobject_metadata": "pg_largeobject"}
_UNNAMED: Final = "SELECT o.oid FROM {catalog} o WHERE o.oid >= 16384"
_MORE: Final = {"pg_class": f"o.relkind NOT IN {_RELATIONS}"}
# What is in no catalog with object ids, or in one that all databases share.
_OTHERS: Final = """
SELECT 'security label', i.type || ' ' || i.identity FROM pg_seclabel s
CROSS JOIN LATERAL pg_identify_object(s.classoid, s.objoid, s.objsubid) i
UNION ALL
SELECT 'setting of the database', split_part(x, '=', 1) || coalesce(
    ' of ' || nullif(pg_get_userbyid(s.setrole)::text, 'unknown (OID=0)'), '')
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL unnest(s.setconfig) x WHERE d.datname = current_database()
UNION ALL
SELECT 'privilege on the database', CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE
    pg_get_userbyid(x.grantee)::text END || ': ' || x.privilege_type
FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) x
WHERE d.datname = current_database() AND x.grantee <> d.datdba
  AND NOT (x.grantee = 0 AND x.privilege_type IN ('CONNECT', 'TEMPORARY'))
UNION ALL
SELECT 'comment on the database', d.datname::text FROM pg_database d
WHERE d.datname = current_database() AND shobj_description(d.oid, 'pg_database') <> ''
UNION ALL
SELECT 'user mapping', usename || ' on server ' || srvname FROM pg_user_mappings
UNION ALL
SELECT 'object of an extension', i.type || ' ' || i.identity FROM pg_depend d
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
WHERE d.deptype = 'x'
"""
# Not everybody may read the table itself.
_SUBSCRIPTIONS: Final = """
SELECT 'subscription', s.subname::text FROM pg_stat_subscription s
JOIN pg_subscription p ON p.oid = s.subid
JOIN pg_database d ON d.oid = p.subdbid WHERE d.datname = current_database()
"""
_TABLES: Final = """
SELECT CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname || '.' END
       || c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg_%' AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.deptype = 'e')
"""


def unread_objects(
    connection: Connection, tables: Collection[str]
) -> list[UncomparedObjects]:
    """Return what the database holds that is not read.

    :param connection: A connection to the database.
    :param tables: The tables that are read, or that are ours.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for catalog, is_shared, is_readable in sorted(_rows(connection, _CATALOGS)):
        if is_shared or catalog in READ or catalog in _ELSEWHERE:
            continue
        if not is_readable:
            found["catalog that this role may not read"].add(catalog)
            continue
        for kind, name in _members(connection, catalog):
            found[kind].add(name)
    for kind, name in _rows(connection, _OTHERS):
        found[kind].add(name)
    for kind, name in _subscriptions(connection):
        found[kind].add(name)
    for (name,) in _rows(connection, _TABLES):
        if name not in tables:
            found["excluded table"].add(name)
    return [
        UncomparedObjects(kind, tuple(sorted(names)))
        for kind, names in sorted(found.items())
    ]


def _members(connection: Connection, catalog: str) -> list[tuple[str, str]]:
    from sqlalchemy.exc import DBAPIError

    query = _OF_A_CATALOG.format(
        catalog=catalog,
        class_=_CLASSES.get(catalog, catalog),
        more=_MORE.get(catalog, "true"),
        internal="d.deptype IN ('a', 'i') AND d.refobjid >= 16384",
    )
    try:
        with connection.begin_nested():
            return [(kind, name) for kind, name in _rows(connection, query)]
    except DBAPIError:  # a catalog whose rows the server does not name
        ids = _rows(connection, _UNNAMED.format(catalog=catalog))
        return [(f"row of {catalog}", str(id_)) for (id_,) in ids]


def _subscriptions(connection: Connection) -> Any:
    allowed = "SELECT has_column_privilege('pg_subscription', 'subdbid', 'SELECT')"
    return (
        _rows(connection, _SUBSCRIPTIONS) if run(connection, allowed).scalar() else ()
    )


def _rows(connection: Connection, query: str) -> Any:
    # A colon before a word would be taken for a parameter.
    text = query.replace("::", r"\:\:").replace("': '", r"'\: '")
    return run(connection, text).all()
