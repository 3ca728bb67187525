"""What one database tells of itself beside its version table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..dialects import backend_for
from ..environment.locking import lock_key
from .connecting import current_heads

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..dialects.base import Backend, LockKey
    from ..environment.databases import Database
    from ..environment.objects import Environment


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen in a database."""

    server: str = ""
    """Product and version of the server."""

    ids: tuple[str, ...] = ()
    """What its version table holds."""

    lock: str | None = None
    """Who holds the migration lock."""

    differences: int | None = None
    """How many operations would bring it to the models; ``None`` if not asked."""

    tables: int | None = None
    """How many tables there are without a version; ``None`` where there is one."""

    half_applied: str | None = None
    """A revision that is half in effect, where DDL commits as it goes."""

    error: str | None = None
    """Why nothing was seen."""


def look(
    environment: Environment, database: Database, connection: Connection, models: bool
) -> Look:
    """Ask a database; its transaction is ended.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it.
    :param models: Whether to compare the models too.
    """
    backend = backend_for(database.engine.dialect)
    key = lock_key(environment, database.name)
    ids = current_heads(environment, database, connection)
    holders = backend.lock_holders(connection, key)
    seen = Look(
        backend.server_version(connection),
        ids,
        "; ".join(map(str, holders)) or None,
        _differences(environment, database, connection) if models else None,
        None if ids else _tables(backend, key, connection),
        # While somebody is at work, half of a revision is what there has to be.
        None if holders else _half_applied(backend, key, connection),
    )
    if connection.in_transaction():
        connection.rollback()
    return seen


def _differences(
    environment: Environment, database: Database, connection: Connection
) -> int:
    from .comparing import produce, require_models

    scripts = environment.scripts()
    require_models([database], environment)
    context = environment.environment_context(database, scripts, connection)
    script = produce(environment, context.get_context(), database)
    assert script.upgrade_ops is not None
    return len(script.upgrade_ops.as_diffs())


def _tables(backend: Backend, key: LockKey, connection: Connection) -> int:
    import sqlalchemy as sa

    ours = {*backend.own_tables(key), key.version_table}
    return len({*sa.inspect(connection).get_table_names()} - ours)


def _half_applied(backend: Backend, key: LockKey, connection: Connection) -> str | None:
    journal = backend.journal(connection, key)
    if journal is None:
        return None
    try:
        found = journal.unfinished()
    finally:
        journal.close()
    return found.revision if found is not None else None
