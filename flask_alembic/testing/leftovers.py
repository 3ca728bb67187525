"""What is in a database beside what belongs to the migrations themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..backends.schema_objects import ENVIRONMENT_KINDS
from ..runtime.environment import lock_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..runtime.databases import Database
    from ..runtime.environment import Environment


@dataclass(frozen=True, slots=True)
class SchemaPart:
    """One thing in a database.

    :param text: What tells it from another of the same name.
    :param table: The table that it is a part of.
    :param drop: The statement that drops it, where that is not obvious.
    """

    text: str = ""
    table: str = ""
    drop: str | None = None


Contents = dict[str, SchemaPart]
"""What a database holds, by kind and name."""


def parts_of(inspector: Any, table: str) -> Contents:
    """Return all that can be reflected of a table.

    :param inspector: Of the connection.
    :param table: Its name.
    """
    found: Contents = {}
    for name, text in _parts(inspector, table):
        while name in found:
            name += " (again)"
        found[name] = SchemaPart(text, table=table)
    return found


def _parts(inspector: Any, table: str) -> Iterator[tuple[str, str]]:
    for column in inspector.get_columns(table):
        yield f"column {table}.{column['name']}", _column(column)
    key = inspector.get_pk_constraint(table).get("constrained_columns") or ()
    if key:
        yield f"primary key of {table}", _columns(key)
    for each in inspector.get_foreign_keys(table):
        yield _named("foreign key", table, each, _foreign_key(each))
    for each in inspector.get_unique_constraints(table):
        text = _columns(each["column_names"]) + _rest(each, "column_names")
        yield _named("unique constraint", table, each, text)
    for each in inspector.get_indexes(table):
        yield _named("index", table, each, _index(each))
    for each in inspector.get_check_constraints(table):
        text = f"({each['sqltext']})" + _rest(each, "sqltext")
        yield _named("check", table, each, text)


def _named(
    kind: str, table: str, part: Mapping[str, Any], text: str
) -> tuple[str, str]:
    """Return name and text; what has no name goes by its text."""
    if part.get("name"):
        return f"{kind} {part['name']} of {table}", text
    return f"{kind} {text} of {table}", text


def _column(column: Mapping[str, Any]) -> str:
    null = "NULL" if column["nullable"] else "NOT NULL"
    default = column.get("default")
    return f"{column['type']!r} {null}" + (f" DEFAULT {default}" if default else "")


def _foreign_key(key: Mapping[str, Any]) -> str:
    schema = f"{key['referred_schema']}." if key.get("referred_schema") else ""
    ours, theirs = map(_columns, (key["constrained_columns"], key["referred_columns"]))
    told = ("constrained_columns", "referred_table", "referred_columns")
    rest = _rest(key, *told, "referred_schema")
    return f"{ours} to {schema}{key['referred_table']} {theirs}{rest}"


def _index(index: Mapping[str, Any]) -> str:
    names = index.get("expressions") or index["column_names"]
    told = ("column_names", "expressions", "unique")
    unique = " unique" if index.get("unique") else ""
    return f"{_columns(names)}{unique}{_rest(index, *told)}"


def _columns(names: Any) -> str:
    return f"({', '.join(str(name) for name in names)})"


def _rest(part: Mapping[str, Any], *told: str) -> str:
    """Return what else there is to a part, in an order of its own."""
    rest = sorted(
        f" {key}={value!r}"
        for key, value in part.items()
        if key not in (*told, "name") and value
    )
    return "".join(rest)


def _own(environment: Environment, database: Database) -> set[str]:
    """Return the version table and what stands beside it."""
    backend = database.backend
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

    backend = database.backend
    inspector = sa.inspect(connection)
    own = _own(environment, database)
    found: Contents = {}
    for table in inspector.get_table_names():
        if table not in own:
            found[f"table {table}"] = SchemaPart()
            found.update(parts_of(inspector, table))
    try:
        found.update(
            {f"sequence {n}": SchemaPart() for n in inspector.get_sequence_names()}
        )
    except NotImplementedError:
        pass
    for each in backend.schema_objects(connection):
        if each.kind in ENVIRONMENT_KINDS:
            continue  # of the database that was lent or made, whatever a revision does
        if each.name.partition(".")[0] not in own:
            found[f"{each.kind} {each.name}"] = SchemaPart(
                each.definition, drop=each.drop
            )
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
