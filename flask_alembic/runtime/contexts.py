"""Alembic's connected objects for one app context, closed when it ends.

What holds a connection is kept in :data:`flask.g`, which belongs to one app context
in one thread. A request that ends, or a context opened inside another, touches only
its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import g

from .connections import open_connection

if TYPE_CHECKING:
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

    from .environment import Environment


@dataclass
class Connected:
    """What is open for one database in one app context."""

    connection: Connection
    environment_context: EnvironmentContext

    @property
    def migration_context(self) -> MigrationContext:
        """The context that works on the connection."""
        return self.environment_context.get_context()

    @property
    def op(self) -> Operations:
        """The operations, bound to this database."""
        from alembic.operations import Operations

        return Operations(self.migration_context)


contexts_of_run: ContextVar[
    tuple[Environment, Callable[[str], Connected | None]] | None
] = ContextVar("contexts_of_run", default=None)
"""What gives the contexts of a run to ``run_migrations`` of a subclass."""


def _key(environment: Environment) -> str:
    return f"_flask_alembic_{id(environment)}"


def connected(environment: Environment, name: str) -> Connected:
    """Return what is open for a database, opening it on first use.

    Each statement commits by itself: an operation outside a revision has nobody to
    commit it, and a read leaves no transaction open.

    :param environment: The app's environment.
    :param name: The name of the database.
    """
    run = contexts_of_run.get()
    if run is not None and run[0] is environment:
        connected_run = run[1](name)
        if connected_run is not None:
            return connected_run
    opened: dict[str, Connected] = g.setdefault(_key(environment), {})
    if name not in opened or opened[name].connection.closed:
        database = environment.databases()[name]
        connection = open_connection(environment, environment.hooks, database)
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        context = environment.environment_context(
            database, environment.scripts(), connection
        )
        opened[name] = Connected(connection, context)
    return opened[name]


def close_all(environment: Environment) -> None:
    """Close what is open in the app context that ends.

    :param environment: The app's environment.
    """
    for opened in g.pop(_key(environment), {}).values():
        opened.connection.close()
