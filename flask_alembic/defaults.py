"""The core plugin: the default behaviour behind the hooks that have one.

It is registered like any plugin and marked ``trylast``, so every plugin is asked
before it, may answer instead and may wrap it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from .hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection


@hookimpl(trylast=True)
def migration_lock(
    app: Flask, database: str, connection: Connection
) -> AbstractContextManager[None] | None:
    """Hold the session lock of the database, unless ``ALEMBIC["lock"]`` is false."""
    from .environment.locking import session_lock

    return session_lock(app, database, connection)


@hookimpl(trylast=True)
def rev_id(app: Flask) -> str:
    """Ask the extension, whose ``rev_id`` an app may override or assign."""
    made: str = app.extensions["alembic"].rev_id()
    return made
