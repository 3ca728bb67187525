"""The journal of the statements of a revision, where DDL commits as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl
from ..runtime.environment import environment_of, lock_key

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from ..backends.journal import Journal


@hookimpl(trylast=True)
def run_journal(app: Flask, database: str, connection: Connection) -> Journal | None:
    """Give the journal of the backend, unless ``ALEMBIC["journal"]`` is false.

    A revision that is unfinished when it is turned off is still known: it is resumed,
    finished or reverted first.
    """
    environment = environment_of(app)
    backend = environment.backends.backend_for(connection.dialect)
    journal = backend.journal(connection, lock_key(environment, database))
    if journal is None or environment.settings.of("journal", database):
        return journal
    if journal.unfinished() is not None:
        return journal
    journal.close()
    return None
