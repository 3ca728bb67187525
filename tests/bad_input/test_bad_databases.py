"""Databases that cannot be reached, refuse, or may not be written to."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import write_table_revision
from databases import admin_connection
from sandbox import SECRET, Sandbox, accepted, refused, told

LINES = ["upgrade", "current", "downgrade", "stamp", "revision message", "check"]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def project(sandbox: Sandbox) -> Sandbox:
    write_table_revision(sandbox.migrations, "aaaa1")
    return sandbox


def on(project: Sandbox, url: str) -> dict[str, Any]:
    """Return the configuration for another database than the sandbox's."""
    return {"SQLALCHEMY_DATABASE_URI": url, "ALEMBIC": {"connect_timeout": 5}}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_an_unreachable_server_is_named(
    project: Sandbox, closed_port: int, driver: str, line: str
) -> None:
    url = f"{driver}://me:{SECRET}@127.0.0.1:{closed_port}/shop"
    says = ["'shop'", f"127.0.0.1:{closed_port}", "Check host and port"]
    refused(project, *line.split(), code=3, says=says, **on(project, url))


@pytest.mark.parametrize("line", ["heads", "log", "revision --empty message"])
def test_a_server_is_not_needed_for_files(
    project: Sandbox, closed_port: int, line: str
) -> None:
    url = f"postgresql+psycopg://me:{SECRET}@127.0.0.1:{closed_port}/shop"
    accepted(project, *line.split(), **on(project, url))


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_an_unknown_host_is_named(project: Sandbox, driver: str) -> None:
    url = f"{driver}://me:{SECRET}@no-such-host.invalid/shop"
    says = ["no-such-host.invalid", "host"]
    refused(project, "upgrade", code=3, says=says, **on(project, url))


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_password_with_an_at_sign_does_not_show(
    project: Sandbox, driver: str
) -> None:
    """What follows an unescaped ``@`` is taken for the host, and shown as one."""
    url = f"{driver}://me:{SECRET}@rest@no-such-host.invalid/shop"
    outcome = refused(project, "upgrade", code=3, says="host", **on(project, url))
    assert "rest@" not in outcome.text
    # Both halves begin alike: hiding the first must not spare the end of the second.
    url = f"{driver}://me:{SECRET}@{SECRET}tail@no-such-host.invalid/shop"
    outcome = refused(project, "upgrade", code=3, says="host", **on(project, url))
    assert "tail" not in outcome.text


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
@pytest.mark.parametrize("line", ["upgrade", "current"])
def test_a_missing_database_is_named(
    project: Sandbox, request: pytest.FixtureRequest, kind: str, line: str
) -> None:
    server: sa.URL = request.getfixturevalue(f"{kind}_server")
    url = server.set(database="no_such_database")
    says = ["'no_such_database'", "Create the database"]
    settings = on(project, url.render_as_string(hide_password=False))
    refused(project, *line.split(), code=3, says=says, **settings)


@pytest.fixture
def limited(mariadb_server: sa.URL, make_database: Any) -> Iterator[sa.URL]:
    """A database whose user may read only; the password holds what URLs escape."""
    database = sa.make_url(make_database("mariadb"))
    user, password = f"fa_{uuid.uuid4().hex[:8]}", f"{SECRET}%40@/:#?&=+ x"
    with admin_connection(mariadb_server) as connection:
        quoted = password.replace("%", "%%")
        connection.exec_driver_sql(f"CREATE USER {user}@'%%' IDENTIFIED BY '{quoted}'")
        connection.exec_driver_sql(
            f"CREATE USER {user}@localhost IDENTIFIED BY '{quoted}'"
        )
        for host in ("'%%'", "localhost"):
            connection.exec_driver_sql(
                f"GRANT SELECT ON {database.database}.* TO {user}@{host}"
            )
    try:
        yield database.set(username=user, password=password)
    finally:
        with admin_connection(mariadb_server) as connection:
            for host in ("'%%'", "localhost"):
                connection.exec_driver_sql(f"DROP USER {user}@{host}")


def test_any_character_in_a_password_will_do(project: Sandbox, limited: sa.URL) -> None:
    url = limited.render_as_string(hide_password=False)
    accepted(project, "current", **on(project, url))


def test_a_wrong_password_is_refused_without_showing_it(
    project: Sandbox, limited: sa.URL
) -> None:
    url = limited.set(password=f"{SECRET}!").render_as_string(hide_password=False)
    says = ["Access denied", "password"]
    refused(project, "upgrade", code=3, says=says, **on(project, url))


def test_missing_rights_are_named(project: Sandbox, limited: sa.URL) -> None:
    url = limited.render_as_string(hide_password=False)
    before = project.state()
    outcome = project.db("upgrade", **on(project, url))
    assert outcome.code == 3
    assert "command denied" in outcome.err
    assert "alembic_version" in outcome.err
    assert "Traceback" not in outcome.text
    assert SECRET not in outcome.text
    assert {**project.state(), "migrations/script.py.mako": b""} == {
        **before,
        "migrations/script.py.mako": b"",
    }


def test_a_read_only_server_refuses_before_anything_runs(
    project: Sandbox, postgresql_url: str
) -> None:
    separator = "&" if "?" in postgresql_url else "?"
    options = f"{separator}options=-c%20default_transaction_read_only%3Don"
    remote = Sandbox(project.folder, postgresql_url)
    outcome = remote.db("upgrade", **on(project, postgresql_url + options))
    assert outcome.code == 3
    assert "read-only transaction" in outcome.err
    assert "Traceback" not in outcome.text
    assert remote.state()["<database>"] == {}
    accepted(remote, "current", **on(project, postgresql_url + options))


@pytest.mark.parametrize("line", ["upgrade", "stamp"])
def test_a_read_only_file_is_named(project: Sandbox, line: str) -> None:
    accepted(project, "upgrade")
    write_table_revision(project.migrations, "bbbb2", "aaaa1")
    url = f"sqlite:///file:{project.folder / 'app.db'}?mode=ro&uri=true"
    before = project.state()
    outcome = project.db(line, **on(project, url))
    assert outcome.code == 3, outcome.text
    assert "readonly" in outcome.err
    assert "'default'" in outcome.err
    assert "Traceback" not in outcome.text
    assert project.state() == before
    accepted(project, "current", **on(project, url))


@pytest.mark.parametrize("line", LINES)
def test_a_file_in_a_missing_folder_is_named(project: Sandbox, line: str) -> None:
    url = f"sqlite:///{project.folder / 'no' / 'such' / 'app.db'}"
    says = ["no/such/app.db", "unable to open", "folder"]
    refused(project, *line.split(), code=3, says=says, **on(project, url))


@pytest.mark.parametrize("line", LINES)
def test_a_folder_in_place_of_a_file_is_named(project: Sandbox, line: str) -> None:
    (project.folder / "data").mkdir()
    url = f"sqlite:///{project.folder / 'data'}"
    says = ["data", "unable to open"]
    refused(project, *line.split(), code=3, says=says, **on(project, url))


@pytest.mark.parametrize("line", LINES)
def test_a_file_that_is_no_database_is_named(project: Sandbox, line: str) -> None:
    path = project.folder / "app.txt"
    path.write_text("this is no database, but a text\n" * 100)
    says = ["not a database", "app.txt"]
    settings = on(project, f"sqlite:///{path}")
    refused(project, *line.split(), code=3, says=says, **settings)


def test_a_closed_file_is_named(open_sandbox: Sandbox, held_back: Any) -> None:
    write_table_revision(open_sandbox.migrations, "aaaa1")
    app = open_sandbox.app()
    accepted(open_sandbox, "upgrade", app=app)
    accepted(open_sandbox, "current", app=app)  # imported before it may read less
    Path(open_sandbox.folder, "app.db").chmod(0)
    with held_back():
        outcome = open_sandbox.db("current", app=app)
    told(outcome, 3, ["app.db", "unable to open"])


@pytest.mark.parametrize("line", ["upgrade", "current", "downgrade base"])
@pytest.mark.parametrize("broken", ["default", "b"])
def test_the_one_of_several_databases_is_named(
    project: Sandbox, broken: str, line: str
) -> None:
    urls = {
        name: f"sqlite:///{project.folder / ('no/such' if name == broken else name)}.db"
        for name in ("default", "b")
    }
    settings: dict[str, Any] = {
        "SQLALCHEMY_DATABASE_URI": urls["default"],
        "SQLALCHEMY_BINDS": {"b": urls["b"]},
        "ALEMBIC": {"databases": ["default", "b"]},
    }
    refused(project, *line.split(), code=3, says="no/such.db", **settings)
    for name in ("default.db", "b.db"):
        file = project.folder / name
        assert not file.exists() or not file.read_bytes()


@pytest.mark.parametrize("line", ["status", "upgrade", "current", "doctor", "graph"])
def test_a_url_without_a_database_is_named(
    project: Sandbox, mariadb_url: str, line: str
) -> None:
    url = sa.make_url(mariadb_url).set(database="")
    plain = url.render_as_string(hide_password=False)
    outcome = project.db(line, **on(project, plain))
    assert outcome.code == 3
    assert "names no database" in outcome.text
    assert "end in /NAME" in outcome.text
