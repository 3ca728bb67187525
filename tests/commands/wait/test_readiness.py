"""Whether code and databases fit: ``readiness()``, the health endpoint and ``wait``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
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

from flask_alembic.errors import UsageError
from flask_alembic.health import health_blueprint
from flask_alembic.hooks.payloads import DatabaseState

UNREACHABLE = "postgresql+psycopg://anna:secret@127.0.0.1:9/shop"


@pytest.fixture
def app(kind: str, tmp_path: Path, make_database: MakeDatabase) -> Flask:
    app = make_app(tmp_path, make_database(kind))
    write_chain(migrations_of(app), "a1", "a2")
    app.register_blueprint(health_blueprint(extension_of(app)), url_prefix="/health")
    return app


def probe(app: Flask) -> tuple[int, str]:
    answer = app.test_client().get("/health/migrations")
    assert answer.json is not None
    (state,) = answer.json["databases"].values()
    assert answer.json["ready"] == (answer.status_code == 200)
    return answer.status_code, state


def test_it_answers_503_until_the_database_is_at_head(app: Flask) -> None:
    assert probe(app) == (503, "empty")
    run_db(app, "upgrade", "a1")
    assert probe(app) == (503, "behind")
    run_db(app, "upgrade")
    assert probe(app) == (200, "at head")


def test_a_version_that_no_file_has_is_unknown_everywhere(app: Flask) -> None:
    run_db(app, "upgrade")
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'b7'"))
        connection.commit()
    assert probe(app) == (503, "unknown")
    with app.app_context():
        (status,) = extension_of(app).status()
        ready = extension_of(app).readiness()
    assert status.state is ready.states["default"] is DatabaseState.UNKNOWN
    assert not ready.ready
    (problem,) = ready.problems["default"]
    assert (problem.code, problem.advice) == ("unknown", "Run flask db doctor.")
    result = run_db(app, "wait", "--timeout", "0")
    assert result.exit_code == 1
    assert "default is unknown." in result.stderr


def test_a_deployment_can_be_rolled_back(app: Flask) -> None:
    """The older release starts on what the newer one has migrated, if it may."""
    app.config["ALEMBIC"] = {"accept_unknown_revisions": True}
    run_db(app, "upgrade")
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'b7'"))
        connection.commit()
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    assert "is at 'b7', which matches no revision file; nothing is run" in result.output
    assert probe(app) == (200, "unknown")
    assert run_db(app, "wait", "--timeout", "0").exit_code == 0
    for words in (["upgrade", "a2"], ["downgrade", "--yes"], ["revision", "more"]):
        assert run_db(app, *words).exit_code != 0
    with second_connection(url_of(app)) as connection:
        rows = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        assert rows.scalars().all() == ["b7"]


@pytest.mark.parametrize(
    ("statements", "rows", "state"),
    [
        ([], ["a1"], "behind"),
        ([], ["a2"], "at head"),
        ([], ["a1", "a2"], "inconsistent"),
        ([], ["a2", "zz"], "unknown"),
        ([], [], "empty"),
        (["CREATE TABLE orders (id INT)"], [], "unversioned"),
    ],
)
def test_all_commands_name_one_state(
    app: Flask, statements: list[str], rows: list[str], state: str
) -> None:
    with second_connection(url_of(app)) as connection:
        for statement in (
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            *(f"INSERT INTO alembic_version VALUES ('{row}')" for row in rows),
            *statements,
        ):
            connection.execute(sa.text(statement))
        connection.commit()
    with app.app_context():
        (status,) = extension_of(app).status()
        ready = extension_of(app).readiness()
    assert ready.states == {"default": state}
    assert (status.state, status.ok) == (state, ready.ready)
    assert probe(app) == (200 if state == "at head" else 503, state)


def test_a_partially_applied_revision_is_not_ready(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    app = make_app(tmp_path, make_database("mariadb"))
    app.register_blueprint(health_blueprint(extension_of(app)), url_prefix="/health")
    body = [
        "op.create_table('made', sa.Column('id', sa.Integer, primary_key=True))",
        "op.execute('ALTER TABLE nosuch ADD other INT')",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "upgrade").exit_code == 3
    assert probe(app) == (503, "partially applied")


def test_an_app_without_revisions_is_not_ready(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    app.register_blueprint(health_blueprint(extension_of(app)), url_prefix="/health")
    assert probe(app) == (503, "no revisions")


def test_a_probe_is_one_small_query_and_executes_no_file(app: Flask) -> None:
    run_db(app, "upgrade")
    for path in migrations_of(app).glob("a*.py"):
        path.write_text(path.read_text("utf-8") + "\nraise SystemExit(7)\n", "utf-8")
    probe(app)
    said: list[str] = []

    def hear(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        said.append(sql)

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        assert probe(app) == (200, "at head")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)
    # A server is told how long the query may wait for a lock.
    said = [sql for sql in said if "lock_timeout" not in sql and "lock_wait" not in sql]
    asked = [sql for sql in said if "alembic_version" in sql]
    # Where DDL commits, the journal is read too.
    journal = app.config["SQLALCHEMY_DATABASE_URI"].startswith(("mysql", "mariadb"))
    assert len(said) == len(asked) == (2 if journal else 1)


def test_a_database_that_is_away_is_unreachable_and_says_why(tmp_path: Path) -> None:
    app = make_app(tmp_path, UNREACHABLE)
    write_chain(migrations_of(app), "a1")
    app.register_blueprint(health_blueprint(extension_of(app)))
    answer = app.test_client().get("/migrations")
    assert answer.status_code == 503
    assert answer.json == {
        "ready": False,
        "databases": {"default": "unreachable"},
        "problems": {"default": ["unreachable"]},
    }
    with app.app_context():
        (why,) = extension_of(app).readiness().errors.values()
    assert "refused" in why
    assert "secret" not in why


def test_waiting_ends_as_soon_as_it_is_there(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    timer = Timer(0.6, lambda: run_db(app, "upgrade", "-q"))
    timer.start()
    begun = time.monotonic()
    with app.app_context():
        found = extension_of(app).wait(timeout=30, interval=0.2)
    timer.join()
    assert found.states == {"default": "at head"}
    assert 0.4 < time.monotonic() - begun < 15


def test_waiting_uses_all_the_time_it_has(tmp_path: Path) -> None:
    """The last look is at the end, also where the interval is longer than the time."""
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    timer = Timer(0.4, lambda: run_db(app, "upgrade", "-q"))
    timer.start()
    result = run_db(app, "wait", "--timeout", "3", "--interval", "60")
    timer.join()
    assert result.exit_code == 0
    assert "at head" in result.stdout


def test_giving_up_says_what_was_missing(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "wait", "--timeout", "0")
    assert result.exit_code == 1
    assert "default is empty" in result.stderr
    assert "Run flask db upgrade" in result.stderr
    assert run_db(app, "wait", "--for", "database", "--timeout", "0").exit_code == 0


def test_giving_up_says_why_a_database_is_away(tmp_path: Path) -> None:
    app = make_app(tmp_path, UNREACHABLE)
    write_chain(migrations_of(app), "a1")
    for until in ("database", "head"):
        result = run_db(app, "wait", "--for", until, "--timeout", "0")
        assert result.exit_code == 1
        assert "default is unreachable (Cannot connect" in result.stderr
        assert "Check that the server runs" in result.stderr
        assert "secret" not in result.output
    document = run_db(app, "wait", "--timeout", "0", "--format", "json").stdout
    assert "refused" in json.loads(document)["data"]["errors"]["default"]


def test_only_the_databases_that_are_named_are_asked(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        SQLALCHEMY_BINDS={"archive": UNREACHABLE},
        ALEMBIC={"databases": "*"},
    )
    write_chain(migrations_of(app), "a1")
    run_db(app, "upgrade", "--database", "default")
    words = ["wait", "--timeout", "0", "--database"]
    assert run_db(app, *words, "default").exit_code == 0
    assert run_db(app, *words, "archive").exit_code == 1
    result = run_db(app, *words, "nosuch")
    assert result.exit_code == 2
    assert "nosuch" in result.stderr


@pytest.mark.parametrize(
    "words", [("--timeout", "-1"), ("--interval", "0"), ("--interval", "nan")]
)
def test_numbers_that_make_no_sense_are_refused(
    tmp_path: Path, words: tuple[str, str]
) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "wait", *words).exit_code == 2
    with app.app_context(), pytest.raises(UsageError):
        extension_of(app).wait(timeout=float("nan"))


def test_an_app_that_has_lost_its_files_is_not_waited_for(tmp_path: Path) -> None:
    result = run_db(make_app(tmp_path), "wait", "--timeout", "0")
    assert result.exit_code == 2
    assert "no revision files" in result.stderr
    app = make_app(tmp_path)
    write_revision(migrations_of(app), "a1", None)
    run_db(app, "upgrade")
    assert run_db(app, "wait", "--timeout", "0").exit_code == 0
