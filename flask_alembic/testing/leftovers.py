"""What is in a database beside what belongs to the migrations themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..dialects import backend_for
from ..environment.locking import lock_key
from .parts import Contents, Item, parts_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..environment.databases import Database
    from ..environment.objects import Environment


def _own(environment: Environment, database: Database) -> set[str]:
    """Return the version table and what stands beside it."""
    backend = backend_for(database.engine.dialect)
    options = environment.version_options(database.name)
    version = options.get("version_table", "alembic_version")
    return {version, *backend.own_tables(lock_key(environment, database.name))}


def tables_of(
    environment: Environment, database: Database, connection: Connection
) -> set[str]:
    """Return the names of the tables, those of migrations left out.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it.
    """
    import sqlalchemy as sa

    names = set(sa.inspect(connection).get_table_names())
    return names - _own(environment, database)


def contents(
    environment: Environment, database: Database, connection: Connection
) -> Contents:
    """Return what a database holds, in words, with what tells two states apart.

    Tables with their columns, keys, constraints and indexes; sequences; views, types,
    functions and whatever else its kind of database keeps.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it.
    """
    import sqlalchemy as sa

    backend = backend_for(database.engine.dialect)
    inspector = sa.inspect(connection)
    own = _own(environment, database)
    found: Contents = {}
    for table in inspector.get_table_names():
        if table not in own:
            found[f"table {table}"] = Item()
            found.update(parts_of(inspector, table))
    try:
        found.update({f"sequence {n}": Item() for n in inspector.get_sequence_names()})
    except NotImplementedError:
        pass
    for each in backend.schema_objects(connection):
        if each.name.partition(".")[0] not in own:
            found[f"{each.kind} {each.name}"] = Item(each.definition, drop=each.drop)
    return found


def changes(before: Contents, after: Contents) -> list[str]:
    """Return in words how two states of a database differ.

    :param before: What :func:`contents` gave first.
    :param after: What it gave later.
    """
    found = []
    for name in _gone(after, before):
        found.append(f"{name} is left behind")
        if after[name].drop:
            found.append(f"    it goes with op.execute({after[name].drop!r})")
    found += [f"{name} is missing" for name in _gone(before, after)]
    for name, item in after.items():
        if name in before and before[name].text != item.text:
            found += [
                f"{name} is not as it was:",
                f"    before {before[name].text}",
                f"    now    {item.text}",
            ]
    return found


def _gone(first: Contents, second: Contents) -> list[str]:
    """Return what is in the first alone; of a table that is not there, no parts."""
    return [
        name
        for name, item in first.items()
        if name not in second and (not item.table or f"table {item.table}" in second)
    ]
