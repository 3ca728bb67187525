"""What is written, and that it is there exactly when the version has moved."""

from __future__ import annotations

import getpass
import hashlib
import json
import signal
import socket
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import (
    MakeApp,
    connected,
    db,
    done,
    rows,
    summary,
    tables,
    version,
    write,
)
from flask_alembic_audit import plugin

from flask_alembic.hooks import hookimpl
from flask_alembic.testing import check_plugin

FAIL = (
    "op.create_table('half', sa.Column('id', sa.Integer)); op.execute('SELECT nosuch')"
)
PER_REVISION = {"ALEMBIC_CONTEXT": {"transaction_per_migration": True}}


def test_entry_point_is_found(make_app: MakeApp) -> None:
    app = make_app(sa.make_url("sqlite://"))
    with app.app_context():
        plugins = {record.name: record for record in app.extensions["alembic"].plugins}
    assert plugins["audit"].status == "active"
    assert plugins["audit"].distribution == "flask-alembic-audit"


@pytest.mark.parametrize("setting", [None, False])
def test_nothing_is_written_without_setting(
    make_app: MakeApp, url: sa.URL, setting: Any
) -> None:
    app = make_app(url, setting)
    done(app, "upgrade")
    done(app, "stamp", "a1")
    done(app, "upgrade", "a1")
    assert "alembic_audit" not in tables(url)
    result = db(app, "audit")
    assert result.exit_code == 2
    assert "ALEMBIC_AUDIT is not set" in result.stderr


def test_row_of_an_upgrade(make_app: MakeApp, url: sa.URL, folder: Path) -> None:
    app = make_app(url, VERSION="2026.11")
    before = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(seconds=1)
    done(app, "upgrade")
    assert summary(url) == [("upgrade", "a1", "done"), ("upgrade", "b2", "done")]
    first, second = rows(url)
    assert first.message == "create users"
    assert first.error is None
    assert first.database_name == "default"
    assert first.username == getpass.getuser()
    assert first.hostname == socket.gethostname()
    assert first.app_version == "2026.11"
    assert first.git_commit is None
    assert first.file_name == "a1.py"
    source = (folder / "a1.py").read_bytes()
    assert first.checksum == hashlib.sha256(source).hexdigest()
    plugins = json.loads(first.plugins)
    assert {"Flask-Alembic", "flask-alembic-audit"} <= set(plugins)
    assert first.run_id == second.run_id
    assert len(first.run_id) == 12
    assert first.seconds >= 0
    started = datetime.fromisoformat(str(first.started_utc))
    assert before <= started <= before + timedelta(hours=1)


def test_downgrade_and_stamp(make_app: MakeApp, url: sa.URL) -> None:
    app = make_app(url)
    done(app, "upgrade", "a1")
    done(app, "downgrade", "base", "-y")
    done(app, "stamp", "b2")
    done(app, "stamp", "base")
    done(app, "stamp", "base")  # nothing to do
    assert summary(url)[:2] == [("upgrade", "a1", "done"), ("downgrade", "a1", "done")]
    stamps = rows(url)[2:]
    assert {row.direction for row in stamps} == {"stamp"}
    assert stamps[0].revision == "b2"
    assert stamps[0].checksum
    assert version(url) == set()


def test_nothing_in_other_modes(make_app: MakeApp, url: sa.URL, kind: str) -> None:
    app = make_app(url)
    text = done(app, "upgrade", "--sql").stdout
    assert "alembic_audit" not in text
    done(app, "upgrade", "--plan")
    done(app, "plan")
    if kind != "mariadb":
        done(app, "upgrade", "--dry-run")
    assert "alembic_audit" not in tables(url)


@pytest.mark.parametrize("config", [{}, PER_REVISION])
def test_failure_takes_exactly_the_rows_of_what_was_rolled_back(
    make_app: MakeApp, url: sa.URL, kind: str, folder: Path, config: dict[str, Any]
) -> None:
    write(folder, "c3", "b2", "fail", FAIL)
    app = make_app(url, **config)
    assert db(app, "upgrade").exit_code == 3
    alone = bool(config) or kind == "mariadb"
    kept = [("upgrade", "a1", "done"), ("upgrade", "b2", "done")] if alone else []
    outcome = "partial" if kind == "mariadb" else "failed"
    assert summary(url) == [*kept, ("upgrade", "c3", outcome)]
    if alone:
        assert version(url) == {"b2"}
    else:
        assert "users" not in tables(url)
    row = rows(url)[-1]
    assert "nosuch" in row.error
    assert row.seconds >= 0
    assert row.run_id


def test_failure_row_where_the_pool_has_one_connection(
    make_app: MakeApp, url: sa.URL, kind: str, folder: Path
) -> None:
    write(folder, "c3", "b2", "fail", FAIL)
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    if kind == "sqlite":
        options = {"poolclass": sa.StaticPool}  # type: ignore[dict-item]
    app = make_app(url, SQLALCHEMY_ENGINE_OPTIONS=options)
    assert db(app, "upgrade").exit_code == 3
    assert summary(url)[-1][1:] in {("c3", "failed"), ("c3", "partial")}


def test_parameters_are_not_recorded(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    work = (
        "op.get_bind().execute(sa.text('INSERT INTO nosuch VALUES (:p)'), "
        "{'p': 'hunter2'})"
    )
    write(folder, "c3", "b2", "fail", work)
    app = make_app(url)
    assert db(app, "upgrade").exit_code == 3
    assert "nosuch" in rows(url)[-1].error
    assert "hunter2" not in str(rows(url))


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_refused_commit(make_app: MakeApp, url: sa.URL, folder: Path) -> None:
    work = """op.execute("ALTER TABLE users ADD parent INTEGER REFERENCES users "
               "DEFERRABLE INITIALLY DEFERRED")
    op.execute("INSERT INTO users VALUES (1, 2)")"""
    write(folder, "c3", "b2", "dangling", work)
    app = make_app(url, **PER_REVISION)
    assert db(app, "upgrade").exit_code == 3
    assert summary(url)[2:] == [("upgrade", "c3", "failed")]
    assert rows(url)[-1].error.startswith("COMMIT failed: ForeignKeyViolation")
    assert version(url) == {"b2"}


class Onlooker:
    """Looks at the database from outside while a revision is at work."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.inside: list[bool] = []
        self.outside: list[bool] = []

    @hookimpl(wrapper=True)
    def apply_revision(self, connection: Any) -> Any:
        result = yield
        self.inside.append(sa.inspect(connection).has_table("alembic_audit"))
        self.outside.append("alembic_audit" in tables(self.url))
        return result


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)
def test_table_is_created_in_the_transaction_of_the_revision(
    make_app: MakeApp, url: sa.URL
) -> None:
    app = make_app(url)
    onlooker = Onlooker(url)
    app.extensions["alembic"].register(onlooker)
    done(app, "upgrade", "a1")
    assert onlooker.inside == [True]
    assert onlooker.outside == [False]
    done(app, "upgrade")
    assert onlooker.outside == [False, True]


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_rows_survive_a_step_that_is_tried_again(
    make_app: MakeApp, url: sa.URL, folder: Path, tmp_path: Path
) -> None:
    """The first try waits too long for a lock; what it had created is rolled back."""
    flag = tmp_path / "tried"
    text = url.render_as_string(hide_password=False)
    work = f"""import pathlib
    flag = pathlib.Path({str(flag)!r})
    if not flag.exists():
        flag.touch()
        op.execute("SET LOCAL lock_timeout = '50ms'")
        other = sa.create_engine({text!r}, poolclass=sa.NullPool)
        with other.begin() as another:
            another.execute(sa.text("SELECT pg_advisory_xact_lock(42)"))
            op.execute("SELECT pg_advisory_xact_lock(42)")"""
    write(folder, "a1", None, "create users", work)
    app = make_app(url)
    done(app, "upgrade", "a1")
    assert flag.exists()
    assert summary(url) == [("upgrade", "a1", "done")]


def test_autocommit_block(make_app: MakeApp, url: sa.URL, folder: Path) -> None:
    work = """with op.get_context().autocommit_block():
        op.execute("CREATE TABLE apart (id INTEGER)")"""
    write(folder, "c3", "b2", "apart", work)
    app = make_app(url)
    done(app, "upgrade")
    assert summary(url)[-1] == ("upgrade", "c3", "done")
    assert version(url) == {"c3"}


def test_refused_table_stops_the_run(make_app: MakeApp, url: sa.URL, kind: str) -> None:
    app = make_app(url, {"schema": "nosuch"})
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert "The audit table 'nosuch.alembic_audit' of database 'default'" in (
        result.stderr
    )
    assert "ALEMBIC_AUDIT" in result.stderr
    assert "carts" not in tables(url)
    if kind != "mariadb":
        assert "users" not in tables(url)


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_schema_and_table(make_app: MakeApp, url: sa.URL) -> None:
    with connected(url) as connection:
        connection.execute(sa.text("CREATE SCHEMA ops"))
        connection.commit()
    app = make_app(url, {"schema": "ops", "table": "migrations_log"})
    done(app, "upgrade")
    assert len(rows(url, "ops.migrations_log")) == 2
    assert "migrations_log" not in tables(url)


def test_each_database_has_its_own(
    make_app: MakeApp, url: sa.URL, tmp_path: Path
) -> None:
    other = sa.make_url(f"sqlite:///{tmp_path / 'other.db'}")
    app = make_app(
        url,
        SQLALCHEMY_BINDS={"other": other},
        ALEMBIC={"databases": ["default", "other"]},
    )
    done(app, "upgrade")
    assert {row.database_name for row in rows(url)} == {"default"}
    assert {row.database_name for row in rows(other)} == {"other"}
    text = done(app, "audit").stdout
    assert "Database" in text.splitlines()[0]
    assert len(text.splitlines()) == 5
    only = json.loads(
        done(app, "audit", "--database", "other", "--format", "json").stdout
    )
    assert {entry["database_name"] for entry in only["data"]["entries"]} == {"other"}


def test_no_row_without_its_version_row(
    make_app: MakeApp, url: sa.URL, kind: str, folder: Path
) -> None:
    """The version row cannot be written, so the row that came before it goes too."""
    write(folder, "c3", "b2", "lose", "op.execute('DROP TABLE alembic_version')")
    app = make_app(url, **PER_REVISION)
    assert db(app, "upgrade").exit_code == 3
    outcome = "partial" if kind == "mariadb" else "failed"
    assert summary(url)[2:] == [("upgrade", "c3", outcome)]


KILLED = """
import os, signal, sys
from flask import Flask
from flask_alembic import Alembic
from flask_alembic.hooks import hookimpl
from flask_sqlalchemy import SQLAlchemy

class Kill:
    @hookimpl(wrapper=True, tryfirst=True)
    def apply_revision(self, step, connection):
        result = yield
        if step.revision == "b2":
            text = "SELECT count(*) FROM alembic_audit"
            print(connection.exec_driver_sql(text).scalar(), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return result

app = Flask("shop", root_path=sys.argv[1])
app.config.update(
    SQLALCHEMY_DATABASE_URI=sys.argv[2],
    ALEMBIC_AUDIT=True,
    ALEMBIC_CONTEXT={"transaction_per_migration": True},
)
SQLAlchemy(app)
alembic = Alembic(app, plugins=[Kill()])
with app.app_context():
    alembic.upgrade()
"""


def test_killed_between_the_row_and_the_version(
    url: sa.URL, tmp_path: Path, folder: Path
) -> None:
    address = url.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), address],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout == "2\n"  # inside the transaction the row was there
    assert summary(url) == [("upgrade", "a1", "done")]
    assert version(url) == {"a1"}


def test_hooks_have_the_right_names_and_arguments() -> None:
    assert "apply_revision" in check_plugin(plugin)
