"""Whether the ids that a run writes fit into the version table: asked before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..dialects import backend_for
from ..environment import private
from ..environment.identifiers import WIDTH
from ..errors import HistoryError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..environment.databases import Database
    from ..environment.objects import Environment
    from .planning import PlannedStep


def require_fitting(
    environment: Environment,
    database: Database,
    steps: Sequence[PlannedStep],
    connection: Connection | None = None,
) -> None:
    """Refuse a run that would write an id which the version column cannot hold.

    The database would refuse it in the middle of the run. It is asked only when an id
    is longer than the column that Alembic makes.

    :param environment: The app's environment.
    :param database: The database.
    :param steps: What is planned in it.
    :param connection: A connection to it, to ask how wide the column is; no
        transaction stays open. ``None`` for SQL text.
    :raises HistoryError: With the revision and both lengths.
    """
    longest = max((planned.step for planned in steps), key=_length, default=None)
    if longest is None or _length(longest) <= WIDTH:
        return
    if not backend_for(database.engine.dialect).enforces_length:
        return
    width = WIDTH if connection is None else _width(environment, database, connection)
    if _length(longest) > width:
        raise HistoryError(
            f"The revision id {longest.revision!r} has {_length(longest)} characters, "
            f"but the version column of database {database.name!r} holds {width}; "
            "nothing was run.",
            "Make the column wider with flask db doctor --fix, or give the revision a "
            "shorter id.",
        )


def _length(step: object) -> int:
    return len(getattr(step, "revision", ""))


def _width(environment: Environment, database: Database, connection: Connection) -> int:
    """Return how many characters the version column holds, or will hold."""
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import inspect

    options = environment.version_options(database.name)
    table = private.version_table(MigrationContext.configure(connection, opts=options))
    inspector = inspect(connection)
    column_type = table.c.version_num.type
    if inspector.has_table(table.name, schema=table.schema):
        for column in inspector.get_columns(table.name, schema=table.schema):
            if column["name"] == "version_num":
                column_type = column["type"]
    connection.rollback()
    length = getattr(column_type, "length", None)
    return WIDTH * 1000 if length is None else int(length)
