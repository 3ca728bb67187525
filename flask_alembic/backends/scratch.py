"""Scratch databases: empty, of the same kind, for one command, and gone afterwards.

Where the server allows it they are made and dropped; else one that is empty can be
lent, and is emptied again. What is not there at all is a schema beside live tables: a
revision that names its schema would write into them.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from ..errors import ConfigurationError, DatabaseError
from .connection import engine_beside, engine_for, own_connection

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

logger = logging.getLogger("flask_alembic.backends")

PREFIX = "flask_alembic_scratch_"
"""What the name of every scratch database begins with."""

SECONDS = 10.0
"""How long to wait for a server that a person has named."""

ADVICE = (
    "Let ALEMBIC['scratch_url'] or --scratch-url name an empty database for it, or a "
    "server where databases may be created."
)


class LiveBackend(Protocol):
    """What a scratch database needs of the backend of the live one."""

    @property
    def name(self) -> str:
        """The name of the database product."""

    def is_same_kind(self, url: URL) -> bool:
        """Return whether the database of a URL is of the same kind."""

    def connect(self, engine: Engine, seconds: float) -> Connection:
        """Connect, in a bounded time, with an error that a person can use."""

    def occupied(self, connection: Connection) -> bool:
        """Tell whether there is anything in the database."""

    def empty(self, connection: Connection) -> None:
        """Drop all that the database holds."""


def scratch_name() -> str:
    """Return a name that no other database has, with the time in it."""
    return f"{PREFIX}{int(time.time()):08x}_{uuid.uuid4().hex[:8]}"


@contextmanager
def created(
    engine: Engine,
    name: str,
    create: Callable[[Connection], None],
    drop: Callable[[Connection], None],
) -> Iterator[None]:
    """Create a database on the server of an engine and drop it at the end.

    Each on a connection in autocommit that is open only for that, outside the pool.

    :param engine: Connects to the server.
    :param name: The name of the database.
    :param create: Creates it.
    :param drop: Drops it, although sessions may be left in it.
    """
    connection, close = own_connection(engine)
    try:
        create(connection)
    finally:
        close()
    try:
        yield
    finally:
        try:
            connection, close = own_connection(engine)
            try:
                drop(connection)
            finally:
                close()
        except Exception as error:
            logger.warning("The scratch database %s could not be dropped.", name)
            logger.debug("Dropping %s", name, exc_info=error)


@contextmanager
def database_beside(
    engine: Engine,
    create: Callable[[Connection, str], None],
    drop: Callable[[Connection, str], None],
    current: str,
    name: str | None = None,
) -> Iterator[Engine]:
    """Give an engine for a new database on the server of another one.

    :param engine: Connects to the server.
    :param create: Creates a database of a name.
    :param drop: Drops it, although sessions may be left in it.
    :param current: The query that gives the name of the database of a connection.
    :param name: Its name; a new one by default.
    """
    name = name or scratch_name()
    with created(engine, name, lambda c: create(c, name), lambda c: drop(c, name)):
        other = engine_beside(engine, engine.url.set(database=name))
        try:
            require_name(other, current, name)
            yield other
        finally:
            other.dispose()


def require_name(engine: Engine, query: str, name: str) -> None:
    """Make sure that an engine is connected to the scratch database.

    :param engine: The engine.
    :param query: What gives the name of the database.
    :param name: The name that it has to be.
    :raises DatabaseError: When it is another one.
    """
    from .statements import run

    with engine.connect() as connection:
        found = run(connection, query).scalar()
    if found != name:
        raise DatabaseError(
            "The connection did not lead to the scratch database, as the engine of "
            "the app decides itself where it connects to; nothing was run.",
            ADVICE,
        )


class NotAllowed(DatabaseError):
    """The user may not create databases."""


def not_allowed(engine: Engine) -> NotAllowed:
    """Return the error where no database can be created.

    :param engine: Connects to the server.
    """
    user = f" {engine.url.username!r}" if engine.url.username else ""
    return NotAllowed(
        f"A scratch database is needed, and the user{user} may not create databases "
        f"on {engine.url.host or 'this server'}.",
        ADVICE,
    )


def require_kind(backend: LiveBackend, url: URL) -> None:
    """Refuse a scratch database of another kind than the live one.

    :param backend: Of the live database.
    :param url: Of the scratch database.
    :raises ConfigurationError: When they differ.
    """
    if not backend.is_same_kind(url):
        raise ConfigurationError(
            f"The scratch database is a {url.get_backend_name()} one, but the live one "
            f"is {backend.name}: what the one builds says nothing about the other.",
            "Let scratch_url name a database of the same kind.",
        )


@contextmanager
def made_or_lent(
    backend: LiveBackend,
    engine: Engine,
    url: URL | None,
    new: Callable[[Engine], AbstractContextManager[Engine]],
) -> Iterator[Engine]:
    """Give an engine for a new database, or for one that is lent.

    :param backend: Of the live database.
    :param engine: The app's engine.
    :param url: Another server, or an empty database to use where none may be created.
    :param new: Creates a database on the server of an engine.
    """
    if url is None:
        with new(engine) as other:
            yield other
        return
    require_kind(backend, url)
    there = engine_for(url)
    try:
        # For the error that a person can use, within a bounded time.
        backend.connect(there, SECONDS).close()
        with ExitStack() as stack:
            try:
                other = stack.enter_context(new(there))
            except NotAllowed:
                if not url.database:
                    raise
                stack.enter_context(lent(backend, there, engine))
                other = there
            yield other
    finally:
        there.dispose()


@contextmanager
def lent(backend: LiveBackend, engine: Engine, live: Engine) -> Iterator[None]:
    """Use an empty database as it is, and empty it at the end.

    :param backend: Knows how to empty it.
    :param engine: Connects to the empty database.
    :param live: Connects to the live database.
    :raises ConfigurationError: When it is the live database, or not empty.
    """
    if _place(engine) == _place(live):
        raise ConfigurationError(
            "The scratch database is the live database.", "Name another one."
        )
    with engine.connect() as connection:
        occupied = backend.occupied(connection)
    if occupied:
        raise ConfigurationError(
            f"The scratch database {engine.url.database!r} is not empty; nothing was "
            "done to it.",
            "Name an empty one: everything that is in it at the end is dropped.",
        )
    try:
        yield
    finally:
        with engine.connect() as connection:
            backend.empty(connection)
            connection.commit()


def _place(engine: Engine) -> tuple[object, ...]:
    url = engine.url
    return (url.host or "localhost", url.port, url.database)


@contextmanager
def only_lent(
    backend: LiveBackend, engine: Engine, url: URL | None
) -> Iterator[Engine]:
    """Give an engine for the empty database of a URL, where none can be made.

    :param backend: Of the live database.
    :param engine: The app's engine.
    :param url: Of the empty database.
    :raises DatabaseError: When there is none, or it cannot be reached.
    :raises ConfigurationError: When it cannot be used.
    """
    if url is None:
        raise DatabaseError(
            f"A scratch database is needed, and there is no way known to create one on "
            f"{backend.name}.",
            ADVICE,
        )
    require_kind(backend, url)
    other = engine_for(url)
    try:
        backend.connect(other, SECONDS).close()
        with lent(backend, other, engine):
            yield other
    finally:
        other.dispose()
