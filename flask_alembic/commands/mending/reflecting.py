"""What a database holds, read once: tables for Alembic, everything for comparing."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...dialects import backend_for
from .parts import Part, named, parts_of

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData, Table
    from sqlalchemy.engine import Connection

    from ...dialects.schema_objects import SchemaObject
    from ...environment.databases import Database
    from ...environment.objects import Environment
    from ...environment.scripts import Scripts

TableName = tuple[str | None, str]
"""Schema, or ``None`` for the default one, and name of a table."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What one database holds, the version table and what filters exclude left out."""

    metadata: MetaData
    """The tables, as Alembic's autogenerate reads them."""

    tables: tuple[TableName, ...]
    """Which tables count; foreign keys may have brought others."""

    objects: tuple[SchemaObject, ...] = ()
    """Views, triggers and the like, in an order in which they can be made."""

    parts: Mapping[tuple[str, str], Part] = field(default_factory=dict)
    """Everything there is, by kind and name, as text to be compared."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no table at all."""
        return not self.tables


def reflect(
    environment: Environment,
    scripts: Scripts,
    database: Database,
    connection: Connection,
) -> Schema:
    """Read what a database holds; its transaction is ended.

    :param environment: The app's environment; its filters (``include_name``,
        ``include_object``, ``include_schemas``) decide what counts.
    :param scripts: The history.
    :param database: The database.
    :param connection: A connection to it.
    """
    import sqlalchemy as sa
    from alembic.autogenerate.api import AutogenContext

    configured = environment.environment_context(database, scripts, connection)
    context = configured.get_context()
    filters = AutogenContext(context, metadata=sa.MetaData(), autogenerate=False)
    backend = backend_for(connection.dialect)
    metadata, defaults = sa.MetaData(), _Defaults(context)
    sa.event.listen(metadata, "column_reflect", defaults.listen)
    tables: list[TableName] = []
    with warnings.catch_warnings():
        # About types that it does not know; their names are compared all the same.
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        derived = backend.derived_tables(connection)
        for schema in _schemas(context, filters, connection):
            names = _table_names(context, filters, connection, schema)
            wanted = [name for name in names if name not in derived]
            metadata.reflect(connection, schema=schema, only=wanted)
            tables += [(schema, name) for name in wanted]
    tables = [name for name in tables if _counts(filters, metadata, name)]
    objects = tuple(
        each
        for each in backend.schema_objects(connection)
        if _belongs(each, tables, metadata)
    )
    connection.rollback()
    found = [_table(metadata, name) for name in tables]
    parts = parts_of(found, objects, connection.dialect, filters, defaults.texts)
    return Schema(metadata, tuple(tables), objects, parts)


class _Defaults:
    """Lets Alembic prepare reflected columns, and keeps defaults as they were.

    It drops the default of a column that a sequence of its own feeds, to write it as a
    plain autoincrementing one; so is it compared, as the sequence's name says nothing.
    """

    def __init__(self, context: MigrationContext) -> None:
        self.context = context
        self.texts: dict[tuple[str | None, str, str], str] = {}

    def listen(self, inspector: Any, table: Table, column_info: Any) -> None:
        """Hear of each reflected column."""
        default = column_info.get("default")
        # What Alembic's own comparison listens with.
        prepare: Any = self.context.impl.autogen_column_reflect
        prepare(inspector, table, column_info)
        if default is not None and column_info.get("default") is not None:
            key = (table.schema, table.name, column_info["name"])
            self.texts[key] = str(default)


def _schemas(
    context: MigrationContext, filters: AutogenContext, connection: Connection
) -> Iterator[str | None]:
    """Yield the schemas that Alembic would compare."""
    import sqlalchemy as sa

    found: list[str | None] = [None]
    if context.opts.get("include_schemas"):
        default = connection.dialect.default_schema_name
        names = sa.inspect(connection).get_schema_names()
        found += [n for n in names if n not in ("information_schema", default)]
    for name in found:
        if filters.run_name_filters(name, "schema", {}):
            yield name


def _table_names(
    context: MigrationContext,
    filters: AutogenContext,
    connection: Connection,
    schema: str | None,
) -> list[str]:
    import sqlalchemy as sa

    names = sa.inspect(connection).get_table_names(schema=schema)
    if schema == context.version_table_schema:
        names = [name for name in names if name != context.version_table]
    parents: Any = {"schema_name": schema}
    return [
        name
        for name in sorted(names)
        if filters.run_name_filters(name, "table", dict(parents))
    ]


def _table(metadata: MetaData, name: TableName) -> Table:
    return metadata.tables[f"{name[0]}.{name[1]}" if name[0] else name[1]]


def _counts(filters: AutogenContext, metadata: MetaData, name: TableName) -> bool:
    """Ask ``include_object`` about a table as autogenerate would."""
    table = _table(metadata, name)
    return filters.run_object_filters(table, table.name, "table", True, None)


def _belongs(each: SchemaObject, tables: list[TableName], metadata: MetaData) -> bool:
    """Leave out what belongs to a table that is left out."""
    owner, dot, _ = each.name.rpartition(".")
    if not dot or each.kind not in ("trigger", "exclusion constraint", "partitioning"):
        return True
    known = {".".join(filter(None, name)) for name in tables}
    return owner in known or owner not in metadata.tables


def row_counts(schema: Schema, connection: Connection) -> dict[str, int]:
    """Return how many rows each table has, those without any left out.

    :param schema: What the database holds.
    :param connection: A connection to it; its transaction is ended.
    """
    import sqlalchemy as sa

    counts: dict[str, int] = {}
    for name in schema.tables:
        table = _table(schema.metadata, name)
        count = connection.scalar(sa.select(sa.func.count()).select_from(table))
        if count:
            counts[".".join(filter(None, name))] = int(count)
    connection.rollback()
    return counts


def part_of(schema: Schema, patterns: Sequence[str]) -> Schema:
    """Return a schema without what patterns name.

    :param schema: What a database holds.
    :param patterns: As for :func:`.parts.named`.
    """

    def stays(kind: str, name: str) -> bool:
        return not named(kind, name, patterns)

    return Schema(
        schema.metadata,
        tuple(
            name
            for name in schema.tables
            if stays("table", ".".join(filter(None, name)))
        ),
        tuple(each for each in schema.objects if stays(each.kind, each.name)),
        {key: part for key, part in schema.parts.items() if stays(*key)},
    )
