"""The schemas that models name: compared, and created where the database has none.

Scratch databases get these, and the extensions of the live database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .operations import escape_parameters

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation, MigrationScript
    from alembic.script import Script
    from sqlalchemy import Connection

    from ..backends.base import Backend
    from ..runtime.databases import Database


def compared_schemas(database: Database) -> frozenset[str]:
    """Return the schemas beside the default one that models name.

    :param database: The database; its dialect knows the default one once a connection
        was made.
    :return: None where the kind of database has no schemas.
    """
    if not database.backend.schemas_are_inside:
        return frozenset()
    default = database.engine.dialect.default_schema_name
    return frozenset(
        table.schema
        for metadata in database.metadata
        for table in metadata.tables.values()
        if table.schema and table.schema != default
    )


def add_schema_operations(
    connection: Connection, script: MigrationScript, backend: Backend
) -> None:
    """Create the schemas of new tables that are missing, and drop them on the way down.

    A schema that is there belongs to whoever created it: nothing is done about it.

    :param connection: A connection to the database; it only reads.
    :param script: Its last pair of operations is changed.
    :param backend: Of the database.
    """
    import sqlalchemy as sa
    from alembic.operations.ops import ExecuteSQLOp

    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    needed = {name for each in upgrade.ops for name in _schemas(each, backend)}
    if not needed:
        return
    missing = sorted(needed.difference(sa.inspect(connection).get_schema_names()))
    for name in missing:
        quoted = escape_parameters(_quoted(name, backend))
        create = f"CREATE SCHEMA IF NOT EXISTS {quoted}"
        upgrade.ops.insert(0, ExecuteSQLOp(create))
        downgrade.ops.append(ExecuteSQLOp(f"DROP SCHEMA IF EXISTS {quoted}"))


def _quoted(name: str, backend: Backend) -> str:
    """Return a name without what only the driver needs."""
    quote = backend.dialect.identifier_preparer.quote
    return quote(name).replace("%%", "%") if "%%" in quote("%") else quote(name)


def _schemas(operation: MigrateOperation, backend: Backend) -> Iterator[str]:
    """Yield the schemas that an operation puts a new table or its types in."""
    from alembic.operations.ops import AddColumnOp, CreateTableOp, ModifyTableOps
    from sqlalchemy import Column

    columns: list[Any] = []
    if isinstance(operation, CreateTableOp):
        if operation.schema:
            yield operation.schema
        columns += operation.columns
    elif isinstance(operation, ModifyTableOps):
        added = (each for each in operation.ops if isinstance(each, AddColumnOp))
        columns += (each.column for each in added)
    for column in columns:
        enum = backend.enum_of(column.type) if isinstance(column, Column) else None
        if enum is not None and enum.schema and enum.create_type:
            yield str(enum.schema)


def prepare_schemas(
    database: Database,
    connection: Connection,
    scripts: Iterable[Script],
    version_schema: str | None = None,
) -> None:
    """Create schemas in a scratch database that the live one has and no revision creates.

    These are the schemas that models name, that of the version table, and the first one
    of a ``search_path`` of its own.

    :param database: The live database; it is only read.
    :param connection: A connection to the scratch database; no transaction is open,
        and none is left open.
    :param scripts: The history.
    :param version_schema: The schema of the version table; ``None`` for the default one.
    """
    import sqlalchemy as sa

    if not database.backend.schemas_are_inside:
        return
    names = compared_schemas(database)
    default = database.engine.dialect.default_schema_name
    dialect = connection.dialect
    names |= {
        name
        for name in (default, version_schema)
        if name is not None and name != dialect.default_schema_name
    }
    if not names:
        return
    names = names.difference(sa.inspect(connection).get_schema_names())
    connection.rollback()
    names = names.difference(_created(scripts, names, "SCHEMA"))
    if not names:
        return
    with database.engine.connect() as live:
        names = names.intersection(sa.inspect(live).get_schema_names())
    for name in sorted(names):
        connection.execute(sa.schema.CreateSchema(name, if_not_exists=True))
    connection.commit()
    if default in names and dialect.default_schema_name is None:
        # It was read when there was no schema of the search_path yet.
        dialect.default_schema_name = default


def prepare_extensions(
    database: Database, connection: Connection, scripts: Iterable[Script]
) -> None:
    """Create extensions in a scratch database that no revision creates.

    These are the extensions of the live database: an administrator may have created
    them. What the user may not create is left out.

    :param database: The live database; it is only read.
    :param connection: A connection to the scratch database; no transaction is open,
        and none is left open.
    :param scripts: The history.
    """
    from sqlalchemy.exc import DBAPIError

    catalog = database.backend.catalog()
    if catalog is None:
        return
    with database.engine.connect() as live:
        names = set(catalog.extensions(live))
    if names:
        names -= {
            *catalog.extensions(connection),
            *_created(scripts, names, "EXTENSION"),
        }
        connection.rollback()
    for name in sorted(names):
        try:
            connection.exec_driver_sql(catalog.extension_statement(name))
            connection.commit()
        except DBAPIError:
            connection.rollback()


_CREATES = r"create\s+{0}|Create{0}"


def _created(scripts: Iterable[Script], names: Iterable[str], kind: str) -> set[str]:
    """Return the schemas or extensions that revision files seem to create."""
    creates = re.compile(_CREATES.format(kind), re.IGNORECASE)
    created: set[str] = set()
    for script in scripts:
        try:
            with open(script.path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        if creates.search(text):
            created.update(name for name in names if name in text)
    return created
