"""Pointing an app at other databases for a while, with the engines that it has.

An engine is made once and handed around: sessions, ``db.engine`` and the code of the
app keep it. So it is not replaced; each connection that it opens is led elsewhere. That
is what SQLAlchemy's event ``do_connect`` is for:
https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.DialectEvents
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ..backends.server_for_tests import own_urls
from ..errors import ConfigurationError
from ..runtime.databases import DEFAULT
from ..runtime.event_loop import call

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import URL, Engine

    from ..backends.server_for_tests import TestServer
    from ..runtime.environment import Environment

_checked: WeakSet[Engine] = WeakSet()
# Engines that are known to go where they are led.


@contextmanager
def pointed(
    environment: Environment,
    engines: Mapping[str, Engine],
    places: Mapping[str, TestServer],
    names: Mapping[str, str],
) -> Iterator[None]:
    """Lead the engines of an app to other databases, and back at the end.

    Connections that are open when it begins or ends are left to who opened them.

    :param environment: The app's environment.
    :param engines: By database name: the sync side of each engine.
    :param places: By database name: where its test databases are.
    :param names: By database name: where to.
    :raises ConfigurationError: When an engine decides itself where it connects to.
    """
    with ExitStack() as stack:
        _leave_sessions(environment.app)
        stack.callback(_leave_sessions, environment.app)
        for name, engine in engines.items():
            if places[name].redirects:
                url = places[name].url(engine.url, names[name])
                stack.enter_context(_configured(environment.app, name, engine, url))
                stack.enter_context(_led(engine, url))
            else:
                stack.enter_context(_filled(engine, places[name], names[name]))
        with environment.app.app_context():
            _check(environment, places, names)
        yield


@contextmanager
def _led(engine: Engine, url: URL) -> Iterator[None]:
    """Lead one engine to another URL."""
    from sqlalchemy import event

    own, default_schema = engine.url, engine.dialect.default_schema_name
    mine = engine.dialect.create_connect_args(own)
    theirs = engine.dialect.create_connect_args(url)

    def lead(dialect: Any, record: Any, cargs: Any, cparams: dict[str, Any]) -> None:
        if list(mine[0]) != list(theirs[0]):
            cargs[:] = theirs[0]
        for name in {*mine[1], *theirs[1]}:
            if mine[1].get(name) != theirs[1].get(name):
                cparams[name] = theirs[1].get(name)
                if name not in theirs[1]:
                    del cparams[name]

    engine.dispose()
    first = engine not in own_urls
    own_urls.setdefault(engine, own)
    event.listen(engine, "do_connect", lead)
    engine.url = url
    if default_schema == own.database:
        # The dialect of MySQL keeps the database whose schema it reads.
        engine.dialect.default_schema_name = url.database
    try:
        yield
    finally:
        event.remove(engine, "do_connect", lead)
        engine.url = own
        if first:
            del own_urls[engine]
        if engine.dialect.default_schema_name == url.database:
            engine.dialect.default_schema_name = own.database
        _dispose(engine)


@contextmanager
def _filled(engine: Engine, place: TestServer, name: str) -> Iterator[None]:
    """Give an engine in memory the content of a database."""
    engine.dispose()
    place.load(engine, name)
    try:
        yield
    finally:
        engine.dispose()


def _dispose(engine: Engine) -> None:
    """Forget the pool; connections of an event loop that is over cannot be closed."""
    engine.dispose(close=not engine.dialect.is_async)


@contextmanager
def _configured(app: Flask, name: str, engine: Engine, url: URL) -> Iterator[None]:
    """Let the configuration of Flask-SQLAlchemy tell where the app is."""
    config = app.config
    text = url.render_as_string(hide_password=False)
    value: object
    key = "SQLALCHEMY_BINDS"
    binds = config.get(key)
    if name == DEFAULT and "SQLALCHEMY_DATABASE_URI" in config:
        key, value = "SQLALCHEMY_DATABASE_URI", text
    elif isinstance(binds, Mapping) and name in binds:
        bind = binds[name]
        value = {**binds, name: {**bind, "url": text} if _is_dict(bind) else text}
    else:
        yield
        return
    before = config[key]
    config[key] = value
    try:
        yield
    finally:
        config[key] = before


def _is_dict(value: object) -> bool:
    return isinstance(value, Mapping)


def _leave_sessions(app: Flask) -> None:
    """Give back the connection that the session of the test's app context holds."""
    from flask import current_app, has_app_context

    here = has_app_context() and current_app._get_current_object() is app  # type: ignore[attr-defined]
    if not here:  # nor could Flask-SQLAlchemy-Lite give its session
        return
    session: Any = getattr(app.extensions.get("sqlalchemy"), "session", None)
    if session is not None:
        getattr(session, "remove", session.close)()


def _check(
    environment: Environment, places: Mapping[str, TestServer], names: Mapping[str, str]
) -> None:
    """Make sure that each engine went where it was led."""
    databases = environment.databases()
    wanted = [
        name
        for name in names
        if places[name].redirects and databases[name].engine not in _checked
    ]
    if not wanted:
        return

    def look(environment: Environment) -> None:
        for name, database in environment.databases().items():
            if name not in wanted:
                continue
            with database.engine.connect() as connection:
                found = places[name].where(connection)
            if not _same(found, names[name]):
                raise ConfigurationError(
                    f"The engine of database {name!r} decides itself where it connects "
                    "to (with creator, or a listener of its own), so the test cannot "
                    "be given a database of its own.",
                    "Write a fixture alembic_app_factory, which makes the app for a "
                    "URL.",
                )

    call(environment, look)
    _checked.update(databases[name].engine for name in wanted)


def _same(found: str, wanted: str) -> bool:
    import os

    return os.path.realpath(found) == os.path.realpath(wanted)
