"""What a PostgreSQL database holds beside tables, as the SQL that makes it.

Read from the catalogs with the server's own ``pg_get_*def`` functions, in the order of
the object ids, which is the order in which things were made. What belongs to an
extension comes with it and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..schema_objects import SchemaObject, StoredDefinition
from ..statements import run
from . import identity_queries, object_queries, table_queries
from .object_queries import IN as _IN
from .object_queries import OURS as _OURS

if TYPE_CHECKING:
    from sqlalchemy import Connection

_Query = tuple[str | None, str]
"""A catalog without whose rows there is nothing to ask for, and a query."""

# In this order they are made; of one group in the order of the object ids.
_LATE: Final = (
    table_queries.CONSTRAINTS,
    object_queries.BEFORE_VIEWS,
    table_queries.TABLES,
    object_queries.VIEWS,
    object_queries.AFTER_VIEWS,
    table_queries.SECURITY,
)


def schema_objects(connection: Connection) -> list[SchemaObject]:
    """Return what there is beside tables, in an order in which it can be made.

    :param connection: A connection to the database.
    """
    version = connection.dialect.server_version_info or (0,)
    publications = (
        identity_queries.PUBLICATIONS_15
        if version >= (15,)
        else identity_queries.PUBLICATIONS
    )
    late = (
        *_LATE,
        (("pg_publication", publications),),
        *((query,) for query in (*object_queries.LAST, *identity_queries.LAST)),
    )
    filled = _filled_catalogs(connection, (object_queries.EARLY, *late))
    found = list(_read(connection, object_queries.EARLY, filled, early=True))
    for group in late:
        found += _read(connection, group, filled)
    return found


def _filled_catalogs(
    connection: Connection, groups: Sequence[Sequence[_Query]]
) -> set[str | None]:
    """Return which catalogs hold anything that does not come with the server."""
    catalogs = {catalog for group in groups for catalog, _ in group if catalog}
    query = " UNION ALL ".join(
        f"SELECT '{catalog}' WHERE EXISTS (SELECT 1 FROM {catalog} WHERE oid >= 16384)"
        for catalog in sorted(catalogs)
    )
    return {None, *(catalog for (catalog,) in _rows(connection, query))}


def _read(
    connection: Connection,
    queries: Sequence[_Query],
    filled: set[str | None],
    *,
    early: bool = False,
) -> Iterator[SchemaObject]:
    rows = [
        row
        for catalog, query in queries
        if catalog in filled
        for row in _rows(connection, query)
    ]
    for kind, name, definition, create, drop, table, _ in sorted(
        rows, key=lambda row: row[-1]
    ):
        yield SchemaObject(kind, name, definition or "", create, drop, early, table)


def _rows(connection: Connection, query: str) -> Any:
    # A colon before a word would be taken for a parameter.
    return run(connection, query.replace("::", r"\:\:")).all()


def stored_definitions(connection: Connection) -> list[StoredDefinition]:
    """Return the server's words of constraints and indexes.

    :param connection: A connection to the database.
    """
    return [
        StoredDefinition(kind, name, table, text, tuple(restore))
        for kind, name, table, text, restore in _rows(
            connection, table_queries.DEFINITIONS
        )
    ]


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


_UNMADE = "create_type=False"


def without_making(type_: Any) -> bool:
    """Let a type not be made with its table, also inside an array.

    :param type_: A reflected type; it is changed.
    """
    item = getattr(type_, "item_type", None)
    if item is not None:
        return without_making(item)
    if not hasattr(type_, "create_type"):
        return False
    type_.create_type = False
    return True


def render_type(type_: Any) -> str | None:
    """Return how a type that is not made with its table is written.

    SQLAlchemy writes it so itself since 2.1.

    :param type_: A reflected type.
    """
    item = getattr(type_, "item_type", None)
    if item is not None:
        inner = render_type(item)
        if inner is None:
            return None
        more = f", dimensions={type_.dimensions}" if type_.dimensions else ""
        return f"postgresql.ARRAY({inner}{more})"
    if getattr(type_, "create_type", True):
        return None
    text = repr(type_)
    return f"postgresql.{text if _UNMADE in text else f'{text[:-1]}, {_UNMADE})'}"
