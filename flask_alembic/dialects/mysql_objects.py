"""Views, triggers and routines of MySQL and MariaDB, as ``SHOW CREATE`` has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .schema_objects import SchemaObject
from .statements import run

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROUTINES = """
SELECT routine_type, routine_name FROM information_schema.routines
WHERE routine_schema = DATABASE() ORDER BY created, routine_name
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
# Who made it; on another server there may be no such user.
_DEFINER = re.compile(r"\s+DEFINER\s*=\s*\S+@\S+")


def schema_objects(connection: Connection) -> list[SchemaObject]:
    """Return what there is beside tables, in an order in which it can be made.

    :param connection: A connection to the database.
    """
    database = run(connection, "SELECT DATABASE()").scalar()
    found: list[SchemaObject] = []
    for query in (_ROUTINES, _VIEWS, _TRIGGERS, _EVENTS):
        for type_, name, *table in run(connection, query).all():
            create = _create(connection, str(type_), name, database)
            found.append(
                SchemaObject(
                    kind=str(type_).lower(),
                    name=f"{table[0]}.{name}" if table else name,
                    definition=" ".join((create or "").split()),
                    create=create,
                    drop=f"DROP {type_} {_quoted(name)}",
                )
            )
    return _views_last_needed(found)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _create(connection: Connection, type_: str, name: str, database: str) -> str | None:
    """Return the statement that makes something, without database and definer."""
    shown = connection.exec_driver_sql(
        f"SHOW CREATE {type_} {_quoted(name)}".replace("%", "%%")
    )
    row = shown.mappings().one()
    key = "SQL Original Statement" if type_ == "TRIGGER" else f"Create {type_.title()}"
    text = row.get(key)
    if text is None:  # without the privilege to see it
        return None
    return _DEFINER.sub("", text).replace(f"{_quoted(database)}.", "")


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
    routines = [e for e in others if e.kind in ("function", "procedure")]
    rest = [e for e in others if e not in routines]
    return [*routines, *ordered.values(), *rest]
