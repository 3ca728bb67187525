"""Where test databases are made, copied and dropped: what each server has to do."""

from __future__ import annotations

import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from ..errors import DatabaseError
from ..hooks.threads import in_thread

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

T = TypeVar("T")

PREFIX = "flask_alembic_test_"
"""What the name of every test database begins with."""


def new_name() -> str:
    """Return a name that no other database has."""
    return PREFIX + uuid.uuid4().hex[:12]


own_urls: WeakKeyDictionary[Engine, URL] = WeakKeyDictionary()
# Of the engines that are led elsewhere at the moment.


def own_url(engine: Engine) -> URL:
    """Return the URL that an app gave to its engine, also while that is led elsewhere.

    :param engine: An engine of the app.
    """
    return own_urls.get(engine, engine.url)


def server_of(url: URL) -> URL:
    """Return a URL without its database, which ``URL.set`` cannot take away.

    :param url: The URL of a database on a server.
    """
    return type(url).create(
        url.drivername, url.username, url.password, url.host, url.port, query=url.query
    )


class TestServer(ABC):
    """Makes databases that are only for tests, copies and drops them.

    A backend gives one with
    :meth:`~flask_alembic.backends.Backend.test_server`; the names are its own.

    .. versionadded:: 4.0
    """

    __test__ = False  # nothing for pytest to collect

    redirects = True
    """Whether an engine is led to a database by its name."""

    @abstractmethod
    def create(self) -> str:
        """Make an empty database and return its name."""

    @abstractmethod
    def copy(self, template: str) -> str | None:
        """Make a copy and return its name.

        :param template: A database that nobody is connected to.
        :return: ``None`` when it holds something that cannot be copied.
        """

    @abstractmethod
    def drop(self, name: str) -> None:
        """Drop a database, although sessions may be left in it."""

    @abstractmethod
    def where(self, connection: Connection) -> str:
        """Return the name of the database that a connection leads to."""

    def url(self, url: URL, name: str) -> URL:
        """Return the URL of a database here.

        :param url: The URL of the app's own database.
        :param name: The name of the other one.
        """
        return url.set(database=name)

    def use(self, engine: Engine) -> None:  # noqa: B027 - only servers need it
        """Connect to the server as this engine does from now on."""

    def load(self, engine: Engine, name: str) -> None:  # noqa: B027
        """Fill what the engine is connected to, where ``redirects`` is false."""

    def save(self, engine: Engine, name: str) -> None:  # noqa: B027
        """Keep what the engine is connected to, where ``redirects`` is false."""


class DatabaseServer(TestServer):
    """Databases on a server, made over a connection of their own in autocommit.

    :param engine: Tells where the server is.

    .. versionadded:: 4.0
    """

    maintenance: tuple[str | None, ...] = ()
    """The databases to connect to, the first that answers; the app's comes last."""

    def __init__(self, engine: Engine) -> None:
        self.use(engine)

    def use(self, engine: Engine) -> None:
        """Connect to the server as this engine does from now on."""
        self._dialect = engine.dialect
        self._url = own_url(engine)
        self._arguments = driver_arguments(engine)

    def administer(self, work: Callable[[Connection], T]) -> T:
        """Call a function with a connection to the server, in autocommit.

        :param work: The function.
        :raises DatabaseError: When the server cannot be reached.
        """
        if self._dialect.is_async:
            return in_loop(lambda: self._administer(work))
        return self._administer(work)

    def _administer(self, work: Callable[[Connection], T]) -> T:
        from sqlalchemy.exc import DBAPIError

        failure: DBAPIError | None = None
        for name in (*self.maintenance, self._url.database):
            engine = self._engine(name)
            try:
                connection = engine.connect()
            except DBAPIError as error:
                failure = failure or error
                continue
            try:
                return work(connection)
            finally:
                connection.close()
                engine.dispose()
        raise DatabaseError(
            f"No test database can be made on {self._url.host or 'the server'}: "
            f"{failure.orig if failure else 'it does not answer'}.",
            "Start the server, or fix the URL that the app is configured with.",
        )

    def _engine(self, name: str | None) -> Engine:
        import sqlalchemy as sa

        return sa.create_engine(
            self._url.set(database=name) if name else server_of(self._url),
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=self._arguments,
        )


class DatabaseFiles(TestServer):
    """Databases that are files in a folder; a copy is a copied file.

    :param folder: The folder.

    .. versionadded:: 4.0
    """

    suffix = ".db"
    """What the name of a file ends with."""

    companions: tuple[str, ...] = ()
    """What the database appends to the name of a file for files beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> str:
        """Return the name of a file that is not there yet."""
        return str(self.folder / f"{new_name()}{self.suffix}")

    def copy(self, template: str) -> str | None:
        """Copy the file and those beside it."""
        name = self.create()
        for end in ("", *self.companions):
            if Path(template + end).exists():  # not where nothing was ever written
                shutil.copyfile(template + end, name + end)
        return name

    def drop(self, name: str) -> None:
        """Remove the file and what belongs to it."""
        from .lock_file import lock_files

        files = [Path(name + end) for end in ("", *self.companions)]
        for path in (*files, *lock_files(Path(name))):
            try:
                path.unlink(missing_ok=True)
            except OSError:  # Windows, while somebody has it open; pytest clears up
                continue

    def url(self, url: URL, name: str) -> URL:
        """Return the URL of the file, without what belongs to another file."""
        return url.set(database=name, query={})


class _Seen(Exception):
    """Ends an attempt to connect."""


def driver_arguments(engine: Engine) -> dict[str, Any]:
    """Return what the app gives to its driver beside what the URL says.

    Nothing is connected: certificates and the like go along, the database may not
    exist at all.

    :param engine: An engine of the app.
    """
    from sqlalchemy import event

    seen: dict[str, Any] = {}

    def look(dialect: Any, record: Any, cargs: Any, cparams: dict[str, Any]) -> None:
        seen.update(cparams)
        raise _Seen

    event.listen(engine, "do_connect", look)
    try:
        engine.pool.recreate().connect().close()
    except _Seen:
        pass
    finally:
        event.remove(engine, "do_connect", look)
    _, from_url = engine.dialect.create_connect_args(engine.url)
    return {name: value for name, value in seen.items() if name not in from_url}


def in_loop(work: Callable[[], T]) -> T:
    """Call synchronous work where async drivers can be used.

    In a thread of its own, as the test may run inside an event loop.

    :param work: What to call.
    """
    import asyncio

    from sqlalchemy.ext.asyncio import AsyncSession

    async def main() -> T:
        async with AsyncSession() as session:
            return await session.run_sync(lambda _: work())

    return in_thread(lambda: asyncio.run(main()))
