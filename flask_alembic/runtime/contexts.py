"""Alembic's connected objects for one app context, closed when it ends.

What holds a connection is kept in :data:`flask.g`, which belongs to one app context
in one thread. A request that ends, or a context opened inside another, touches only
its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g

from .asked_contexts import Connected, asked_of
from .connections import close, open_connection

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from .environment import Environment


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
