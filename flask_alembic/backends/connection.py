"""Connecting in a bounded time, with an error that a person can use."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from .connection_errors import Destination, no_answer, not_connected

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.engine import Dialect

GRACE = 1.0
"""Seconds left to the driver's own limit, whose message says more than ours."""

# What drivers call their limit; the app's own value for one of them wins over ours.
_LIMITS = ("connect_timeout", "connection_timeout", "timeout", "login_timeout")


_CREATOR = "async_creator_fn"


class Connector(Destination, Protocol):
    """What connecting needs to know of a backend."""

    @property
    def connects_in_thread(self) -> bool:
        """Whether a connection may be opened in another thread."""

    def connect_args(self, seconds: float) -> dict[str, Any]:
        """Return the driver's arguments that bound the time to connect."""


@dataclass(slots=True)
class _Attempt:
    """One call of :func:`connect`, seen by the listener when the pool really connects."""

    seconds: float
    arguments: dict[str, Any]
    started: float = field(default_factory=time.monotonic)
    hosts: int = 1
    asked: bool = False
    undo: list[Callable[[], object]] = field(default_factory=list)

    @property
    def remaining(self) -> float | None:
        """Seconds until we give up, None if the app asked to wait for ever."""
        if self.seconds <= 0:
            return None
        limit = self.seconds * self.hosts + GRACE
        return max(0.0, self.started + limit - time.monotonic())


_attempt: ContextVar[_Attempt | None] = ContextVar("flask_alembic_connect")


def connect(backend: Connector, engine: Engine, seconds: float) -> Connection:
    """Connect; see :meth:`~flask_alembic.backends.base.Backend.connect`."""
    _listen(engine)
    attempt = _Attempt(seconds, backend.connect_args(seconds))
    token = _attempt.set(attempt)
    try:
        if not backend.connects_in_thread or _stays_in_thread(engine):
            return engine.connect()
        return _connect_in_thread(engine, attempt)
    except (_NoAnswer, asyncio.TimeoutError, TimeoutError):
        raise no_answer(backend, engine.url, attempt.seconds, attempt.asked) from None
    except Exception as error:
        problem, hidden = not_connected(backend, engine.url, error)
        raise problem from (None if hidden else error)
    finally:
        _attempt.reset(token)
        for undo in attempt.undo:
            undo()


def _listen(engine: Engine) -> None:
    """Let the engine hand us the driver's arguments of the connections we ask for.

    The listener stays: it does nothing for anybody else's connections, while adding
    and removing it at each connect would race with the threads of a running app.
    """
    from sqlalchemy import event

    if not event.contains(engine, "do_connect", _bound_arguments):
        event.listen(engine, "do_connect", _bound_arguments)


def _bound_arguments(
    dialect: Dialect, record: Any, cargs: list[Any], cparams: dict[str, Any]
) -> None:
    """Add the limit to the driver's arguments, unless the app has set its own.

    What is added is taken out again: SQLAlchemy 2.0 uses the same dictionary for all
    connections of an engine.
    """
    attempt = _attempt.get(None)
    if attempt is None:
        return
    attempt.asked = True
    own = next((cparams[name] for name in _LIMITS if name in cparams), None)
    if own is not None:
        attempt.seconds = float(own)
    attempt.hosts = str(cparams.get("host") or "").count(",") + 1
    for name, value in attempt.arguments.items():
        if name == _CREATOR:
            _bound_creator(cparams, value, attempt)
        elif own is None:
            cparams[name] = value
            attempt.undo.append(partial(cparams.pop, name, None))


def _bound_creator(
    cparams: dict[str, Any], default: Callable[..., Any], attempt: _Attempt
) -> None:
    """Bound an async driver whose own limit ends before the server's first word.

    ``async_creator_fn`` is the argument in which ``create_async_engine`` hands the
    documented ``async_creator`` to the dialect.
    """
    found = cparams.get(_CREATOR)
    own = getattr(found, "flask_alembic_original", found)  # another thread's, of ours
    creator = own or default

    async def create(*args: Any, **arguments: Any) -> Any:
        return await asyncio.wait_for(creator(*args, **arguments), attempt.remaining)

    create.flask_alembic_original = own  # type: ignore[attr-defined]
    cparams[_CREATOR] = create

    def undo() -> None:
        if own is None:
            cparams.pop(_CREATOR, None)
        else:
            cparams[_CREATOR] = own

    attempt.undo.append(undo)


def _stays_in_thread(engine: Engine) -> bool:
    """Tell whether a connection is of use only to the thread that made it."""
    from sqlalchemy.pool import SingletonThreadPool

    return engine.dialect.is_async or isinstance(engine.pool, SingletonThreadPool)


class _NoAnswer(Exception):
    """The thread that connects has not come back in time."""


def _connect_in_thread(engine: Engine, attempt: _Attempt) -> Connection:
    """Connect in a thread that can be given up.

    Some drivers (PyMySQL, pg8000) read the server's first words without any limit but
    one that would hold for every later statement too.
    """
    opened: list[Connection] = []
    errors: list[BaseException] = []
    done, given_up = threading.Event(), threading.Event()
    handover = threading.Lock()

    def work() -> None:
        try:
            connection = engine.connect()
            with handover:
                if not given_up.is_set():
                    opened.append(connection)
                    return
            connection.close()
        except BaseException as error:  # handed over to the thread that waits
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(
        target=copy_context().run,
        args=(work,),
        name="flask-alembic-connect",
        daemon=True,
    )
    thread.start()
    try:
        while not done.wait(1.0 if attempt.remaining is None else attempt.remaining):
            if attempt.remaining is not None and attempt.remaining <= 0:
                break
    finally:
        with handover:
            given_up.set()
            late = opened.pop() if opened else None
    if late is not None:
        return late
    if errors:
        raise errors.pop()
    raise _NoAnswer


def own_connection(engine: Engine) -> tuple[Connection, Callable[[], None]]:
    """Open a connection in autocommit that has nothing to do with the engine's pool.

    It is there even if the pool has no room left or always gives the same connection.

    :return: The connection, and what to call when it is no longer needed.
    """
    from sqlalchemy.engine import Engine as BesideEngine

    pool = engine.pool.recreate()
    beside = BesideEngine(pool, engine.dialect, engine.url)
    connection = beside.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close() -> None:
        connection.close()
        beside.dispose()

    return connection, close


# How drivers call the database to connect to; ours must win.
_DATABASE = ("database", "dbname", "db")


def engine_beside(engine: Engine, url: URL, **arguments: Any) -> Engine:
    """Return an engine of its own for another database.

    It shares no pool and no dialect with the app's engine: the dialect of MySQL keeps
    the name of the database that it reads the schema of. What the app passes to the
    driver beside the URL (certificates, say) goes along. Listeners of the app's engine
    do not; those of the class ``Engine`` are there. An engine that was given a ``creator``
    connects by that, and the connection is led to the other database.

    :param engine: The app's engine.
    :param url: What to connect to.
    :param arguments: Further arguments for the driver.
    """
    import sqlalchemy as sa

    given = _driver_arguments(engine)
    if given is None and url.database:
        return sa.create_engine(
            url, poolclass=sa.NullPool, creator=partial(_led, engine, url.database)
        )
    return sa.create_engine(
        url, poolclass=sa.NullPool, connect_args={**(given or {}), **arguments}
    )


def _led(engine: Engine, name: str) -> Any:
    """Connect as the engine does by itself, and then to another database.

    Where the driver cannot be led there, the connection stays where it is: whoever
    asked for it makes sure of its database.

    :param engine: The app's engine, which has a ``creator``.
    :param name: The name of the database.
    """
    fairy = engine.pool.recreate().connect()
    fairy.detach()
    driver: Any = fairy.dbapi_connection
    select = getattr(driver, "select_db", None)
    if callable(select):  # PyMySQL, mysqlclient
        select(name)
        return driver
    info: Any = getattr(driver, "info", None)
    parameters = getattr(info, "dsn_parameters", None)  # psycopg2
    if parameters is None and hasattr(info, "get_parameters"):
        parameters = info.get_parameters()  # psycopg
    module: Any = engine.dialect.loaded_dbapi
    if parameters is None or info is None:
        return driver
    password = info.password
    driver.close()
    return module.connect(**{**parameters, "password": password, "dbname": name})


def engine_for(url: URL) -> Engine:
    """Return an engine for a URL that a person gave.

    :param url: The URL.
    """
    import sqlalchemy as sa

    return sa.create_engine(url, poolclass=sa.NullPool)


def _driver_arguments(engine: Engine) -> dict[str, Any] | None:
    """Return what the app's engine gives to its driver beside what its URL says.

    :param engine: The app's engine.
    :return: ``None`` where it connects by a ``creator`` of its own.
    """
    from sqlalchemy import event

    seen: dict[str, Any] = {}
    calls: list[bool] = []

    def look(
        dialect: Any, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> None:
        calls.append(True)
        seen.update(cparams)

    event.listen(engine, "do_connect", look)
    try:
        _, close = own_connection(engine)
        close()
    finally:
        event.remove(engine, "do_connect", look)
    if not calls:
        return None
    _, from_url = engine.dialect.create_connect_args(engine.url)
    return {
        name: value
        for name, value in seen.items()
        if name not in _DATABASE and from_url.get(name) != value
    }
