"""Connecting: bounded, and with errors that help and hold no password."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from backends import backend_for
from sqlalchemy.ext.asyncio import create_async_engine

from flask_alembic.backends.connection_errors import unusable_url
from flask_alembic.errors import ConfigurationError, DatabaseError

SECRET = "s3cr3t"


def connect(engine: sa.Engine, seconds: float = 1) -> None:
    with backend_for(engine.dialect).connect(engine, seconds):
        pass


@pytest.fixture
def silent_port() -> Iterator[int]:
    """The port of a server that takes every connection and never says a word."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                taken.append(server.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    for connection in taken:
        connection.close()
    for thread in threading.enumerate():
        if thread.name == "flask-alembic-connect":
            thread.join(10)
    gc.collect()


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


SYNC = [
    ("psycopg", "postgresql+psycopg"),
    ("psycopg2", "postgresql+psycopg2"),
    # pg8000 leaves its socket to the garbage collector when it fails to connect.
    pytest.param(
        "pg8000",
        "postgresql+pg8000",
        marks=pytest.mark.filterwarnings("ignore::ResourceWarning"),
    ),
    ("pymysql", "mysql+pymysql"),
    ("mysql.connector", "mysql+mysqlconnector"),
]
ASYNC = [
    ("asyncpg", "postgresql+asyncpg"),
    ("psycopg", "postgresql+psycopg_async"),
    ("asyncmy", "mysql+asyncmy"),
    ("aiomysql", "mysql+aiomysql"),
]


def need(module: str) -> None:
    try:
        # By its whole name: the folder tests/backends/mysql looks like a package.
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        pytest.skip(f"{module} is not installed")


@pytest.mark.timeout(30)
@pytest.mark.sample("always")
@pytest.mark.parametrize(("module", "scheme"), SYNC)
def test_a_server_that_never_answers(
    module: str, scheme: str, silent_port: int
) -> None:
    need(module)
    engine = sa.create_engine(f"{scheme}://u:{SECRET}@127.0.0.1:{silent_port}/app")
    with pytest.raises(DatabaseError) as caught:
        connect(engine)
    assert f"database 'app' at 127.0.0.1:{silent_port}" in str(caught.value)
    assert SECRET not in str(caught.value)
    engine.dispose()


@pytest.mark.timeout(30)
@pytest.mark.sample("always")
@pytest.mark.parametrize(("module", "scheme"), ASYNC)
def test_a_server_that_never_answers_an_async_driver(
    module: str, scheme: str, silent_port: int
) -> None:
    need(module)
    url = f"{scheme}://u:{SECRET}@127.0.0.1:{silent_port}/app"

    async def work() -> None:
        engine = create_async_engine(url)
        from sqlalchemy.util import greenlet_spawn

        await greenlet_spawn(connect, engine.sync_engine)

    with pytest.raises(DatabaseError) as caught:
        asyncio.run(work())
    assert "'app' at 127.0.0.1" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.timeout(30)
def test_the_apps_own_limit_wins(silent_port: int) -> None:
    arguments = {"connect_timeout": 1}
    url = f"mysql+pymysql://u@127.0.0.1:{silent_port}/app"
    engine = sa.create_engine(url, connect_args=arguments)
    with pytest.raises(DatabaseError, match="within 1 seconds"):
        connect(engine, seconds=3600)
    engine.dispose()


@pytest.mark.timeout(30)
def test_a_pool_without_room_is_not_the_servers_fault(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url, pool_size=1, max_overflow=0)
    with engine.connect():
        with pytest.raises(DatabaseError) as caught:
            connect(engine, seconds=0.2)
    assert "There was no connection" in caught.value.message
    assert "pool" in caught.value.advice
    engine.dispose()


async def asynchronously(url: str, limits: list[object]) -> None:
    """Connect through an async driver, then as the app does itself."""
    from sqlalchemy.util import greenlet_spawn

    engine = create_async_engine(url, poolclass=sa.NullPool)
    for _ in range(2):
        await greenlet_spawn(connect, engine.sync_engine)

    def look(*given: Any) -> None:
        limits.append({name for name in given[3] if "creator" in name})
        limits.append({name for name in given[3] if "timeout" in name})

    sa.event.listen(engine.sync_engine, "do_connect", look)
    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT 1")) == 1
    await engine.dispose()


@pytest.mark.sample("always")
@pytest.mark.parametrize(("module", "scheme"), ASYNC)
def test_an_async_driver_connects(
    module: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    need(module)
    kind = "mariadb" if scheme.startswith("mysql") else "postgresql"
    url = sa.make_url(request.getfixturevalue(f"{kind}_url")).set(drivername=scheme)
    limits: list[object] = []
    text = url.render_as_string(hide_password=False)
    asyncio.run(asynchronously(text, limits))
    assert limits == [set(), set()]


def given_arguments(engine: sa.Engine, seconds: float) -> dict[str, Any]:
    """Return the arguments that the driver gets, without connecting anywhere."""
    seen: dict[str, Any] = {}

    class NoConnection(Exception):
        """Raised in place of a connection."""

    def look(dialect: object, record: object, cargs: object, cparams: Any) -> None:
        seen.update(cparams)
        raise NoConnection

    backend = backend_for(engine.dialect)
    with pytest.raises(DatabaseError):  # the first one adds our own listener
        backend.connect(engine, seconds)
    sa.event.listen(engine, "do_connect", look)
    with pytest.raises(DatabaseError):
        backend.connect(engine, seconds)
    return seen


def test_the_limit_reaches_the_driver(closed_port: int) -> None:
    url = f"postgresql+psycopg://u@127.0.0.1:{closed_port}/app"
    assert given_arguments(sa.create_engine(url), 4.2)["connect_timeout"] == 5
    own = sa.create_engine(f"{url}?connect_timeout=9")
    assert given_arguments(own, 4.2)["connect_timeout"] == "9"


def test_the_limit_of_the_environment_wins(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "3")
    engine = sa.create_engine(f"postgresql+psycopg://u@127.0.0.1:{closed_port}/app")
    assert "connect_timeout" not in given_arguments(engine, 4.2)


def test_the_apps_other_connections_are_left_alone(closed_port: int) -> None:
    engine = sa.create_engine(f"postgresql+psycopg://u@127.0.0.1:{closed_port}/app")
    with pytest.raises(DatabaseError):
        connect(engine)
    seen: list[dict[str, Any]] = []
    sa.event.listen(engine, "do_connect", lambda *given: seen.append(dict(given[3])))
    with pytest.raises(sa.exc.OperationalError):
        engine.connect()
    assert len(seen) == 1
    assert "connect_timeout" not in seen[0]


def test_a_connection_is_usable_in_the_thread_that_asked(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    backend = backend_for(engine.dialect)
    with backend.connect(engine, 10) as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
        assert not connection.closed
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    engine.dispose()


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_port_where_nobody_listens(scheme: str, closed_port: int) -> None:
    url = f"{scheme}://u:{SECRET}@127.0.0.1:{closed_port}/app"
    with pytest.raises(DatabaseError) as caught:
        connect(sa.create_engine(url))
    assert "Cannot connect to database 'app' at 127.0.0.1" in caught.value.message
    assert "that the server is running" in caught.value.advice
    assert SECRET not in str(caught.value)


def test_a_database_that_does_not_exist(database_url: str) -> None:
    url = sa.make_url(database_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(database=f"/no/such/folder/{SECRET}.db")
        advice = "folder"
    else:
        url, advice = url.set(database="no_such_database"), "Create the database"
    engine = sa.create_engine(url)
    with pytest.raises(DatabaseError) as caught:
        connect(engine)
    assert str(url.database) in caught.value.message
    assert advice in caught.value.advice
    engine.dispose()


def test_a_wrong_password_is_not_shown(
    mariadb_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = sa.make_url(mariadb_url).set(username="nobody", password=SECRET)
    engine = sa.create_engine(url)
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(DatabaseError) as caught:
            connect(engine)
    assert "user name and the password" in caught.value.advice
    chain: BaseException | None = caught.value
    while chain is not None:
        assert SECRET not in str(chain)
        chain = chain.__cause__
    assert SECRET not in caplog.text
    engine.dispose()


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_password_with_an_at_sign_is_not_shown_either(scheme: str) -> None:
    engine = sa.create_engine(f"{scheme}://u:p@{SECRET}@localhost.invalid/app")
    with pytest.raises(DatabaseError) as caught:
        connect(engine)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "localhost.invalid" in caught.value.message
    engine.dispose()


def test_a_driver_that_repeats_the_password() -> None:
    engine = sa.create_engine(f"postgresql+psycopg://u:{SECRET}%2F@127.0.0.1/app")

    @sa.event.listens_for(engine, "do_connect")
    def refuse(dialect: object, record: object, cargs: object, cparams: Any) -> None:
        raise RuntimeError(f"no luck with {cparams['password']} ({SECRET}%2F)")

    with pytest.raises(DatabaseError) as caught:
        connect(engine)
    assert "no luck with *** (***)" in caught.value.message
    assert caught.value.__cause__ is None


def test_a_driver_that_is_missing_when_it_connects() -> None:
    engine = sa.create_engine("sqlite://")

    @sa.event.listens_for(engine, "do_connect")
    def fail(*given: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2")

    with pytest.raises(DatabaseError, match="pip install psycopg2-binary"):
        connect(engine)


def engine_error(url: str) -> ConfigurationError:
    with pytest.raises(Exception, match=r".*") as caught:
        sa.create_engine(url)
    assert isinstance(caught.value, Exception)
    return unusable_url(url, caught.value)


@pytest.mark.parametrize(
    ("url", "message", "advice"),
    [
        ("postgres://u:s3cr3t@h/d", "has no dialect 'postgres'", "postgresql://"),
        ("nosql://u:s3cr3t@h/d", "has no dialect 'nosql'", "install the package"),
        ("s3cr3t", "is not valid", "%40"),
        ("mysql://u:p@ss:s3cr3t@h/d", "(mysql://...) is not valid", "%40"),
    ],
)
def test_urls_that_are_wrong(url: str, message: str, advice: str) -> None:
    error = engine_error(url)
    assert message in error.message
    assert advice in error.advice
    assert SECRET not in str(error)


def test_a_driver_that_is_not_installed() -> None:
    for module, url, package in (
        ("MySQLdb", "mysql://u:s3cr3t@h/d", "mysqlclient"),
        ("oracledb", "oracle+oracledb://u:s3cr3t@h/d", "oracledb"),
    ):
        if importlib.util.find_spec(module) is not None:
            continue
        error = engine_error(url)
        assert f"'{module}'" in error.message
        assert error.advice == f"Install it: pip install {package}"
        assert SECRET not in str(error)
    quoted = unusable_url("postgresql+psycopg://", ImportError("x", name="psycopg"))
    assert quoted.advice == 'Install it: pip install "psycopg[binary]"'


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    path.write_text("not a database " * 100)
    engine = sa.create_engine(f"sqlite:///{path}")

    @sa.event.listens_for(engine, "connect")
    def read(dbapi: Any, record: object) -> None:
        dbapi.execute("PRAGMA user_version").close()

    with pytest.raises(DatabaseError, match="not a database") as caught:
        connect(engine)
    assert "SQLite file" in caught.value.advice
    engine.dispose()
