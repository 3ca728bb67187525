"""Alembic's connected objects for one app context, closed when it ends.

What holds a connection is kept in :data:`flask.g`, which belongs to one app context
in one thread. A request that ends, or a context opened inside another, touches only
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from flask import g

from .connections import close, open_connection

if TYPE_CHECKING:
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

    from .environment import Environment


R = TypeVar("R")


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


@dataclass
class Asked:
    """What is being made while a subclass is asked for its contexts."""

    environment: Environment
    """The app's environment."""

    plain: EnvironmentContext | None = None
    """An environment context that is not configured yet."""

    opened: dict[str, Connected] = field(default_factory=dict)
    """The database that the contexts are for."""


asked: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""What the properties of the base class return to those of a subclass."""


def asked_of(environment: Environment) -> Asked | None:
    """Return what a subclass is being asked for, in this context.

    :param environment: The app's environment.
    """
    current = asked.get()
    return current if current and current.environment is environment else None


@contextmanager
def asking(question: Asked) -> Iterator[None]:
    """Let the base class answer from what is being made.

    :param question: What that is.
    """
    token = asked.set(question)
    try:
        yield
    finally:
        asked.reset(token)


class OpenedDatabases(dict[str, R]):
    """What is open, by name of the database; others are opened on first use.

    :param opened: What is open already.
    :param open_: Opens another one.
    """

    def __init__(self, opened: Mapping[str, R], open_: Callable[[str], R]) -> None:
        super().__init__(opened)
        self._open = open_

    def __missing__(self, name: str) -> R:
        self[name] = self._open(name)
        return self[name]


def _key(environment: Environment) -> str:
    return f"_flask_alembic_{id(environment)}"


def connected(environment: Environment, name: str) -> Connected:
    """Return what is open for a database, opening it on first use.

    Each statement commits by itself: an operation outside a revision has nobody to
    commit it, and a read leaves no transaction open.

    :param environment: The app's environment.
    :param name: The name of the database.
    """
    question = asked_of(environment)
    if question is not None and name in question.opened:
        return question.opened[name]
    opened: dict[str, Connected] = g.setdefault(_key(environment), {})
    if kept_connection(environment, name) is None:
        database = environment.databases()[name]
        connection = open_connection(environment, environment.hooks, database)
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        context = environment.own_context(database, environment.scripts(), connection)
        opened[name] = Connected(connection, context)
    return opened[name]


def kept_connection(environment: Environment, name: str) -> Connection | None:
    """Return the connection to a database that the app context holds, if it is usable.

    :param environment: The app's environment.
    :param name: The name of the database.
    """
    opened: dict[str, Connected] = g.get(_key(environment), {})
    connection = opened[name].connection if name in opened else None
    if connection is None or connection.closed or connection.invalidated:
        return None
    return connection


def close_all(environment: Environment) -> None:
    """Close what is open in the app context that ends.

    :param environment: The app's environment.
    """
    for opened in g.pop(_key(environment), {}).values():
        close(opened.connection)
