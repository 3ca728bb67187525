"""What a MySQL or MariaDB database holds that no query of ours reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from ..schema_objects import UncomparedObjects
from ..statements import run

if TYPE_CHECKING:
    from sqlalchemy import Connection

READ: Final = frozenset(
    {
        "CHECK_CONSTRAINTS",
        "COLUMNS",
        "COLUMN_PRIVILEGES",
        "EVENTS",
        "KEY_COLUMN_USAGE",
        "PARAMETERS",
        "PARTITIONS",
        "REFERENTIAL_CONSTRAINTS",
        "ROUTINES",
        "SCHEMA_PRIVILEGES",
        "SEQUENCES",
        "STATISTICS",
        "TABLES",
        "TABLE_CONSTRAINTS",
        "TABLE_PRIVILEGES",
        "TRIGGERS",
        "VIEWS",
        # What others say in other words.
        "CHECK_CONSTRAINT",
        "COLUMNS_EXTENSIONS",
        "COLUMN_STATISTICS",
        "GEOMETRY_COLUMNS",
        "KEY_PERIOD_USAGE",
        "PERIODS",
        "ROLE_COLUMN_GRANTS",
        "ROLE_ROUTINE_GRANTS",
        "ROLE_TABLE_GRANTS",
        "ST_GEOMETRY_COLUMNS",
        "TABLES_EXTENSIONS",
        "TABLE_CONSTRAINTS_EXTENSIONS",
        "VIEW_ROUTINE_USAGE",
        "VIEW_TABLE_USAGE",
        # What happened, not what was made.
        "FILES",
        "INDEX_STATISTICS",
        "TABLE_STATISTICS",
    }
)
"""Tables of ``information_schema`` whose rows are read, or say nothing new."""

_COLUMNS: Final = """
SELECT table_name, MIN(column_name) FROM information_schema.columns
WHERE table_schema = 'information_schema' AND column_name IN
  ('TABLE_SCHEMA', 'OBJECT_SCHEMA', 'EVENT_SCHEMA', 'ROUTINE_SCHEMA', 'SEQUENCE_SCHEMA',
   'TRIGGER_SCHEMA', 'CONSTRAINT_SCHEMA', 'LIBRARY_SCHEMA', 'VIEW_SCHEMA')
GROUP BY table_name
"""
_TABLES: Final = """
SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
AND table_type NOT IN ('VIEW', 'SYSTEM VIEW', 'SEQUENCE', 'TEMPORARY')
"""
_ROUTINE_GRANTS: Final = """
SELECT CONCAT(routine_name, ' TO ', user, '@', host) FROM mysql.procs_priv
WHERE db = DATABASE()
"""
_DEFINERS: Final = """
SELECT CONCAT('routine ', routine_name), definer FROM information_schema.routines
WHERE routine_schema = DATABASE()
UNION ALL SELECT CONCAT('view ', table_name), definer FROM information_schema.views
WHERE table_schema = DATABASE()
UNION ALL SELECT CONCAT('trigger ', trigger_name), definer
FROM information_schema.triggers WHERE trigger_schema = DATABASE()
UNION ALL SELECT CONCAT('event ', event_name), definer FROM information_schema.events
WHERE event_schema = DATABASE()
"""


def unread_objects(
    connection: Connection, tables: Collection[str]
) -> list[UncomparedObjects]:
    """Return what the database holds that is not read.

    :param connection: A connection to the database.
    :param tables: The tables that are read, or that are ours.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for table, column in run(connection, _COLUMNS).all():
        if table.upper() in READ or table.upper().startswith("INNODB_"):
            continue
        count = run(
            connection,
            f"SELECT COUNT(*) FROM information_schema.`{table}` "
            f"WHERE `{column}` = DATABASE()",
        ).scalar()
        if count:
            found["row of information_schema"].add(f"{table}: {count}")
    found["excluded table"] = {*run(connection, _TABLES).scalars()} - {*tables}
    user = run(connection, "SELECT CURRENT_USER()").scalar()
    found["definer"] = {
        f"{what}: {definer}"
        for what, definer in run(connection, _DEFINERS)
        if definer != user
    }
    found["grant on a routine"] = _routine_grants(connection)
    return [
        UncomparedObjects(kind, tuple(sorted(names)))
        for kind, names in sorted(found.items())
        if names
    ]


def _routine_grants(connection: Connection) -> set[str]:
    """Return who may execute what, if we may know."""
    from sqlalchemy.exc import DBAPIError

    try:
        return {*run(connection, _ROUTINE_GRANTS).scalars()}
    except DBAPIError:
        return set()
