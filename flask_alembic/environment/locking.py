"""The default lock of a run: a session lock of the database, waited for aloud."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ..dialects import backend_for
from ..dialects.base import LockKey, Session
from .progress import Progress, is_observed, tell

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from .objects import Environment

logger = logging.getLogger("flask_alembic.locking")


def environment_of(app: Flask) -> Environment:
    """Return the environment of an app.

    :param app: An app that the extension is registered on.
    """
    environment: Environment = app.extensions["alembic"].environment_for(app)
    return environment


def lock_key(environment: Environment, database: str) -> LockKey:
    """Return what the lock of a database is keyed by.

    :param environment: The app's environment.
    :param database: The name of the database.
    """
    context = environment.version_options(database)
    return LockKey(
        database=database,
        schema=context.get("version_table_schema"),
        version_table=context.get("version_table") or "alembic_version",
    )


def session_lock(
    app: Flask, database: str, connection: Connection
) -> AbstractContextManager[None] | None:
    """Return the session lock of a database, or ``None`` if it is switched off.

    :param app: The application.
    :param database: The name of the database.
    :param connection: The connection of the run.
    """
    environment = environment_of(app)
    settings = environment.settings
    if not settings.of("lock", database):
        return None
    timeout = settings.of("lock_timeout", database)

    def on_wait(holders: tuple[Session, ...], waited: float) -> None:
        text = "; ".join(str(holder) for holder in holders) or "another run"
        logger.warning(
            "Waiting for the migration lock of %r, held by %s.",
            database,
            text,
            extra={"is_told": is_observed()},
        )
        tell(Progress("waiting", database, elapsed=waited, text=text))

    backend = backend_for(connection.dialect)
    return backend.lock(
        connection,
        lock_key(environment, database),
        -1.0 if timeout is None else timeout,
        on_wait,
    )
