"""What reads, waits, compares and fixes works on async engines as on others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import migrations_of, run_db, second_connection, version_rows, write_chain
from async_engines import DRIVERS, async_url
from databases import MakeDatabase
from flask import Flask
from sqlalchemy.ext.asyncio import create_async_engine

from flask_alembic import Alembic

pytestmark = pytest.mark.one_database


@pytest.fixture
def url(kind: str, make_database: MakeDatabase) -> str:
    """The URL of an empty database, for a look from outside."""
    pytest.importorskip(DRIVERS[kind].partition("+")[2])
    return make_database(kind)


@pytest.fixture
def app(url: str, kind: str, tmp_path: Path) -> Flask:
    """An app whose models are what three revisions build."""
    app = Flask("shop", root_path=str(tmp_path))
    app.config["ALEMBIC_PLUGINS"] = ()
    write_chain(migrations_of(app), "a1", "a2", "a3")
    metadata = sa.MetaData()
    for revision in ("a1", "a2", "a3"):
        column = sa.Column("id", sa.Integer, primary_key=True)
        sa.Table(f"t_{revision}", metadata, column)
    engine = create_async_engine(async_url(url, kind))
    Alembic(app, engines=engine, metadatas=metadata)
    return app


def said(app: Flask, *words: str, code: int = 0) -> str:
    result = run_db(app, *words)
    assert result.exit_code == code, result.output
    return result.output


def test_looking(app: Flask) -> None:
    assert "empty" in said(app, "status")
    said(app, "upgrade", "a2")
    assert "behind" in said(app, "status", "--check", code=1)
    assert "●" in said(app, "graph")
    assert "behind" in said(app, "wait", "--timeout", "0", code=1)
    said(app, "upgrade", "-vv")
    assert "at head" in said(app, "wait", "--timeout", "0")
    assert "at head" in said(app, "status", "--check", "--models")
    with app.app_context():
        assert app.extensions["alembic"].readiness().ready


def test_checks_say_no(app: Flask) -> None:
    """Their answer is in the report, which is made in another thread."""
    said(app, "upgrade", "a2")
    said(app, "current", "--check-heads", code=1)
    document = json.loads(said(app, "current", "--format", "json"))
    assert document["data"]["databases"] == {"default": ["a2"]}
    said(app, "upgrade")
    said(app, "current", "--check-heads")
    lines = said(app, "downgrade", "--yes", "--format", "jsonl").splitlines()
    assert json.loads(lines[0])["event"] == "planned"
    assert json.loads(lines[-1])["result"]["applied"][0]["revision"] == "a3"
    lint = run_db(app, "lint")
    assert "Traceback" not in lint.output
    assert lint.exit_code == 0


def test_doctor(app: Flask, url: str) -> None:
    said(app, "upgrade")
    assert "No problems found" in said(app, "doctor")
    with second_connection(url) as connection:
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('a1')"))
        connection.commit()
    assert "flask db doctor --fix" in said(app, "doctor", code=1)
    said(app, "doctor", "--fix")
    assert version_rows(url) == {"a3"}
    assert "No problems found" in said(app, "doctor")


def test_drift(app: Flask, url: str) -> None:
    said(app, "upgrade")
    assert "Nothing" not in said(app, "drift")
    with second_connection(url) as connection:
        connection.execute(sa.text("ALTER TABLE t_a2 ADD COLUMN by_hand INTEGER"))
        connection.commit()
    assert "t_a2.by_hand" in said(app, "drift", code=1)
    said(app, "drift", "--ignore", "t_a2")
    said(app, "check", code=1)


def test_adopt(app: Flask, url: str) -> None:
    said(app, "upgrade")
    with second_connection(url) as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
        connection.execute(sa.text("ALTER TABLE t_a2 ADD COLUMN by_hand INTEGER"))
        connection.commit()
    assert "t_a2.by_hand" in said(app, "adopt", code=3)
    assert version_rows(url) == set()
    with second_connection(url) as connection:
        connection.execute(sa.text("ALTER TABLE t_a2 DROP COLUMN by_hand"))
        connection.commit()
    said(app, "adopt")
    assert version_rows(url) == {"a3"}


def test_squash(app: Flask, url: str) -> None:
    said(app, "upgrade")
    done = json.loads(said(app, "squash", ":a2", "--format", "json"))
    assert done["data"]["squashed"] == ["a1", "a2"]
    assert not (migrations_of(app) / "a1_.py").exists()
    assert "Already up to date" in said(app, "upgrade")
    assert "No problems found" in said(app, "doctor")
    said(app, "downgrade", "base", "--yes")
    said(app, "upgrade")
    said(app, "drift")
