"""A schema taken apart into named pieces of text that can be compared exactly.

Autogenerate compares models with a database and has to be lenient. Two databases on
the same kind of server can be compared as the server itself describes them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..backends.lock import LockKey
from ..backends.schema_objects import (
    SchemaObject,
    StoredDefinition,
    UncomparedObjects,
)
from .translated_schemas import (
    default_schema_of,
    in_default_schema,
    with_translated_schemas,
)

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column, MetaData, Table
    from sqlalchemy.engine import Connection, Dialect

    from ..backends.base import Backend
    from ..runtime.databases import Database
    from ..runtime.environment import Environment
    from ..script.loader import AppScriptDirectory

Key = tuple[str, str]
"""Kind and name of a part."""

_LEFT_OUT = ("auto_increment", "comment", "ignore_search_path")
# Of a table's options: the first counts rows, the second is compared by itself, the
# third is how SQLAlchemy has read the table.


@dataclass(frozen=True, slots=True)
class SchemaElement:
    """One piece of a schema."""

    kind: str
    """``table``, ``column``, ``index``, ``foreign key``, ``view``, ..."""

    name: str
    """Its name, the table's in front."""

    text: str
    """What tells it from another of that name."""

    table: str | None = None
    """The table it belongs to, unless it is one."""

    is_unnamed: bool = False
    """Whether nobody may have named it: it has no name, or one that the server made."""

    stored: str = ""
    """What the server itself says of it, where it says more."""

    restore: tuple[str, ...] = ()
    """The statements that give a part of that name what the server says of this one."""

    create: tuple[str, ...] = ()
    """The statements that make it, where SQLAlchemy does not reflect it."""

    @property
    def words(self) -> tuple[str, str]:
        """All that it is compared by."""
        return self.text, self.stored

    @property
    def key(self) -> Key:
        """What it is looked up by."""
        return self.kind, self.name


def named(kind: str, name: str, patterns: Iterable[str]) -> bool:
    """Return whether a pattern names a part, or what it belongs to.

    :param kind: What it is.
    :param name: Its name, the table's in front.
    :param patterns: As for a shell: ``celery_*``, ``author.name``, ``view:*``.
    """
    owners = (name[:at] for at, sign in enumerate(name) if sign == ".")
    names = (name, f"{kind}:{name}", *owners)
    return any(fnmatchcase(each, pattern) for pattern in patterns for each in names)


def parts_of(
    tables: Sequence[Table],
    objects: Iterable[SchemaObject],
    dialect: Dialect,
    filters: AutogenContext,
    defaults: Mapping[tuple[str | None, str, str], str],
    backend: Backend,
    stored: Iterable[StoredDefinition] = (),
) -> dict[Key, SchemaElement]:
    """Take a schema apart.

    :param tables: The reflected tables that count.
    :param objects: What there is beside tables.
    :param dialect: Writes the types.
    :param filters: Alembic's filters for columns, indexes and constraints.
    :param defaults: The defaults as the server tells them.
    :param backend: Knows the names that the server makes up.
    :param stored: What the server says of the parts of tables.
    """
    parts: dict[Key, SchemaElement] = {}
    for table in tables:
        for part in _table_parts(table, dialect, filters, defaults, backend):
            parts[part.key] = part
    for definition in stored:
        key = (definition.kind, definition.name)
        if key in parts:
            parts[key] = replace(
                parts[key], stored=definition.text, restore=definition.restore
            )
        elif ("table", definition.table) in parts and not _reflects(tables, definition):
            parts[key] = SchemaElement(
                definition.kind,
                definition.name,
                "",
                definition.table,
                stored=definition.text,
                restore=definition.restore,
                create=definition.create,
            )
    for each in objects:
        text = " ".join(each.definition.split())
        part = SchemaElement(each.kind, each.name, text, each.table)
        parts[part.key] = part
    return parts


def _reflects(tables: Iterable[Table], definition: StoredDefinition) -> bool:
    """Return whether SQLAlchemy knows a part, so that a filter has left it out."""
    name = definition.name.removeprefix(f"{definition.table}.")
    for table in tables:
        if table.fullname == definition.table:
            items = (*table.indexes, *table.constraints, *table.columns)
            return any(item.name == name for item in items)
    return False


def _table_parts(
    table: Table,
    dialect: Dialect,
    filters: AutogenContext,
    defaults: Mapping[tuple[str | None, str, str], str],
    backend: Backend,
) -> Iterator[SchemaElement]:
    name = table.fullname
    yield SchemaElement("table", name, _options(table))
    for column in table.columns:
        if _counts(filters, column, column.name, "column", table):
            default = defaults.get((table.schema, table.name, column.name))
            text = _column(column, dialect, default)
            yield SchemaElement("column", f"{name}.{column.name}", text, name)
    for kind, key, item, text in _constraints(table):
        type_: Any = {
            "index": "index",
            "unique constraint": "unique_constraint",
            "foreign key": "foreign_key_constraint",
        }.get(kind)
        if type_ is None or _counts(filters, item, item.name, type_, table):
            unnamed = item.name is None or backend.is_made_name(item)
            yield SchemaElement(kind, f"{name}.{key}", text, name, unnamed)


def _counts(
    filters: AutogenContext, item: Any, name: Any, type_: Any, table: Table
) -> bool:
    parents: Any = {"schema_name": table.schema, "table_name": table.name}
    return filters.run_name_filters(
        name, type_, parents
    ) and filters.run_object_filters(item, name, type_, True, None)


def _options(table: Table) -> str:
    options = [
        f"{name.partition('_')[2]}={value}"
        for name, value in sorted(table.kwargs.items())
        if not name.endswith(_LEFT_OUT)
    ]
    if table.comment:
        options.append(f"COMMENT {table.comment!r}")
    return " ".join(options)


def _column(column: Column[Any], dialect: Dialect, default: str | None) -> str:
    words = [type_text(column.type, dialect)]
    if not column.nullable:
        words.append("NOT NULL")
    if column.autoincrement is True and column.identity is None:
        words.append("AUTO_INCREMENT")
    if column.computed is not None:
        stored = " STORED" if column.computed.persisted else ""
        words.append(f"GENERATED AS ({column.computed.sqltext}){stored}")
    elif column.identity is not None:
        always = "ALWAYS" if column.identity.always else "BY DEFAULT"
        words.append(f"GENERATED {always} AS IDENTITY")
    elif default is not None:
        words.append(f"DEFAULT {default}")
    if column.comment:
        words.append(f"COMMENT {column.comment!r}")
    return " ".join(words)


def type_text(type_: Any, dialect: Dialect) -> str:
    """Return a type as the database writes it.

    :param type_: A reflected type.
    :param dialect: The dialect of the database.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return str(type_.compile(dialect=dialect))
    except (SQLAlchemyError, AttributeError):
        return repr(type_)  # one that SQLAlchemy does not know


def _constraints(table: Table) -> Iterator[tuple[str, str, Any, str]]:
    """Yield kind, name, item and text of what a table has beside its columns."""
    import sqlalchemy as sa

    for constraint in table.constraints:
        name = str(constraint.name) if constraint.name else ""
        if isinstance(constraint, sa.PrimaryKeyConstraint):
            columns = ", ".join(column.name for column in constraint.columns)
            if columns:
                yield "primary key", name or "primary key", constraint, columns
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            text = _foreign_key(constraint)
            yield "foreign key", name or text, constraint, text
        elif isinstance(constraint, sa.UniqueConstraint):
            columns = ", ".join(column.name for column in constraint.columns)
            text = columns + _more(constraint)
            yield "unique constraint", name or columns, constraint, text
        elif isinstance(constraint, sa.CheckConstraint):
            text = str(constraint.sqltext)
            yield "check constraint", name or text, constraint, text
    for index in table.indexes:
        columns = ", ".join(str(expression) for expression in index.expressions)
        text = ("UNIQUE " if index.unique else "") + columns + _more(index)
        yield "index", str(index.name), index, text


def _foreign_key(constraint: Any) -> str:
    columns = ", ".join(constraint.column_keys)
    targets = ", ".join(element.target_fullname for element in constraint.elements)
    options = [
        ("ON DELETE", constraint.ondelete),
        ("ON UPDATE", constraint.onupdate),
        ("MATCH", constraint.match),
        ("INITIALLY", constraint.initially),
    ]
    words = [f"{word} {value}" for word, value in options if value]
    if constraint.deferrable:
        words.append("DEFERRABLE")
    return " ".join([f"{columns} -> {targets}", *words])


def _more(item: Any) -> str:
    """Return what only this kind of database has: a method, a condition, ..."""
    options = [
        f"{name.partition('_')[2]}={_shown(value)}"
        for name, value in sorted(item.dialect_kwargs.items())
        if value not in (None, False, [], {}, ())
    ]
    return f" ({', '.join(options)})" if options else ""


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return str(value)


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

    parts: Mapping[tuple[str, str], SchemaElement] = field(default_factory=dict)
    """Everything there is, by kind and name, as text to be compared."""

    unread: tuple[UncomparedObjects, ...] = ()
    """What the database holds that was not read."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no table at all."""
        return not self.tables


def reflect(
    environment: Environment,
    scripts: AppScriptDirectory,
    database: Database,
    connection: Connection,
) -> Schema:
    """Read what a database holds; its transaction is ended.

    :param environment: The app's environment; its filters (``include_name``,
        ``include_object``, ``include_schemas``) decide what counts.
    :param scripts: The history.
    :param database: The database.
    :param connection: A connection to it.
    :raises ConfigurationError: When ``schema_translate_map`` of the engine cannot be
        followed.
    """
    backend = environment.backends.backend_for(connection.dialect)
    with in_default_schema(connection, backend):
        return _read(environment, scripts, database, connection)


def _read(
    environment: Environment,
    scripts: AppScriptDirectory,
    database: Database,
    connection: Connection,
) -> Schema:
    import sqlalchemy as sa
    from alembic.autogenerate.api import AutogenContext

    configured = environment.environment_context(database, scripts, connection)
    context = configured.get_context()
    filters = AutogenContext(context, metadata=sa.MetaData(), autogenerate=False)
    backend = environment.backends.backend_for(connection.dialect)
    metadata, defaults = sa.MetaData(), _Defaults(context)
    sa.event.listen(metadata, "column_reflect", defaults.listen)
    tables: list[TableName] = []
    with warnings.catch_warnings(), with_translated_schemas(context):
        # About types that it does not know; their names are compared all the same.
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        derived = backend.derived_tables(connection)
        for schema in _schemas(context, filters, connection):
            names = _table_names(context, filters, connection, schema)
            wanted = [name for name in names if name not in derived]
            metadata.reflect(connection, schema=schema, only=wanted)
            tables += [(schema, name) for name in wanted]
    tables = [name for name in tables if _is_described(filters, metadata, name)]
    objects = tuple(
        each
        for each in backend.schema_objects(connection)
        if _belongs(each, tables, metadata)
    )
    found = [_table(metadata, name) for name in tables]
    names = [table.fullname for table in found]
    stored = backend.stored_definitions(connection, names)
    own = _own_tables(context, backend, database, default_schema_of(connection))
    unread = backend.unread_objects(connection, [*names, *own, *derived])
    connection.rollback()
    parts = parts_of(
        found, objects, connection.dialect, filters, defaults.texts, backend, stored
    )
    return Schema(metadata, tuple(tables), objects, parts, tuple(unread))


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
    default = default_schema_of(connection)
    if (schema or default) == (context.version_table_schema or default):
        names = [name for name in names if name != context.version_table]
    parents: Any = {"schema_name": schema}
    return [
        name
        for name in sorted(names)
        if filters.run_name_filters(name, "table", dict(parents))
    ]


def _table(metadata: MetaData, name: TableName) -> Table:
    return metadata.tables[f"{name[0]}.{name[1]}" if name[0] else name[1]]


def _is_described(filters: AutogenContext, metadata: MetaData, name: TableName) -> bool:
    """Ask ``include_object`` about a table as autogenerate would."""
    table = _table(metadata, name)
    return filters.run_object_filters(table, table.name, "table", True, None)


def _own_tables(
    context: MigrationContext, backend: Backend, database: Database, default: str | None
) -> list[str]:
    """Return the version table and what stands beside it, with schemas."""
    schema = context.version_table_schema
    key = LockKey(database.name, schema, context.version_table)
    names = (context.version_table, *backend.own_tables(key))
    return [f"{schema}.{n}" if schema and schema != default else n for n in names]


def _belongs(each: SchemaObject, tables: list[TableName], metadata: MetaData) -> bool:
    """Leave out what belongs to a table that is left out."""
    known = {".".join(filter(None, name)) for name in tables}
    if each.table is not None:
        return each.table in known
    owner, dot, _ = each.name.rpartition(".")
    if not dot or each.kind != "trigger":
        return True
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
        tuple(remaining(schema.unread, patterns)),
    )


def remaining(
    uncompared: Iterable[UncomparedObjects], patterns: Sequence[str]
) -> list[UncomparedObjects]:
    """Return what is not read and that no pattern names.

    :param uncompared: What is not read.
    :param patterns: As for :func:`named`.
    """
    found = []
    for each in uncompared:
        names = [n for n in each.names if not named(each.kind, n, patterns)]
        if names:
            found.append(replace(each, names=tuple(names)))
    return found
