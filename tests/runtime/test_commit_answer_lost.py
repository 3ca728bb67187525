"""A COMMIT, or another statement, that the server has got and whose answer is lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    tables,
    version_rows,
    write_chain,
    write_revision,
)
from flask import Flask
from plugging import Implementing

from flask_alembic.errors import MigrationFailed
from flask_alembic.hooks import RunResult

pytestmark = pytest.mark.costly


class Proxy:
    """Passes everything on to a server; cuts the client off at a statement if told to.

    :param server: Its host and port, or the path of its socket.
    """

    def __init__(self, server: tuple[str, int] | str) -> None:
        self.server = server
        self.after = b"\0no such text"
        """The statement after one with this text is the one."""
        self.at = b"COMMIT"
        """A text of the statement itself."""
        self.passes_commit = True
        """Whether the server gets it."""
        self.opens_again = True
        """Whether connections are possible afterwards."""
        self.cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close everything."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                if self.cut and not self.opens_again:
                    client.close()
                    continue
                server = self._connected()
                self._sockets += [client, server]
                for work, one, other in (
                    (self._up, client, server),
                    (self._down, server, client),
                ):
                    threading.Thread(
                        target=work, args=(one, other), daemon=True
                    ).start()

    def _connected(self) -> socket.socket:
        if isinstance(self.server, tuple):
            return socket.create_connection(self.server)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        return server

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        armed = False
        with suppress(OSError):
            while data := client.recv(65536):
                armed = armed or self.after in data
                if armed and self.at in data and not self.cut:
                    self.cut = True
                    client.shutdown(socket.SHUT_RDWR)
                    if self.passes_commit:
                        server.sendall(data)
                        server.settimeout(1)
                        server.recv(65536)  # the answer: it is done
                    break
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest, make_database: Any) -> str:
    """The URL of a database on a server."""
    url: str = make_database(request.param)
    return url


@pytest.fixture
def proxy(server_url: str) -> Iterator[Proxy]:
    """A proxy before the server."""
    url = sa.make_url(server_url)
    port = url.port or (3306 if "mysql" in server_url else 5432)
    folder = url.query.get("host")
    if url.host is None and isinstance(folder, str):
        made = Proxy(f"{folder}/.s.PGSQL.{port}")
    else:
        made = Proxy((str(url.host), port))
    yield made
    made.close()


def app_through(folder: Path, url: str, proxy: Proxy, **config: Any) -> Flask:
    """Return an app that reaches its database through the proxy."""
    through = sa.make_url(url).set(host="127.0.0.1", port=proxy.port)
    through = through.difference_update_query(["host"])
    app = make_app(
        folder,
        through.render_as_string(hide_password=False),
        models=no_models,
        **config,
    )
    write_chain(migrations_of(app), "a1", "a2", "a3")
    return app


def version_row(url: str) -> bytes:
    """Return what is sent before the COMMIT of the run, and not before another one.

    On MariaDB the journal commits after each statement of DDL; the version row of a
    later revision than the first is the last but the COMMIT of the run.
    """
    return b"SET version_num=" if url.startswith("mysql") else b"t_a2"


def upgrade(app: Flask, heard: list[str]) -> tuple[RunResult, str]:
    """Upgrade and return the result of the failure, and what it says."""
    extension_of(app).register(
        Implementing(
            revision_applied=lambda step: heard.append(f"applied {step.revision}"),
            revision_failed=lambda step: heard.append(f"failed {step.revision}"),
        )
    )
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        extension_of(app).upgrade()
    assert isinstance(caught.value.result, RunResult)
    return caught.value.result, str(caught.value)


@pytest.mark.sample("all")
@pytest.mark.parametrize("per_revision", [False, True])
@pytest.mark.parametrize("passes", [True, False], ids=["applied", "not applied"])
def test_the_database_is_asked(
    passes: bool, per_revision: bool, tmp_path: Path, server_url: str, proxy: Proxy
) -> None:
    context = {"transaction_per_migration": per_revision}
    app = app_through(tmp_path, server_url, proxy, ALEMBIC_CONTEXT=context)
    proxy.after, proxy.passes_commit = version_row(server_url), passes
    heard: list[str] = []
    result, text = upgrade(app, heard)
    assert proxy.cut
    rows = version_rows(server_url)
    assert set(result.heads_after["default"]) == rows
    assert [f"applied {each.step.revision}" for each in result.applied] == [
        event for event in heard if event.startswith("applied")
    ]
    failure = result.failure
    assert failure is not None
    assert not failure.not_known
    assert "COMMIT failed" in failure.error
    applied = [each.step.revision for each in result.applied]
    if per_revision or server_url.startswith("mysql"):
        assert applied == (["a1", "a2"] if passes else ["a1"])
        assert ("failed a2" in heard) != passes
    else:
        assert applied == (["a1", "a2", "a3"] if passes else [])
    assert rows == ({applied[-1]} if applied else set())
    if failure.in_effect:
        assert server_url.startswith("mysql")
        assert not passes
        return
    assert "Version table: correct" in text
    with app.app_context():
        assert extension_of(app).upgrade().ok
    assert tables(server_url) == {"t_a1", "t_a2", "t_a3"}


@pytest.mark.sample("all")
def test_nobody_can_be_asked(tmp_path: Path, server_url: str, proxy: Proxy) -> None:
    settings = {"connect_timeout": 1}
    app = app_through(tmp_path, server_url, proxy, ALEMBIC=settings)
    proxy.after, proxy.opens_again = version_row(server_url), False
    heard: list[str] = []
    result, text = upgrade(app, heard)
    assert result.failure is not None
    maybe = [step.revision for step in result.failure.not_known]
    if server_url.startswith("mysql"):
        assert maybe == ["a2"]
        assert heard == ["applied a1"]
        assert "Not started: a3 [default]" in text
    else:
        assert maybe == ["a1", "a2", "a3"]
        assert heard == []
    assert f"Not known whether applied: {maybe[0]} [default]" in text
    assert "Version table: not known" in text
    assert "Rolled back: nothing" in text
    assert "flask db current" in result.failure.advice


def tables_said(statements: Sequence[str]) -> set[str]:
    """Return which of the tables of revision a2 some statements create."""
    names = ("t_a2", "t_a2_later", "t_a2_last")
    return {
        name for name in names if any(f"TABLE {name} " in sql for sql in statements)
    }


@pytest.mark.sample("all")
@pytest.mark.parametrize("passes", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("server_url", ["mariadb"], indirect=True)
def test_the_commit_of_the_journal(
    passes: bool, tmp_path: Path, server_url: str, proxy: Proxy
) -> None:
    """The statement is applied; whether that was recorded is what differs."""
    app = app_through(tmp_path, server_url, proxy)
    proxy.after, proxy.passes_commit = b"t_a2", passes
    heard: list[str] = []
    result, text = upgrade(app, heard)
    assert "t_a2" in tables(server_url)
    assert heard == ["applied a1", "failed a2"]
    assert result.heads_after == {"default": ("a1",)}
    failure = result.failure
    assert failure is not None
    assert tables_said(failure.in_effect) == ({"t_a2"} if passes else set())
    assert tables_said(failure.uncertain) == (set() if passes else {"t_a2"})
    assert "Version table: correct" not in text


@pytest.mark.sample("all")
@pytest.mark.parametrize("asked", [True, False], ids=["asked", "nobody"])
@pytest.mark.parametrize("passes", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("server_url", ["mariadb"], indirect=True)
def test_a_statement_that_commits_by_itself(
    passes: bool, asked: bool, tmp_path: Path, server_url: str, proxy: Proxy
) -> None:
    """The server commits its record as it begins the statement."""
    app = app_through(tmp_path, server_url, proxy, ALEMBIC={"connect_timeout": 1})
    proxy.after, proxy.at = b"t_a1", b"\x03\nCREATE TABLE t_a2 "
    proxy.passes_commit, proxy.opens_again = passes, asked
    result, text = upgrade(app, [])
    assert ("t_a2" in tables(server_url)) == passes
    failure = result.failure
    assert failure is not None
    assert not failure.in_effect
    is_known = asked and not passes
    assert tables_said(failure.uncertain) == (set() if is_known else {"t_a2"})
    assert ("Version table: correct" in text) == is_known


BODIES = {
    "commit before a block": (
        b"TABLE t_a2 ",
        b"COMMIT",
        [
            "op.create_table('t_a2', sa.Column('id', sa.Integer))",
            "with op.get_context().autocommit_block():",
            "    op.create_table('t_a2_later', sa.Column('id', sa.Integer))",
        ],
    ),
    "statement of a block": (
        b"TABLE t_a2 ",
        b"TABLE t_a2_later ",
        [
            "op.create_table('t_a2', sa.Column('id', sa.Integer))",
            "with op.get_context().autocommit_block():",
            "    op.create_table('t_a2_later', sa.Column('id', sa.Integer))",
        ],
    ),
    "commit of a revision": (
        b"TABLE t_a2 ",
        b"COMMIT",
        [
            "op.create_table('t_a2', sa.Column('id', sa.Integer))",
            "op.execute('COMMIT')",
            "op.create_table('t_a2_later', sa.Column('id', sa.Integer))",
        ],
    ),
    "second commit of a revision": (
        b"TABLE t_a2_later ",
        b"COMMIT",
        [
            "op.create_table('t_a2', sa.Column('id', sa.Integer))",
            "op.execute('COMMIT')",
            "op.create_table('t_a2_later', sa.Column('id', sa.Integer))",
            "op.execute('COMMIT')",
        ],
    ),
    "statement in the transaction": (
        b"TABLE t_a2 ",
        b"TABLE t_a2_later ",
        [
            "op.create_table('t_a2', sa.Column('id', sa.Integer))",
            "op.create_table('t_a2_later', sa.Column('id', sa.Integer))",
        ],
    ),
}


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "nobody"])
@pytest.mark.parametrize("passes", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("body", BODIES)
def test_in_the_middle_of_a_revision(
    body: str, passes: bool, asked: bool, tmp_path: Path, server_url: str, proxy: Proxy
) -> None:
    app = app_through(tmp_path, server_url, proxy, ALEMBIC={"connect_timeout": 1})
    proxy.after, proxy.at, lines = BODIES[body]
    proxy.passes_commit, proxy.opens_again = passes, asked
    write_revision(migrations_of(app), "a2", "a1", lines)
    heard: list[str] = []
    result, text = upgrade(app, heard)
    assert proxy.cut
    there, rows, failure = tables(server_url), version_rows(server_url), result.failure
    assert failure is not None
    applied = {each.step.revision for each in result.applied}
    assert {f"applied {name}" for name in applied} == {*heard} - {"failed a2"}
    assert "PendingRollbackError" not in failure.error
    assert "a2" not in applied | rows
    maybe = {step.revision for step in failure.not_known}
    assert applied <= rows | {"a1"} - maybe
    assert rows <= applied | maybe
    if asked:
        assert set(result.heads_after["default"]) == rows
    in_effect = tables_said(failure.in_effect)
    uncertain = tables_said(failure.uncertain)
    assert in_effect <= there
    assert there & {"t_a2", "t_a2_later"} <= in_effect | uncertain
    if not in_effect | uncertain | maybe:
        assert "Version table: correct" in text
    if body == "statement in the transaction" and "postgresql" in server_url:
        assert not uncertain
    if body == "commit of a revision" and asked and "postgresql" in server_url:
        assert not uncertain
        assert in_effect == ({"t_a2"} if passes else set())
