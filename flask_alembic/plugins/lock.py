"""The lock that keeps two runs away from one database, and who holds it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..backends.lock import Session
from ..hooks.markers import hookimpl
from ..hooks.payloads import ProgressEvent
from ..runtime.environment import environment_of, lock_key
from ..runtime.invocation import hooks_of
from ..runtime.progress import notify

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection


@hookimpl(trylast=True)
def migration_lock(
    app: Flask, database: str, connection: Connection
) -> AbstractContextManager[None] | None:
    """Hold the session lock of the database, unless ``ALEMBIC["lock"]`` is false."""
    return session_lock(app, database, connection)


@hookimpl(trylast=True)
def database_status(
    app: Flask, database: str, connection: Connection
) -> dict[str, Any]:
    """Show who holds the lock."""
    from ..runtime.environment import environment_of, lock_key
    from ..runtime.error_translation import translated

    environment = environment_of(app)
    backend = environment.databases()[database].backend
    with translated():
        holders = backend.lock_holders(connection, lock_key(environment, database))
    return {"lock": "; ".join(map(str, holders)) or None}


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
        event = ProgressEvent("waiting", database=database, elapsed=waited, text=text)
        notify(hooks_of(environment), event)

    backend = environment.backends.backend_for(connection.dialect)
    return backend.lock(
        connection,
        lock_key(environment, database),
        -1.0 if timeout is None else timeout,
        on_wait,
    )
