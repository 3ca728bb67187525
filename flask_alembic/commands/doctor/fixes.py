"""What ``doctor --fix`` fixes: the version table, never a table of the app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...hooks.redaction import shown
from ...runtime import alembic_private as private
from ...runtime.id_width import longest_id

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...runtime.databases import Database
    from ...runtime.environment import Environment

WIDE: Final = 128
"""How wide a column is made, in characters: four bytes each still fit the shortest
limit for a key of InnoDB, 767 bytes."""


@dataclass(frozen=True, slots=True)
class VersionRows:
    """The version table of a database, as it stands there."""

    name: str
    """Its name."""

    schema: str | None
    """Its schema."""

    exists: bool
    """Whether there is such a table."""

    rows: tuple[str | None, ...] = ()
    """What is in it."""

    width: int = 0
    """How many characters the column holds; 0 for any number."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The rows that hold something, each once."""
        return tuple(dict.fromkeys(row for row in self.rows if row and row.strip()))

    @property
    def empty(self) -> tuple[str | None, ...]:
        """The rows that hold nothing."""
        return tuple(row for row in self.rows if not row or not row.strip())


def version_table(name: str, schema: str | None) -> Any:
    """Return a version table to write statements with.

    :param name: Its name.
    :param schema: Its schema.
    """
    import sqlalchemy as sa

    return sa.table(name, sa.column("version_num", sa.String), schema=schema)


def repeated(table: VersionRows) -> tuple[str, ...]:
    """Return the ids that several rows hold.

    :param table: A version table.
    """
    rows = [row for row in table.rows if row and row.strip()]
    return tuple(id_ for id_ in table.ids if rows.count(id_) > 1)


def delete_empty(table: VersionRows, connection: Connection) -> Iterator[str]:
    """Delete the rows that hold nothing.

    :param table: The version table.
    :param connection: A connection with a transaction.
    """
    rows = version_table(table.name, table.schema)
    for row in dict.fromkeys(table.empty):
        column = rows.c.version_num
        where = column.is_(None) if row is None else column == row
        connection.execute(rows.delete().where(where))
        yield f"Deleted the row {'NULL' if row is None else shown(row)}"


def leave_one(table: VersionRows, connection: Connection) -> Iterator[str]:
    """Leave one row of each id.

    :param table: The version table.
    :param connection: A connection with a transaction.
    """
    rows = version_table(table.name, table.schema)
    for id_ in repeated(table):
        connection.execute(rows.delete().where(rows.c.version_num == id_))
        connection.execute(rows.insert().values(version_num=id_))
        yield f"Left one row {shown(id_)} of {table.rows.count(id_)}"


def delete_row(table: VersionRows, id_: str, connection: Connection) -> Iterator[str]:
    """Delete the row of an id.

    :param table: The version table.
    :param id_: The id.
    :param connection: A connection with a transaction.
    """
    rows = version_table(table.name, table.schema)
    connection.execute(rows.delete().where(rows.c.version_num == id_))
    yield f"Deleted the row {shown(id_)}"


def widen(
    environment: Environment, database: Database, exists: bool, connection: Connection
) -> Iterator[str]:
    """Make the version column wide enough, or create a wide one.

    :param environment: The app's environment.
    :param database: The database.
    :param exists: Whether there is a version table.
    :param connection: A connection with a transaction.
    """
    import sqlalchemy as sa
    from alembic.operations import Operations

    scripts = environment.scripts()
    configured = environment.environment_context(database, scripts, connection)
    context = configured.get_context()
    width = max(WIDE, len(longest_id(scripts)))
    if not exists:
        created = private.version_table(context)
        created.c.version_num.type = sa.String(width)
        created.create(connection)
        yield f"Created {context.version_table} with a column {width} wide"
        return
    options: Any = {"schema": context.version_table_schema}
    Operations(context).alter_column(
        context.version_table,
        "version_num",
        type_=sa.String(width),
        existing_type=sa.String(),
        existing_nullable=False,
        **options,
    )
    yield f"Made the column version_num of {context.version_table} {width} wide"
