"""How a database is connected: by its backend, within ``ALEMBIC["connect_timeout"]``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import DatabaseError
from ..hooks.markers import hookimpl
from ..hooks.redaction import first_line

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection, Engine


@hookimpl(trylast=True)
def open_connection(app: Flask, database: str, engine: Engine) -> Connection:
    """Connect, or fail when the time is over."""
    from ..runtime.environment import environment_of

    environment = environment_of(app)
    seconds = environment.settings.of("connect_timeout", database)
    backend = environment.backends.backend_for(engine.dialect)
    connection = backend.connect(engine, seconds)
    statements = environment.settings.of("session_statements", database)
    if statements:
        prepare(connection, database, statements)
    return connection


def prepare(connection: Connection, database: str, statements: Sequence[str]) -> None:
    """Execute the statements of ``ALEMBIC["session_statements"]``.

    The connection leaves the pool, so that the app never gets one with another role.

    :param connection: The connection, which has just been opened.
    :param database: The name of the database.
    :param statements: The statements.
    :raises DatabaseError: When one fails.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    connection.detach()
    for number, statement in enumerate(statements, 1):
        try:
            connection.execute(text(statement.replace(":", "\\:")))
        except SQLAlchemyError as error:
            connection.close()
            reason = first_line(getattr(error, "orig", None) or error)
            # Not its text: there may be a password in it.
            raise DatabaseError(
                f"Statement {number} of ALEMBIC['session_statements'] failed in database "
                f"{database!r}: {reason}.",
                "Fix the statement, or the permissions of the database user.",
            ) from error
    if connection.in_transaction():
        connection.commit()


def why_needed(config: Mapping[str, Any]) -> str:
    """Return why the plugin cannot be disabled.

    :param config: ``app.config``.
    """
    return "no database is connected without it"
