"""One look at everything: what ``status`` says of each state, and where it fits."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    library,
    make_app,
    migrations_of,
    run_db,
    second_connection,
    url_of,
    write_chain,
    write_revision,
)
from databases import MakeDatabase
from flask import Flask
from terminals import Terminal

pytestmark = pytest.mark.costly

UNREACHABLE = "postgresql+psycopg://anna:secret@127.0.0.1:9/shop"

MAIN = "import sys; sys.argv[0] = 'flask'; from flask.cli import main; main()"
APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_alembic import Alembic

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
SQLAlchemy(app)
Alembic(app)
"""


def two_databases(tmp_path: Path, other: str) -> Flask:
    app = make_app(
        tmp_path,
        SQLALCHEMY_BINDS={"archive": other},
        ALEMBIC={"databases": "*"},
    )
    write_chain(migrations_of(app), "a1", "a2")
    return app


def execute(app: Flask, statement: str) -> None:
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text(statement))
        connection.commit()


def test_pending_revisions_are_listed_with_their_messages(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1", "a2")
    run_db(app, "upgrade", "a1")
    result = run_db(app, "status", "--check")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2:] == ["1 revision pending:", "  a2  a2"]
    assert "Run flask db upgrade." in result.stderr


def test_many_pending_revisions_do_not_flood_the_terminal(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), *(f"r{number:03}" for number in range(300)))
    lines = run_db(app, "status").stdout.splitlines()
    assert lines[2] == "300 revisions pending:"
    assert lines[-1] == "  and 290 more; flask db plan lists them."
    assert len(lines) == 14
    document = json.loads(run_db(app, "status", "--format", "json").stdout)
    assert len(document["data"]["databases"][0]["pending"]) == 300


def test_databases_that_lack_the_same_share_a_list(tmp_path: Path) -> None:
    app = two_databases(tmp_path, f"sqlite:///{tmp_path}/archive.db")
    said = run_db(app, "status").stdout
    assert said.count("pending in databases default, archive:") == 1
    run_db(app, "upgrade", "a1", "--database", "archive")
    said = run_db(app, "status").stdout
    assert "2 revisions pending in database default:" in said
    assert "1 revision pending in database archive:" in said


def test_a_database_that_is_away_hides_no_other(tmp_path: Path) -> None:
    app = two_databases(tmp_path, UNREACHABLE)
    run_db(app, "upgrade", "--database", "default")
    result = run_db(app, "status", "--check")
    assert result.exit_code == 3
    default, archive = result.stdout.splitlines()[1:3]
    assert "at head" in default
    assert archive.split()[:2] == ["archive", "unreachable"]
    assert "refused" in result.stdout
    assert "Cannot be read: database archive." in result.stderr
    assert "secret" not in result.output
    document = json.loads(run_db(app, "status", "--format", "json").stdout)
    assert document["exit_code"] == 3
    states = [one["state"] for one in document["data"]["databases"]]
    assert states == ["at head", "unreachable"]
    with app.app_context():
        assert [one.ok for one in extension_of(app).status()] == [True, False]


@pytest.mark.parametrize(
    ("rows", "state", "says"),
    [
        ([""], "unknown", "no revision file matches an empty row"),
        (["", "a2"], "unknown", "no revision file matches an empty row"),
        (["a1", "a2"], "inconsistent", "holds 'a2' and also 'a1', which it includes"),
    ],
)
def test_rows_that_make_no_sense_are_told_as_they_are(
    tmp_path: Path, database_url: str, rows: list[str], state: str, says: str
) -> None:
    app = make_app(tmp_path, database_url)
    write_chain(migrations_of(app), "a1", "a2")
    run_db(app, "upgrade")
    execute(app, "DELETE FROM alembic_version")
    for row in rows:
        execute(app, f"INSERT INTO alembic_version VALUES ('{row}')")
    result = run_db(app, "status", "--check")
    assert result.exit_code == 1
    assert says in result.stdout
    assert " base " not in result.stdout
    assert "Run flask db doctor" in result.stderr
    (told,) = json.loads(run_db(app, "status", "--format", "json").stdout)["data"][
        "databases"
    ]
    assert (told["state"], told["current"]) == (state, sorted(rows))
    assert (told["pending"], told["ok"]) == ([], False)
    with app.app_context():
        assert not extension_of(app).readiness().ready
    assert run_db(app, "doctor").exit_code == 1
    assert run_db(app, "doctor", "--fix").exit_code == 0
    if "a2" in rows:
        assert run_db(app, "status", "--check").exit_code == 0


def test_a_revision_twice_is_told_as_it_is(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1", "a2")
    execute(app, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    execute(app, "INSERT INTO alembic_version VALUES ('a2'), ('a2')")
    said = run_db(app, "status").stdout
    assert "inconsistent" in said
    assert "its version table holds 'a2' twice; run flask db doctor." in said


def test_tables_without_a_version_are_not_called_empty(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    app = make_app(tmp_path, make_database(kind))
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "status").stdout.splitlines()[1].split()[3] == "empty"
    execute(app, "CREATE TABLE orders (id INT PRIMARY KEY)")
    result = run_db(app, "status", "--check")
    assert "unversioned" in result.stdout
    assert "default: 1 table without a version; flask db adopt" in result.stdout
    assert "flask db adopt" in result.stderr


def test_a_version_that_no_file_has(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    run_db(app, "upgrade")
    execute(app, "UPDATE alembic_version SET version_num = 'gone'")
    result = run_db(app, "status", "--check")
    assert "default: no revision file matches gone" in result.stdout
    assert "Run flask db doctor" in result.stderr
    assert "upgrade" not in result.stderr


def test_a_revision_that_is_half_in_effect(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    app = make_app(tmp_path, make_database("mariadb"))
    body = [
        "op.create_table('made', sa.Column('id', sa.Integer, primary_key=True))",
        "op.execute('ALTER TABLE nosuch ADD other INT')",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "upgrade").exit_code == 3
    result = run_db(app, "status", "--check")
    assert "partially applied" in result.stdout.splitlines()[1]
    assert "default: only a part of a1 is applied; run flask db doctor" in result.stdout
    assert result.exit_code == 1


def test_a_run_at_work_is_not_half_in_effect(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    app = make_app(tmp_path, make_database("mariadb"))
    began, go = tmp_path / "began", tmp_path / "go"
    body = [
        "import pathlib, time",
        "op.create_table('made', sa.Column('id', sa.Integer, primary_key=True))",
        f"pathlib.Path({str(began)!r}).touch()",
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    running = Thread(target=lambda: run_db(app, "upgrade"))
    running.start()
    try:
        while not began.exists():
            time.sleep(0.05)
        said = run_db(app, "status").stdout
        found = run_db(app, "doctor")
    finally:
        go.touch()
        running.join()
    assert "session" in said.splitlines()[1]
    assert "half" not in said
    assert found.stdout == "No problems found.\n"
    assert run_db(app, "status", "--check").exit_code == 0


def test_no_files_are_not_taken_for_being_at_head(tmp_path: Path) -> None:
    result = run_db(make_app(tmp_path), "status", "--check")
    assert result.exit_code == 1
    assert "no revisions" in result.stdout
    assert "check where the files are" in result.stderr


def test_differences_are_counted_and_the_advice_is_about_them(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=library)
    write_chain(migrations_of(app), "a1")
    said = run_db(app, "status", "--models").stdout
    assert "those of pending revisions are among them" in said
    run_db(app, "upgrade")
    result = run_db(app, "status", "--models", "--check")
    assert "differences from the models; flask db check shows them." in result.stdout
    assert "flask db revision 'message'" in result.stderr


def on_a_terminal(
    folder: Path, *words: str, columns: int = 120, **environment: str
) -> tuple[str, list[str]]:
    """Return what a command wrote to a terminal, and what is seen there."""
    write_chain(folder / "migrations", "a1")
    (folder / "shop.py").write_text(APP, "utf-8")
    command = [sys.executable, "-c", MAIN, "--app", "shop", "db", *words]
    terminal = Terminal(command, folder, environment, columns=columns)
    try:
        terminal.end()
        return terminal.raw, terminal.lines
    finally:
        terminal.close()


@pytest.mark.parametrize("words", [("status",), ("graph",), ("upgrade", "nosuch")])
@pytest.mark.parametrize("wanted", [True, False])
def test_colours_are_for_terminals_that_want_them(
    tmp_path: Path, words: tuple[str, ...], wanted: bool
) -> None:
    raw, _ = on_a_terminal(tmp_path, *words, NO_COLOR="" if wanted else "1")
    assert ("\x1b[3" in raw) == wanted
    if not wanted:
        assert "\x1b" not in raw
        raw, _ = on_a_terminal(tmp_path, *words, TERM="dumb")
        assert "\x1b" not in raw


@pytest.mark.parametrize("columns", [120, 40])
def test_a_narrow_terminal_gets_a_block_for_each_row(
    tmp_path: Path, columns: int
) -> None:
    _, text = on_a_terminal(tmp_path, "status", columns=columns)
    lines = [line.split() for line in text]
    assert (lines[0][:2] == ["Database", "State"]) == (columns == 120)
    assert (["State", "empty"] in lines) == (columns == 40)
