"""Contexts while they are made: what a subclass of the extension is asked with.

Its properties call those of the base class, which answer from here: on the connection
of the command, and not yet configured where that comes later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

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

    environment: object
    """The app's environment."""

    plain: EnvironmentContext | None = None
    """An environment context that is not configured yet."""

    opened: dict[str, Connected] = field(default_factory=dict)
    """The database that the contexts are for."""


asked: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""What the properties of the base class return to those of a subclass."""


def asked_of(environment: object) -> Asked | None:
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
