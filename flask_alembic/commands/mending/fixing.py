"""What the doctor mends by itself: the version table, never a table of the app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ...dialects import backend_for
from ...environment import private
from ...environment.translation import shown
from .findings import Finding
from .rows import VersionRows, implied, repeated, version_table
from .widths import longest_id

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...environment.databases import Database
    from ...environment.objects import Environment
    from ...environment.scripts import Scripts

WIDE: Final = 128
"""How wide a column is made, in characters: four bytes each still fit the shortest
limit for a key of InnoDB, 767 bytes."""


def fix(
    environment: Environment,
    scripts: Scripts,
    database: Database,
    connection: Connection,
    table: VersionRows,
    found: list[Finding],
) -> list[Finding]:
    """Mend what is safe to mend, in one transaction where DDL allows it.

    The caller holds the migration lock.

    :param environment: The app's environment.
    :param scripts: The history.
    :param database: The database.
    :param connection: A connection to it, with no transaction open.
    :param table: Its version table.
    :param found: What was found.
    :return: The same, those that were mended with what was done.
    """
    backend = backend_for(database.engine.dialect)
    repairs = {
        "empty-row": lambda: _delete_empty(connection, table),
        "repeated-row": lambda: _leave_one(connection, table),
        "ancestor-row": lambda: _delete_ancestors(scripts, connection, table),
        "narrow-column": lambda: _widen(
            environment, scripts, database, connection, table.exists
        ),
    }
    done: dict[str, tuple[str, ...]] = {}
    with backend.transaction(connection, version_table=table.name):
        with connection.begin():
            for code in dict.fromkeys(each.code for each in found if each.fixable):
                done[code] = tuple(repairs[code]())
    return [
        finding.mended(done[finding.code]) if finding.fixable else finding
        for finding in found
    ]


def _delete_empty(connection: Connection, table: VersionRows) -> Iterator[str]:
    rows = version_table(table.name, table.schema)
    for row in dict.fromkeys(table.empty):
        column = rows.c.version_num
        where = column.is_(None) if row is None else column == row
        connection.execute(rows.delete().where(where))
        yield f"Deleted the row {'NULL' if row is None else shown(row)}"


def _leave_one(connection: Connection, table: VersionRows) -> Iterator[str]:
    rows = version_table(table.name, table.schema)
    for id_ in repeated(table):
        connection.execute(rows.delete().where(rows.c.version_num == id_))
        connection.execute(rows.insert().values(version_num=id_))
        yield f"Left one row {shown(id_)} of {table.rows.count(id_)}"


def _delete_ancestors(
    scripts: Scripts, connection: Connection, table: VersionRows
) -> Iterator[str]:
    rows = version_table(table.name, table.schema)
    known = scripts.known_ids()
    for id_ in implied(scripts, [each for each in table.ids if each in known]):
        connection.execute(rows.delete().where(rows.c.version_num == id_))
        yield f"Deleted the row {shown(id_)}"


def _widen(
    environment: Environment,
    scripts: Scripts,
    database: Database,
    connection: Connection,
    exists: bool,
) -> Iterator[str]:
    import sqlalchemy as sa
    from alembic.operations import Operations

    configured = environment.environment_context(database, scripts, connection)
    context = configured.get_context()
    width = max(WIDE, len(longest_id(scripts)))
    if not exists:
        made = private.version_table(context)
        made.c.version_num.type = sa.String(width)
        made.create(connection)
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
