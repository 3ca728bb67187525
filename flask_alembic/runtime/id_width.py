"""Ids that are longer than the column they are written to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import HistoryError
from ..hooks.payloads import Problem
from ..script.identifiers import WIDTH
from . import alembic_private as private

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..script.loader import AppScriptDirectory
    from .databases import Database
    from .environment import Environment
    from .planner import PlannedStep


def width_of(
    environment: Environment, database: Database, connection: Connection
) -> int | None:
    """Return how many characters the version column holds.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it; its transaction is ended.
    :return: ``None`` without a version table, 0 for a column without a limit.
    """
    import sqlalchemy as sa

    options = environment.version_options(database.name)
    name = options.get("version_table", "alembic_version")
    schema = options.get("version_table_schema")
    inspector = sa.inspect(connection)
    width = None
    if inspector.has_table(name, schema=schema):
        columns = inspector.get_columns(name, schema=schema)
        types = {column["name"]: column["type"] for column in columns}
        width = int(getattr(types.get("version_num"), "length", None) or 0)
    connection.rollback()
    return width


def longest_id(scripts: AppScriptDirectory) -> str:
    """Return the longest id of the history, or an empty text.

    :param scripts: The history.
    """
    return max(scripts.known_ids(), key=lambda id_: (len(id_), id_), default="")


def width_problems(
    environment: Environment,
    database: Database,
    connection: Connection,
    scripts: AppScriptDirectory,
) -> list[Problem]:
    """Return whether an id is too long for the version column of a database.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it.
    :param scripts: The history.
    """
    longest = longest_id(scripts)
    if len(longest) <= WIDTH:
        return []
    width = width_of(environment, database, connection)
    holds = WIDTH if width is None else width
    if not holds or len(longest) <= holds:
        return []
    refuses = database.backend.enforces_length
    if not refuses:
        advice = "Other kinds of databases refuse it; give the revision a shorter id."
    else:
        advice = "Make the column wider with flask db doctor --fix."
    return [
        Problem(
            "id-too-long",
            f"The revision id {longest!r} has {len(longest)} characters, but the "
            f"version column of database {database.name!r} holds {holds}.",
            "error" if refuses else "warning",
            revision=longest,
            database=database.name,
            advice=advice,
        )
    ]


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
    if not database.backend.enforces_length:
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
