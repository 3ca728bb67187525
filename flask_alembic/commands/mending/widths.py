"""Ids that are longer than the column they are written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...dialects import backend_for
from ...environment.identifiers import WIDTH
from ...hooks.payloads import Problem

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...environment.databases import Database
    from ...environment.objects import Environment
    from ...environment.scripts import Scripts


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


def longest_id(scripts: Scripts) -> str:
    """Return the longest id of the history, or an empty text.

    :param scripts: The history.
    """
    return max(scripts.known_ids(), key=lambda id_: (len(id_), id_), default="")


def width_problems(
    environment: Environment,
    database: Database,
    connection: Connection,
    scripts: Scripts,
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
    refuses = backend_for(database.engine.dialect).enforces_length
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
