"""What the shell offers when the tab key is pressed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from projects import dispose, make_app, write_chain, write_revision

from flask_alembic.cli.group import make_group


def offered(app: object, args: list[str], incomplete: str) -> dict[str, str | None]:
    from flask.cli import ScriptInfo

    alembic = app.extensions["alembic"]
    group = make_group(alembic)
    info = ScriptInfo(create_app=lambda: app)
    complete = ShellComplete(group, {"obj": info}, "db", "_DB_COMPLETE")
    items = complete.get_completions(args, incomplete)
    return {item.value: item.help for item in items}


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path):
    folder = tmp_path / "migrations"
    write_chain(folder, 3)
    path = write_revision(folder, "x001", None)
    path.write_text(
        path.read_text().replace("branch_labels = None", "branch_labels = ('side',)")
    )
    app, _ = make_app(sqlite_url, folder)
    yield app
    dispose(app)


def test_revisions_with_their_messages(app) -> None:
    found = offered(app, ["show"], "r0")
    assert found == {
        "r001": "revision r001",
        "r002": "revision r002",
        "r003": "revision r003",
    }


def test_symbols_and_branch_heads(app) -> None:
    found = offered(app, ["upgrade"], "")
    assert {"head", "heads", "base", "side@head", "x001"} <= set(found)


def test_branches(app) -> None:
    assert set(offered(app, ["revision", "-b"], "s")) == {"side"}


def test_databases(app) -> None:
    assert offered(app, ["upgrade", "--database"], "") == {"default": "sqlite"}


def test_hooks(app) -> None:
    assert set(offered(app, ["hooks"], "before_s")) == {
        "before_stamp",
        "before_statement",
    }


def test_commands_and_options(app) -> None:
    assert "upgrade" in offered(app, [], "upg")
    assert "--dry-run" in offered(app, ["upgrade"], "--dr")


def test_app_that_fails_offers_nothing(sqlite_url: str, tmp_path: Path) -> None:
    app, _ = make_app(sqlite_url, tmp_path / "missing")
    app.config["ALEMBIC"]["lock"] = "no"
    assert offered(app, ["show"], "") == {}
    dispose(app)


def test_alembic_is_not_imported(tmp_path: Path) -> None:
    write_chain(tmp_path / "migrations", 2)
    (tmp_path / "app.py").write_text(
        "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\n"
        "from flask_alembic import Alembic\n"
        "app = Flask(__name__)\n"
        "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'\n"
        "SQLAlchemy(app)\nAlembic(app)\n"
    )
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('alembic' in sys.modules, file=sys.stderr))\n"
        "sys.argv = ['flask']\nfrom flask.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={
            "COMP_WORDS": "flask db show r0",
            "COMP_CWORD": "3",
            "_FLASK_COMPLETE": "bash_complete",
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["plain,r001", "plain,r002"]
    assert done.stderr.strip() == "False"
