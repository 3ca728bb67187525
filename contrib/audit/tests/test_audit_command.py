"""``flask db audit``, settings, who and from which code."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import MakeApp, db, done, rows, write
from flask import Flask
from flask_alembic_audit.identity import git_commit
from flask_alembic_audit.settings import Settings

from flask_alembic import Alembic

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def app(make_app: MakeApp, tmp_path: Path) -> Flask:
    settings = {"user": "ann", "app_version": "1.2", "commit": COMMIT}
    return make_app(sa.make_url(f"sqlite:///{tmp_path / 'shop.db'}"), settings)


def test_table(app: Flask, folder: Path) -> None:
    assert done(app, "audit").stdout == "Nothing has been recorded yet.\n"
    done(app, "upgrade")
    write(folder, "c3", "b2", "fail", "op.execute('SELECT nosuch')")
    assert db(app, "upgrade").exit_code == 3
    head, newest, *older = done(app, "audit").stdout.splitlines()
    assert head.split() == [
        "When",
        "(UTC)",
        "What",
        "Revision",
        "Outcome",
        "Took",
        "By",
        "Code",
        "About",
    ]
    assert "upgrade  c3        failed" in newest
    assert "1.2 0123456789  fail: OperationalError: no such column: nosuch" in newest
    assert " ann@" in newest
    assert [line.split()[3] for line in older] == ["b2", "a1"]


def test_limit(app: Flask) -> None:
    done(app, "upgrade")
    assert len(done(app, "audit", "--limit", "1").stdout.splitlines()) == 2
    assert db(app, "audit", "--limit", "0").exit_code == 2


def test_json(app: Flask) -> None:
    done(app, "upgrade")
    document = json.loads(done(app, "audit", "--format", "json").stdout)
    assert (document["command"], document["ok"]) == ("audit", True)
    newest, oldest = document["data"]["entries"]
    assert (newest["revision"], oldest["revision"]) == ("b2", "a1")
    assert newest["username"] == "ann"
    assert newest["git_commit"] == COMMIT
    assert newest["plugins"]["flask-alembic-audit"]
    assert newest["started_utc"].endswith("Z")
    datetime.fromisoformat(newest["started_utc"][:-1])


def test_options_of_every_command(app: Flask) -> None:
    done(app, "upgrade")
    (line,) = done(app, "audit", "--format", "jsonl").stdout.splitlines()
    assert len(json.loads(line)["data"]["entries"]) == 2
    assert len(done(app, "audit", "--quiet").stdout.splitlines()) == 3
    words = ("audit", "--database", "default", "--format", "json")
    assert len(json.loads(done(app, *words).stdout)["data"]["entries"]) == 2


def test_changed_as_json(app: Flask, folder: Path) -> None:
    done(app, "upgrade")
    path = folder / "a1.py"
    path.write_text(path.read_text() + "# changed")
    result = db(app, "audit", "--changed", "--format", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["ok"], document["exit_code"]) == (False, 1)
    assert document["data"] == {"changed": ["a1"]}
    assert [problem["code"] for problem in document["problems"]] == ["AUDIT001"]
    accepted = done(app, "audit-accept", "a1", "--format", "json").stdout
    assert json.loads(accepted)["data"] == {
        "files": [{"file": "a1.py", "database": "default", "changed": True}]
    }


def test_help_does_not_import_the_commands(app: Flask) -> None:
    import sys

    sys.modules.pop("flask_alembic_audit.commands", None)
    assert "Show what was done to the databases" in done(app, "--help").stdout
    assert "flask_alembic_audit.commands" not in sys.modules


def test_unknown_database(app: Flask) -> None:
    result = db(app, "audit", "--database", "nosuch")
    assert result.exit_code == 2
    assert "There is no database 'nosuch'." in result.stderr


def test_on_every_kind(make_app: MakeApp, url: sa.URL) -> None:
    app = make_app(url)
    done(app, "upgrade")
    document = json.loads(done(app, "audit", "--format", "json").stdout)
    assert [entry["revision"] for entry in document["data"]["entries"]] == ["b2", "a1"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("yes", "must be True, False or a dict"),
        ({"tabel": "x"}, "Did you mean 'table'?"),
        ({"table": "no table"}, "small letters, digits and _"),
        ({"write": "no"}, "must be True or False"),
        ({"changed": "fatal"}, "one of error, warning, info, off"),
        ({"user": 7}, "must be text"),
    ],
)
def test_wrong_settings_stop_before_anything_is_changed(
    make_app: MakeApp, tmp_path: Path, setting: Any, words: str
) -> None:
    url = sa.make_url(f"sqlite:///{tmp_path / 'shop.db'}")
    result = db(make_app(url, setting), "upgrade")
    assert result.exit_code == 3
    assert words in result.stderr
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        assert "users" not in sa.inspect(connection).get_table_names()


def git(root: Path) -> str | None:
    return git_commit(Flask("shop", root_path=str(root)), Settings())


def test_commit_from_git(tmp_path: Path) -> None:
    app = tmp_path / "src" / "app"
    app.mkdir(parents=True)
    assert git(app) is None
    dot = tmp_path / ".git"
    (dot / "refs" / "heads").mkdir(parents=True)
    (dot / "HEAD").write_text("ref: refs/heads/main\n")
    assert git(app) is None  # no commit yet
    (dot / "refs" / "heads" / "main").write_text(f"{COMMIT}\n")
    assert git(app) == COMMIT
    (dot / "refs" / "heads" / "main").unlink()
    other = COMMIT[::-1]
    (dot / "packed-refs").write_text(f"# pack-refs\n{other} refs/heads/main\n")
    assert git(app) == other
    (dot / "HEAD").write_text(COMMIT)
    assert git(app) == COMMIT


def test_commit_from_a_worktree(tmp_path: Path) -> None:
    main, tree = tmp_path / "main" / ".git", tmp_path / "tree"
    (main / "worktrees" / "tree").mkdir(parents=True)
    (main / "refs" / "heads").mkdir(parents=True)
    (main / "refs" / "heads" / "x").write_text(COMMIT)
    (main / "worktrees" / "tree" / "HEAD").write_text("ref: refs/heads/x")
    (main / "worktrees" / "tree" / "commondir").write_text("../..")
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {main / 'worktrees' / 'tree'}\n")
    assert git(tree) == COMMIT


def test_commit_of_a_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMIT", "not a commit")
    monkeypatch.setenv("GITHUB_SHA", COMMIT)
    assert git(tmp_path) == COMMIT


def test_plain_engines(tmp_path: Path, folder: Path) -> None:
    url = sa.make_url(f"sqlite:///{tmp_path / 'plain.db'}")
    app = Flask("shop", root_path=str(tmp_path))
    app.config["ALEMBIC_AUDIT"] = True
    engine = sa.create_engine(url)
    Alembic(app, engines=engine, metadatas=sa.MetaData())
    done(app, "upgrade")
    assert len(rows(url)) == 2
    assert len(done(app, "audit").stdout.splitlines()) == 3
    engine.dispose()


def test_async_engine(tmp_path: Path, folder: Path) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    url = sa.make_url(f"sqlite:///{tmp_path / 'async.db'}")
    app = Flask("shop", root_path=str(tmp_path))
    app.config["ALEMBIC_AUDIT"] = True
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"))
    Alembic(app, engines={"default": engine}, metadatas=sa.MetaData())
    write(folder, "c3", "b2", "fail", "op.execute('SELECT nosuch')")
    assert db(app, "upgrade").exit_code == 3
    done(app, "upgrade", "b2")
    assert [(row.revision, row.outcome) for row in rows(url)] == [
        ("c3", "failed"),
        ("a1", "done"),
        ("b2", "done"),
    ]
    assert len(done(app, "audit").stdout.splitlines()) == 4
    path = folder / "a1.py"
    path.write_text(path.read_text() + "# changed")
    assert "accepted" in done(app, "audit-accept", "a1").stdout
