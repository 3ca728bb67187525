"""Views, triggers and routines of MySQL and MariaDB, as ``SHOW CREATE`` has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..schema_objects import SchemaObject
from ..statements import run

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SEQUENCES = """
SELECT 'SEQUENCE', table_name FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE' ORDER BY table_name
"""
_ROUTINES = """
SELECT routine_type, routine_name FROM information_schema.routines
WHERE routine_schema = DATABASE() ORDER BY created, routine_type, routine_name
"""
_VIEWS = """
SELECT 'VIEW', table_name FROM information_schema.views
WHERE table_schema = DATABASE() ORDER BY table_name
"""
_TRIGGERS = """
SELECT 'TRIGGER', trigger_name, event_object_table FROM information_schema.triggers
WHERE trigger_schema = DATABASE() ORDER BY event_object_table, action_order
"""
_EVENTS = """
SELECT 'EVENT', event_name FROM information_schema.events
WHERE event_schema = DATABASE() ORDER BY event_name
"""
# What is granted in this database; MySQL keeps the same of a database that is gone.
_GRANTS = """
SELECT CONCAT('table ', table_name), CONCAT('`', REPLACE(table_name, '`', '``'), '`'),
       grantee, is_grantable, table_name,
       GROUP_CONCAT(privilege_type ORDER BY privilege_type SEPARATOR ', ')
FROM information_schema.table_privileges WHERE table_schema = DATABASE()
GROUP BY table_name, grantee, is_grantable
UNION ALL
SELECT CONCAT('column ', table_name, '.', column_name),
       CONCAT('`', REPLACE(table_name, '`', '``'), '`'), grantee, is_grantable,
       table_name, GROUP_CONCAT(CONCAT(privilege_type, ' (`',
           REPLACE(column_name, '`', '``'), '`)') ORDER BY privilege_type SEPARATOR ', ')
FROM information_schema.column_privileges WHERE table_schema = DATABASE()
GROUP BY table_name, column_name, grantee, is_grantable
UNION ALL
SELECT 'database', '*', grantee, is_grantable, NULL,
       GROUP_CONCAT(privilege_type ORDER BY privilege_type SEPARATOR ', ')
FROM information_schema.schema_privileges WHERE table_schema = DATABASE()
GROUP BY grantee, is_grantable
"""
_STARTS = re.compile(r" STARTS '[^']*'")
_BEGUN = """
SELECT event_name FROM information_schema.events
WHERE event_schema = DATABASE() AND starts = created
"""
# Who made it; on another server there may be no such user.
_DEFINER = re.compile(r"\s+DEFINER\s*=\s*\S+@\S+")


def schema_objects(connection: Connection) -> list[SchemaObject]:
    """Return what there is beside tables, in an order in which it can be made.

    :param connection: A connection to the database.
    """
    database = run(connection, "SELECT DATABASE()").scalar()
    begun = set(run(connection, _BEGUN).scalars())
    found: list[SchemaObject] = []
    modes: list[SchemaObject] = []
    for query in (_SEQUENCES, _ROUTINES, _VIEWS, _TRIGGERS, _EVENTS):
        for type_, name, *table in run(connection, query).all():
            create, mode = _create(connection, str(type_), name, database)
            if type_ == "EVENT" and name in begun and create is not None:
                # It begins when it is made, if nothing else is said.
                create = _STARTS.sub("", create, count=1)
            kind, name_ = str(type_).lower(), f"{table[0]}.{name}" if table else name
            owner = table[0] if table else None
            found.append(
                SchemaObject(
                    kind=kind,
                    name=name_,
                    definition=" ".join((create or "").split()),
                    create=create,
                    drop=f"DROP {type_} {_quoted(name)}",
                    early=type_ == "SEQUENCE",
                    table=owner,
                )
            )
            if mode is not None:
                modes.append(
                    SchemaObject("SQL mode", f"{kind} {name_}", mode, None, table=owner)
                )
    return [*_views_last_needed(found), *modes, *_grants(connection)]


def _grants(connection: Connection) -> list[SchemaObject]:
    """Return the privileges on what the database holds."""
    found = []
    for what, target, grantee, grantable, table, privileges in run(connection, _GRANTS):
        option = " WITH GRANT OPTION" if grantable == "YES" else ""
        found.append(
            SchemaObject(
                "grant",
                f"{what} TO {grantee}",
                privileges + option,
                f"GRANT {privileges} ON {target} TO {grantee}{option}",
                f"REVOKE {privileges} ON {target} FROM {grantee}",
                table=table,
            )
        )
    return found


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _create(
    connection: Connection, type_: str, name: str, database: str
) -> tuple[str | None, str | None]:
    """Return the statement that makes something, without database and definer.

    Also the SQL mode in which it was made, if that is not the one of the session.
    """
    shown = connection.exec_driver_sql(
        f"SHOW CREATE {type_} {_quoted(name)}".replace("%", "%%")
    )
    row = shown.mappings().one()
    keys = {
        "TRIGGER": "SQL Original Statement",
        "SEQUENCE": "Create Table",
        "PACKAGE": "Create Package",
        "PACKAGE BODY": "Create Package Body",
    }
    text = row.get(keys.get(type_, f"Create {type_.title()}"))
    mode = row.get("sql_mode")
    if mode == run(connection, "SELECT @@sql_mode").scalar():
        mode = None
    if text is None:  # without the privilege to see it
        return None, mode
    return _DEFINER.sub("", text).replace(f"{_quoted(database)}.", ""), mode


def _views_last_needed(found: list[SchemaObject]) -> list[SchemaObject]:
    """Put each view behind the views that its definition names."""
    views = {each.name: each for each in found if each.kind == "view"}
    ordered: dict[str, SchemaObject] = {}

    def add(view: SchemaObject, path: tuple[str, ...]) -> None:
        for name, other in views.items():
            known = name in ordered or name in (*path, view.name)
            if not known and _quoted(name) in view.definition:
                add(other, (*path, view.name))
        ordered.setdefault(view.name, view)

    for view in views.values():
        add(view, ())
    others = [each for each in found if each.kind != "view"]
    first = ("sequence", "function", "procedure", "package", "package body")
    routines = [each for each in others if each.kind in first]
    rest = [e for e in others if e not in routines]
    return [*routines, *ordered.values(), *rest]
