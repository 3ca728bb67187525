"""The hooks of ``status``, ``wait``, ``check`` and ``doctor``."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    write_table_revision,
)
from databases import MakeDatabase
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from plugging import Implementing

from flask_alembic.errors import HookError
from flask_alembic.health import health_blueprint
from flask_alembic.hooks import Finding, Problem, ReadinessProblem
from flask_alembic.hooks.payloads import DatabaseState
from flask_alembic.runtime.environment import lock_key


def app_with(folder: Path, url: str | None = None, **options: Any) -> Flask:
    """Return an app with two revisions, none of them applied."""
    functions = options.pop("functions")
    plugin = Implementing(**functions)
    app = make_app(folder, url, extension={"plugins": [plugin]}, **options)
    write_chain(migrations_of(app), "a1", "a2")
    app.register_blueprint(health_blueprint(extension_of(app)), url_prefix="/health")
    return app


def status_of(app: Flask, *words: str) -> dict[str, Any]:
    document = json.loads(run_db(app, "status", "--format", "json", *words).stdout)
    (found,) = document["data"]["databases"]
    assert isinstance(found, dict)
    return found


# database_status -----------------------------------------------------------------


def test_hook_database_status(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    asked: list[tuple[str, bool]] = []

    def database_status(
        database: str, connection: sa.Connection, models: bool
    ) -> dict[str, Any]:
        asked.append((database, models))
        return {
            "sum_of_two": connection.scalar(sa.text("SELECT 1 + 1")),
            "owners": ["ada", "bob"],
            "frozen": False,
            "note": None,
        }

    url = make_database(kind)
    app = app_with(tmp_path, url, functions={"database_status": database_status})
    header, row = run_db(app, "status").stdout.splitlines()[:2]
    assert header.endswith("Lock  Sum of two  Owners    Frozen  Note")
    assert row.endswith("free  2           ada, bob  no      -")
    assert status_of(app)["fields"] == {
        "sum_of_two": 2,
        "owners": ["ada", "bob"],
        "frozen": False,
        "note": None,
    }
    assert asked == [("default", False)] * 2


def test_hook_database_status_of_a_database_that_is_away(tmp_path: Path) -> None:
    functions = {"database_status": lambda: {"rows": 1}}
    app = app_with(
        tmp_path,
        functions=functions,
        SQLALCHEMY_BINDS={"other": "postgresql+psycopg://anna@127.0.0.1:9/shop"},
        ALEMBIC={"databases": "*"},
    )
    lines = run_db(app, "status").stdout.splitlines()
    assert lines[0].endswith("Rows")
    assert lines[1].endswith("free  1")
    assert lines[2].split()[-2:] == ["-", "-"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"lock": "mine"},
            "Plugins 'Implementing' and 'lock' both give the field 'lock'",
        ),
        (
            {"state": "well"},
            "Plugin 'Implementing' gives the field 'state', which is ours",
        ),
        (["rows"], "gave ['rows'] to database_status, which is not a mapping"),
    ],
)
def test_hook_database_status_that_gives_a_wrong_field(
    tmp_path: Path, fields: Any, message: str
) -> None:
    app = app_with(tmp_path, functions={"database_status": lambda: fields})
    result = run_db(app, "status")
    assert result.exit_code == 3
    assert message in result.stderr


def test_hook_database_status_in_place_of_ours(tmp_path: Path) -> None:
    app = app_with(
        tmp_path,
        functions={"database_status": lambda: {"lock": "nobody"}},
        ALEMBIC_PLUGINS_DISABLED=["lock", "server_version"],
    )
    found = status_of(app)
    assert (found["lock"], found["server"]) == ("nobody", "")


# readiness_checks ----------------------------------------------------------------


def test_hook_readiness_checks(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    problems: list[ReadinessProblem] = []

    def readiness_checks(
        database: str, connection: sa.Connection, state: DatabaseState
    ) -> ReadinessProblem | None:
        assert connection.scalar(sa.text("SELECT 1")) == 1
        assert (database, state) == ("default", "at head")
        return problems[0] if problems else None

    url = make_database(kind)
    app = app_with(tmp_path, url, functions={"readiness_checks": lambda: None})
    app = app_with(tmp_path, url, functions={"readiness_checks": readiness_checks})
    assert run_db(app, "upgrade").exit_code == 0
    client = app.test_client()
    assert client.get("/health/migrations").status_code == 200
    problems.append(ReadinessProblem("no-rows", "Countries are missing.", "Load them."))
    answer = client.get("/health/migrations")
    assert answer.status_code == 503
    assert answer.json == {
        "ready": False,
        "databases": {"default": "at head"},
        "problems": {"default": ["no-rows"]},
    }
    result = run_db(app, "wait", "--timeout", "0", "--format", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["data"]["problems"]["default"] == [
        {
            "code": "no-rows",
            "message": "Countries are missing.",
            "advice": "Load them.",
        }
    ]
    shown = run_db(app, "wait", "--timeout", "0").stderr
    assert "default is at head: Countries are missing" in shown
    assert "Load them." in shown
    assert run_db(app, "wait", "--for", "database", "--timeout", "0").exit_code == 0


def test_hook_readiness_checks_in_place_of_ours(tmp_path: Path) -> None:
    """An old release goes on serving while a newer one has upgraded."""

    def readiness_checks(state: DatabaseState) -> ReadinessProblem | None:
        if state in {DatabaseState.AT_HEAD, DatabaseState.UNKNOWN}:
            return None
        return ReadinessProblem(state.value, "Not yet.")

    app = app_with(
        tmp_path,
        functions={"readiness_checks": readiness_checks},
        ALEMBIC_PLUGINS_DISABLED=["readiness"],
    )
    client = app.test_client()
    assert client.get("/health/migrations").status_code == 503
    assert run_db(app, "upgrade").exit_code == 0
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'b7'"))
        connection.commit()
    answer = client.get("/health/migrations")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["databases"] == {"default": "unknown"}


@pytest.mark.parametrize("answer", ["later", ValueError("broken")])
def test_hook_readiness_checks_that_fails_is_not_ready(
    tmp_path: Path, answer: Any
) -> None:
    def readiness_checks() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    app = app_with(tmp_path, functions={"readiness_checks": readiness_checks})
    run_db(app, "upgrade")
    assert app.test_client().get("/health/migrations").status_code == 503
    with app.app_context(), pytest.raises(HookError, match="Implementing"):
        extension_of(app).readiness()
    assert run_db(app, "wait", "--timeout", "0").exit_code == 3


# project_problems ----------------------------------------------------------------


def checked_app(folder: Path, url: str | None = None, **options: Any) -> Flask:
    """Return an app with one table, which the database has too."""

    def models(db: SQLAlchemy) -> None:
        sa.Table("author", db.metadata, sa.Column("id", sa.Integer, primary_key=True))

    app = make_app(folder, url, models=models, **options)
    write_table_revision(migrations_of(app), "a1", None, "author")
    assert run_db(app, "upgrade").exit_code == 0
    return app


def test_hook_project_problems(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    asked: list[tuple[str | None, bool, tuple[str, ...]]] = []

    def project_problems(
        database: str | None,
        connection: sa.Connection | None,
        unmanaged_tables: tuple[str, ...],
    ) -> list[Problem]:
        asked.append((database, connection is not None, unmanaged_tables))
        if database is None:
            return [Problem("NAMES1", "A name is odd.", "warning")]
        return [Problem("ROWS1", "A table is empty.", "error", database=database)]

    plugin = Implementing(project_problems=project_problems)
    url = make_database(kind)
    app = checked_app(tmp_path, url, extension={"plugins": [plugin]})
    with second_connection(url) as connection:
        connection.execute(sa.text("CREATE TABLE legacy (id INT)"))
        connection.commit()
    result = run_db(app, "check")
    assert result.exit_code == 1
    assert "NAMES1" in result.output
    assert "Error: A table is empty." in result.stderr
    with app.app_context():
        problems = extension_of(app).check().problems
    assert [problem.code for problem in problems] == [
        "NAMES1",
        "ROWS1",
        "foreign-table",
    ]
    assert asked == [(None, False, ()), ("default", True, ("legacy",))] * 2


def test_hook_project_problems_without_ours(tmp_path: Path) -> None:
    app = checked_app(
        tmp_path, ALEMBIC_PLUGINS_DISABLED=["revision_files", "unmanaged_tables"]
    )
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text("CREATE TABLE legacy (id INT)"))
        connection.commit()
    path = next(migrations_of(app).glob("a1*.py"))
    text = path.read_text("utf-8").replace("def downgrade", "def nothing")
    path.write_text(text, "utf-8")
    with app.app_context():
        result = extension_of(app).check()
    assert result.problems == ()
    assert result.unmanaged_tables == {"default": ("legacy",)}


def test_hook_project_problems_that_gives_something_else(tmp_path: Path) -> None:
    plugin = Implementing(project_problems=lambda: ["odd"])
    app = checked_app(tmp_path, extension={"plugins": [plugin]})
    result = run_db(app, "check")
    assert result.exit_code == 3
    assert "plugin 'Implementing' gave 'odd' to project_problems." in result.stderr


# diagnose ------------------------------------------------------------------------


def findings_of(app: Flask, **options: Any) -> list[Finding]:
    with app.app_context():
        return list(extension_of(app).doctor(**options))


def test_hook_diagnose(kind: str, tmp_path: Path, make_database: MakeDatabase) -> None:
    """A finding of a stranger, with a fix that runs under the lock."""
    asked: list[tuple[str | None, bool]] = []
    locked: list[bool] = []
    url = make_database(kind)

    def fix(connection: sa.Connection) -> list[str]:
        with app.app_context():
            environment = extension_of(app).environment_for(app)
            backend = environment.databases()["default"].backend
            key = lock_key(environment, "default")
            locked.append(bool(backend.lock_holders(connection, key)))
        connection.execute(sa.text("INSERT INTO country VALUES (1)"))
        return ["Added a country"]

    def diagnose(
        database: str | None, connection: sa.Connection | None, busy: bool
    ) -> Iterator[Finding]:
        asked.append((database, busy))
        if connection is None:
            return
        count = connection.scalar(sa.text("SELECT count(*) FROM country"))
        if not count:
            command = "flask countries load"
            yield Finding("no-countries", "There are none.", command, fix=fix)

    plugin = Implementing(diagnose=diagnose)
    app = make_app(tmp_path, url, extension={"plugins": [plugin]})
    write_table_revision(migrations_of(app), "a1", None, "country")
    assert run_db(app, "upgrade").exit_code == 0
    result = run_db(app, "doctor")
    assert result.exit_code == 1
    assert "no-countries: There are none." in result.stdout
    assert "$ flask countries load" in result.stdout
    assert asked == [(None, False), ("default", False)]
    (finding,) = findings_of(app)
    assert (finding.database, finding.fixable) == ("default", True)
    document = json.loads(run_db(app, "doctor", "--fix", "--format", "json").stdout)
    assert document["data"]["findings"] == [
        {
            "code": "no-countries",
            "message": "There are none.",
            "command": "flask countries load",
            "database": "default",
            "advice": "",
            "fixable": True,
            "done": ["Added a country"],
            "fixed": True,
        }
    ]
    assert locked == [True]
    assert run_db(app, "doctor").exit_code == 0


def test_hook_diagnose_with_a_fix_that_fails(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    def fix(connection: sa.Connection) -> None:
        connection.execute(sa.text("INSERT INTO country VALUES (1)"))
        raise ValueError("no more countries")

    def diagnose(database: str | None) -> list[Finding]:
        if database is None:
            return []
        return [Finding("no-countries", "There are none.", "load them", fix=fix)]

    url = make_database(kind)
    plugin = Implementing(diagnose=diagnose)
    app = make_app(tmp_path, url, extension={"plugins": [plugin]})
    write_table_revision(migrations_of(app), "a1", None, "country")
    assert run_db(app, "upgrade").exit_code == 0
    result = run_db(app, "doctor", "--fix")
    assert result.exit_code == 3
    assert "plugin 'Implementing' could not fix no-countries" in result.stderr
    assert "load them" in result.stderr
    with second_connection(url) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM country")) == 0
    assert run_db(app, "upgrade").exit_code == 0, "the lock is free again"


def test_hook_diagnose_of_the_files_fixes_nothing(tmp_path: Path) -> None:
    """There is no lock for files."""
    called: list[Any] = []

    def diagnose(database: str | None) -> list[Finding]:
        if database is not None:
            return []
        return [Finding("odd-file", "It is odd.", "edit it", fix=called.append)]

    plugin = Implementing(diagnose=diagnose)
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    (finding,) = findings_of(app, fix=True)
    assert (finding.fixable, finding.fixed, called) == (False, False, [])


def test_hook_diagnose_without_ours(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["version_table"])
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'b7'"))
        connection.commit()
    assert findings_of(app) == []


@pytest.mark.parametrize("answer", [["odd"], "odd"])
def test_hook_diagnose_that_gives_something_else(tmp_path: Path, answer: Any) -> None:
    plugin = Implementing(diagnose=lambda: answer)
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    result = run_db(app, "doctor")
    assert result.exit_code == 3
    assert "plugin 'Implementing' gave 'odd' to diagnose" in result.stderr


# The plugins of the docs -----------------------------------------------------------


def snippet(name: str) -> dict[str, Any]:
    path = Path(__file__).parents[2] / "docs" / "snippets" / f"{name}.py"
    return runpy.run_path(str(path))


def test_one_plugin_for_all_of_it(tmp_path: Path) -> None:
    plugin = snippet("inspecting")["Countries"]()
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    column = "sa.Column('code', sa.String(2), primary_key=True)"
    body = f"op.create_table('country', {column})"
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "doctor").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert status_of(app)["fields"] == {"countries": 0}
    result = run_db(app, "wait", "--timeout", "0")
    assert "default is at head: There are no countries." in result.stderr
    result = run_db(app, "doctor", "--fix")
    assert "Added 2 countries." in result.stdout
    assert run_db(app, "wait", "--timeout", "0").exit_code == 0
    assert status_of(app)["fields"] == {"countries": 2}


def test_old_replicas_stay_ready(tmp_path: Path) -> None:
    plugin = snippet("rolling")["Rolling"]()
    app = make_app(
        tmp_path,
        extension={"plugins": [plugin]},
        ALEMBIC_PLUGINS_DISABLED=["readiness"],
    )
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "wait", "--timeout", "0").exit_code == 1
    assert run_db(app, "upgrade").exit_code == 0
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'b7'"))
        connection.commit()
    assert run_db(app, "wait", "--timeout", "0").exit_code == 0
