"""What is in a database beside what belongs to the migrations themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..dialects import backend_for
from ..environment.locking import lock_key

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
) -> dict[str, str]:
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
    found = {
        f"table {table}": _shape(inspector, table)
        for table in inspector.get_table_names()
        if table not in own
    }
    try:
        found.update(
            {f"sequence {name}": "" for name in inspector.get_sequence_names()}
        )
    except NotImplementedError:
        pass
    for each in backend.schema_objects(connection):
        if each.name.partition(".")[0] not in own:
            found[f"{each.kind} {each.name}"] = each.definition
    return found


def _shape(inspector: Any, table: str) -> str:
    """Return all that can be reflected of a table, in an order of its own."""
    parts = [
        sorted(
            (
                column["name"],
                repr(column["type"]),
                column["nullable"],
                str(column.get("default")),
            )
            for column in inspector.get_columns(table)
        ),
        inspector.get_pk_constraint(table).get("constrained_columns"),
        _sorted(inspector.get_foreign_keys(table)),
        _sorted(inspector.get_unique_constraints(table)),
        _sorted(inspector.get_indexes(table)),
        _sorted(inspector.get_check_constraints(table)),
    ]
    return repr(parts)


def _sorted(constraints: Any) -> list[str]:
    return sorted(repr(sorted(each.items(), key=str)) for each in constraints)


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return in words how two states of a database differ.

    :param before: What :func:`contents` gave first.
    :param after: What it gave later.
    """
    found = [f"{name} is left behind" for name in after if name not in before]
    found += [f"{name} is missing" for name in before if name not in after]
    found += [
        f"{name} is not as it was:\n      before {before[name]}\n      now    {text}"
        for name, text in after.items()
        if name in before and before[name] != text
    ]
    return found
