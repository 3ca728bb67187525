"""What the shell offers when the tab key is pressed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from click.shell_completion import ShellComplete
from projects import dispose, make_app, write_chain, write_revision

from flask_alembic.builtin import make_db_group
from flask_alembic.hooks import OutputFormat, hookimpl

APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_alembic import Alembic

def create_app():
    app = Flask(__name__, root_path=".")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    SQLAlchemy(app)
    Alembic(app)
    return app
"""
MAIN = "import sys; sys.argv = ['flask']; from flask.cli import main; main()"


def offered(app: object, args: list[str], incomplete: str) -> dict[str, str | None]:
    from flask.cli import ScriptInfo

    alembic = app.extensions["alembic"]
    group = make_db_group(alembic)
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


def test_both_ends_of_a_range(app) -> None:
    assert "r002" in offered(app, ["log", "-r"], "r0")
    assert set(offered(app, ["log", "-r"], "r001:r0")) == {
        "r001:r001",
        "r001:r002",
        "r001:r003",
    }
    assert ":head" in offered(app, ["squash"], ":")


@pytest.mark.parametrize(
    "words",
    [
        ("revision", "--parent"),
        ("migrate", "--depend"),
        ("adopt", "--baseline"),
        ("lint",),
    ],
)
def test_revisions_wherever_one_is_asked_for(app, words: tuple[str, ...]) -> None:
    assert offered(app, list(words), "r002") == {"r002": "revision r002"}


def test_formats_and_those_of_plugins(sqlite_url: str, tmp_path: Path) -> None:
    class Shouting:
        @hookimpl
        def output_formats(self) -> list[OutputFormat]:
            return [OutputFormat("shout", str, "in capitals")]

    app, _ = make_app(sqlite_url, tmp_path / "migrations", plugins=[Shouting()])
    found = offered(app, ["status", "--format"], "")
    assert set(found) == {"table", "json", "jsonl", "shout"}
    assert found["shout"] == "in capitals"
    assert {"html", "shout"} <= set(offered(app, ["graph", "--format"], ""))
    dispose(app)


def test_templates(app) -> None:
    assert set(offered(app, ["init", "-t"], "")) == {"single", "multidb"}


def test_branches(app) -> None:
    assert set(offered(app, ["revision", "-b"], "s")) == {"side"}


def test_databases(app) -> None:
    assert offered(app, ["upgrade", "--database"], "") == {"default": "sqlite"}


def test_hooks(app) -> None:
    assert set(offered(app, ["hooks"], "before_s")) == {
        "before_stamp",
        "before_statement",
    }


def test_plugins(app) -> None:
    found = offered(app, ["plugins"], "")
    assert "lock" in found


SHELLS = {
    "bash": """
        eval "$(_FLASK_COMPLETE=bash_source flask)"
        COMP_WORDS=(flask db show r0) COMP_CWORD=3 COMP_LINE= COMP_POINT=0
        _flask_completion flask
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "zsh": """
        _FLASK_COMPLETE=zsh_source flask > flask.zsh && zsh -n flask.zsh
        env COMP_WORDS="flask db show r0" COMP_CWORD=3 \\
            _FLASK_COMPLETE=zsh_complete flask
    """,
    "fish": """
        _FLASK_COMPLETE=fish_source flask | source
        complete -C "flask db show r0"
    """,
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_offers_revisions(tmp_path: Path, shell: str) -> None:
    """As a person has it: with the lines that the docs show, in the shell itself."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")
    write_chain(tmp_path / "migrations", 3)
    (tmp_path / "shop.py").write_text(APP, "utf-8")
    done = subprocess.run(
        [shell, "-c", dedent(SHELLS[shell])],
        cwd=tmp_path,
        env={
            **os.environ,
            "FLASK_APP": "shop",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    for revision in ("r001", "r002", "r003"):
        assert revision in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("protocol", "words", "written"),
    [
        ("bash", {"COMP_WORDS": "flask db show r0", "COMP_CWORD": "3"}, "plain,r001"),
        ("zsh", {"COMP_WORDS": "flask db show r0", "COMP_CWORD": "3"}, "revision r001"),
        ("fish", {"COMP_WORDS": "flask db show r0", "COMP_CWORD": "r0"}, "r001\t"),
    ],
)
def test_what_each_shell_asks_is_answered(
    tmp_path: Path, protocol: str, words: dict[str, str], written: str
) -> None:
    write_chain(tmp_path / "migrations", 3)
    (tmp_path / "shop.py").write_text(APP, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MAIN],
        cwd=tmp_path,
        env={
            **os.environ,
            "FLASK_APP": "shop",
            "_FLASK_COMPLETE": f"{protocol}_complete",
            **words,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert written in done.stdout, (done.stdout, done.stderr)


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
