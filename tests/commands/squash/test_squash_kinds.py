"""Everything that a history may make: squashed, or named as left out; seen by drift."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    second_connection,
    write_revision,
)
from databases import admin_connection, drop_mariadb, drop_postgresql, text_of
from dumps import dump
from flask import Flask
from statement_kinds import KINDS, Kind

from flask_alembic.errors import Refused

pytestmark = pytest.mark.costly

SERVERS = ("postgresql", "mariadb")
TABLES = {
    "postgresql": (
        "CREATE TABLE author (id serial PRIMARY KEY, name varchar(50) NOT NULL, "
        "n integer, body text)",
        "CREATE TABLE book (id integer PRIMARY KEY)",
    ),
    "mariadb": (
        "CREATE TABLE author (id int PRIMARY KEY, name varchar(50) NOT NULL, n int)",
        "CREATE TABLE book (id int PRIMARY KEY)",
    ),
}
LEFT_OUT = {
    "postgresql": (
        "access method",
        "base type:shell",
        "conversion",
        "excluded table:aside.*",
        "inheritance",
        "large object",
        "operator family",
        "partitioning",
        "user mapping",
    ),
    "mariadb": ("SQL mode", "definer", "procedure:loose"),
}


@dataclass
class Server:
    """A server on which databases are made, for a module."""

    kind: str
    make: Callable[[], str]
    folder: Callable[[], Path]


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    kind = str(request.param)
    url: sa.URL = request.getfixturevalue(f"{kind}_server")
    names: list[str] = []

    def make() -> str:
        names.append(f"fa_kinds_{len(names)}_{id(names):x}")
        with admin_connection(url) as connection:
            template = " TEMPLATE template0" if kind == "postgresql" else ""
            connection.exec_driver_sql(f"CREATE DATABASE {names[-1]}{template}")
        return text_of(url.set(database=names[-1]))

    yield Server(kind, make, lambda: tmp_path_factory.mktemp("kinds"))
    for name in names:
        (drop_postgresql if kind == "postgresql" else drop_mariadb)(url, name)


def project(server: Server, url: str, kinds: Sequence[Kind]) -> Flask:
    """Return an app whose second revision executes the statements of all kinds.

    Its models are of no interest.
    """
    app = make_app(server.folder(), url)
    folder = migrations_of(app)
    write_revision(folder, "a1", None, executing(TABLES[server.kind]), ["pass"])
    statements = [text for each in kinds for text in each.statements]
    write_revision(folder, "a2", "a1", executing(statements), ["pass"])
    return app


def executing(statements: Sequence[str]) -> list[str]:
    return [f"op.execute({text!r})" for text in statements] or ["pass"]


@dataclass
class Squashed:
    """What both histories make, as dumps."""

    old: str
    new: str
    left_out: tuple[str, ...]


def squashed(server: Server, kinds: Sequence[Kind], **options: Any) -> Squashed:
    """Squash a history, and dump what both make."""
    before, after = server.make(), server.make()
    app = project(server, before, kinds)
    with app.app_context():
        extension_of(app).upgrade()
        old = dump(before)
        result = extension_of(app).squash(":", **options)
    app = make_app(server.folder(), after, models=no_models)
    shutil.copy(result.path, migrations_of(app))
    with app.app_context():
        extension_of(app).upgrade()
    return Squashed(old, dump(after), result.left_out)


@pytest.fixture(scope="module")
def all_squashed(server: Server) -> Squashed:
    return squashed(server, KINDS[server.kind][0])


def test_the_dumps_are_the_same(all_squashed: Squashed) -> None:
    assert all_squashed.new.splitlines() == all_squashed.old.splitlines()
    assert all_squashed.left_out == ()


@pytest.mark.sample("all")
@pytest.mark.parametrize("number", range(max(len(KINDS[s][0]) for s in SERVERS)))
def test_a_kind_is_in_the_dump(
    server: Server, all_squashed: Squashed, number: int
) -> None:
    """Else the equality of the dumps would say nothing of it."""
    if number < len(KINDS[server.kind][0]):
        kind = KINDS[server.kind][0][number]
        assert kind.dumped in all_squashed.new, kind.name


@pytest.mark.full
@pytest.mark.parametrize("number", range(max(len(KINDS[s][0]) for s in SERVERS)))
def test_a_kind_by_itself(server: Server, number: int) -> None:
    if number < len(KINDS[server.kind][0]):
        found = squashed(server, [KINDS[server.kind][0][number]])
        assert found.new.splitlines() == found.old.splitlines()


def test_what_is_not_made_is_named(server: Server) -> None:
    kinds = KINDS[server.kind][1]
    app = project(server, server.make(), kinds)
    with app.app_context():
        with pytest.raises(Refused) as refused:
            extension_of(app).squash(":", allow_data_loss=True)
        for kind in kinds:
            for word in kind.seen.split():
                assert word in refused.value.message, kind.name
        assert "--leave-out" in refused.value.advice
        assert len(list(migrations_of(app).glob("*.py"))) == 2
        assert "secret" not in refused.value.message


def test_what_is_left_out_is_reported(server: Server) -> None:
    kinds = KINDS[server.kind][1]
    app = project(server, server.make(), kinds)
    with app.app_context():
        result = extension_of(app).squash(
            ":", allow_data_loss=True, leave_out=LEFT_OUT[server.kind]
        )
    assert len(list(migrations_of(app).glob("*.py"))) == 1
    for kind in kinds:
        assert any(kind.seen in each for each in result.left_out), kind.name


@pytest.fixture(scope="module")
def drifted(server: Server) -> dict[str, Any]:
    """What drift reports of a database in which everything was made by hand."""
    url = server.make()
    app = project(server, url, ())
    with app.app_context():
        extension_of(app).upgrade("a1")
        assert differences(app) == ([], [])
    with second_connection(url) as connection:
        for kind in (*KINDS[server.kind][0], *KINDS[server.kind][1]):
            for statement in kind.statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))
        connection.commit()
    with app.app_context():
        found, named = differences(app)
    return {"differences": found, "not compared": named}


def differences(app: Flask) -> tuple[list[str], list[str]]:
    (one,) = extension_of(app).drift().databases
    return (
        [f"{each.kind} {each.name}" for each in one.revisions_database],
        [f"{each.kind} {name}" for each in one.not_compared for name in each.names],
    )


@pytest.mark.sample("all")
@pytest.mark.parametrize("number", range(max(sum(map(len, KINDS[s])) for s in SERVERS)))
def test_drift_sees_or_names_a_kind(
    server: Server, drifted: dict[str, Any], number: int
) -> None:
    kinds = [*KINDS[server.kind][0], *KINDS[server.kind][1]]
    if number < len(kinds):
        every = [*drifted["differences"], *drifted["not compared"]]
        seen = kinds[number].seen
        # Of a table that is missing nothing else is said.
        table = f"table {seen.split(' ')[-1].partition('.')[0]}"
        assert any(e.startswith(seen) or e == table for e in every), kinds[number].name


# SQLite --------------------------------------------------------------------------

SQLITE = (
    "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT COLLATE NOCASE) STRICT",
    "CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT) WITHOUT ROWID",
    "CREATE INDEX lower_n ON b (lower(n)) WHERE id > 3",
    "create index plain on b (n asc)",
    "PRAGMA user_version = 5",
)


def test_what_sqlite_does_not_reflect(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url, models=no_models)
    folder = migrations_of(app)
    write_revision(folder, "a1", None, executing(SQLITE[:2]), ["pass"])
    write_revision(folder, "a2", "a1", executing(SQLITE[2:]), ["pass"])
    with app.app_context():
        alembic = extension_of(app)
        with pytest.raises(Refused, match=r"1 pragma \(user_version = 5\)"):
            alembic.squash(":")
        words = (
            "table a is id autoincrement, n collate nocase, strict in the old, "
            "(strict|plain)"  # SQLAlchemy reflects STRICT and WITHOUT ROWID since 2.0.37
        )
        with pytest.raises(Refused, match=words) as refused:
            alembic.squash(":", leave_out="pragma")
        older = ["table:b"] if "table b is without rowid" in str(refused.value) else []
        result = alembic.squash(":", leave_out=["pragma", "table:a", *older])
        left_out = [each.partition(" in the")[0] for each in result.left_out]
        assert [each for each in left_out if not each.startswith("table b")] == [
            "table a is id autoincrement, n collate nocase, strict",
            "pragma user_version = 5 [default]",
        ]
        alembic.upgrade()
    with second_connection(sqlite_url) as connection:
        sql = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
        assert connection.scalar(sql, {"name": "lower_n"}) == SQLITE[2]
        kept = "WITHOUT ROWID" in str(connection.scalar(sql, {"name": "b"}))
        assert kept == (not older)


def test_drift_sees_what_sqlite_does_not_reflect(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = make_app(tmp_path, sqlite_url)
    plain = "CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT)"
    write_revision(migrations_of(app), "a1", None, executing([plain]), ["pass"])
    with app.app_context():
        extension_of(app).upgrade()
    with second_connection(sqlite_url) as connection:
        connection.exec_driver_sql("DROP TABLE b")
        for statement in (*SQLITE[1:3], SQLITE[4]):
            connection.exec_driver_sql(statement)
        connection.commit()
    with app.app_context():
        found, named = differences(app)
    assert [each for each in found if "column" not in each] == [
        "table b",
        "index b.lower_n",
    ]
    assert named == ["pragma user_version = 5"]


# Telling it ----------------------------------------------------------------------


def test_what_was_not_compared_is_told(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url)
    plain = "CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT)"
    write_revision(migrations_of(app), "a1", None, executing([plain]), ["pass"])
    with second_connection(sqlite_url) as connection:
        connection.exec_driver_sql(plain)
        connection.exec_driver_sql("PRAGMA user_version = 5")
        connection.commit()
    result = run_db(app, "adopt", "--format", "json")
    (one,) = json.loads(result.stdout)["data"]["databases"]
    told = {"kind": "pragma", "count": 1, "names": ["user_version = 5"]}
    assert one["state"] == "adopted"
    assert one["not_compared"] == [{**told, "text": "1 pragma (user_version = 5)"}]
    result = run_db(app, "drift")
    assert "Not compared: 1 pragma (user_version = 5)" in result.stderr
    result = run_db(app, "drift", "--ignore", "pragma:*")
    assert "Not compared" not in result.stderr


def test_the_order_of_columns_is_told(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url)
    plain = "CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT)"
    write_revision(migrations_of(app), "a1", None, executing([plain]), ["pass"])
    with second_connection(sqlite_url) as connection:
        connection.exec_driver_sql("CREATE TABLE b (n TEXT, id INTEGER PRIMARY KEY)")
        connection.commit()
    result = run_db(app, "adopt")
    assert result.exit_code == 0
    assert "Not compared: 1 column order (b)" in result.stderr


def test_privileges_of_the_server_are_no_drift(server: Server) -> None:
    url = server.make()
    app = project(server, url, ())
    with app.app_context():
        extension_of(app).upgrade()
    user = {"postgresql": "pg_monitor", "mariadb": "CURRENT_USER"}[server.kind]
    with second_connection(url) as connection:
        connection.exec_driver_sql(f"GRANT SELECT ON author TO {user}")
        connection.commit()
    with app.app_context():
        found, named = differences(app)
    with second_connection(url) as connection:  # MariaDB keeps it without the database
        connection.exec_driver_sql(f"REVOKE SELECT ON author FROM {user}")
        connection.commit()
    assert found == []
    assert [each.partition(" TO ")[0] for each in named] == ["grant table author"]
