"""Apps that are there, without something that is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import write_table_revision
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sandbox import SECRET, Outcome, Sandbox, accepted, flask, told, write_app

from flask_alembic import Alembic, alembic_click
from flask_alembic.errors import UsageError


def test_an_app_without_flask_sqlalchemy_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from flask import Flask\nfrom flask_alembic import Alembic\n"
        "app = Flask(__name__)\nAlembic(app)\n"
    )
    (tmp_path / "migrations").mkdir()
    write_table_revision(tmp_path / "migrations", "aaaa1")
    outcome = flask(tmp_path, "db", "upgrade")
    told(outcome, 3, ["No database", "Flask-SQLAlchemy", "engines="])


def test_an_app_without_the_extension_is_told_so(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path))
    app.cli.add_command(alembic_click, "db")
    result = app.test_cli_runner().invoke(args=["db", "upgrade"])
    outcome = Outcome(result.exit_code, result.stdout, result.stderr)
    told(outcome, 2, ["not registered", "Alembic(app)"])


def test_flask_sqlalchemy_may_come_after_the_extension(sandbox: Sandbox) -> None:
    app = Flask("shop", root_path=str(sandbox.folder))
    app.config.update(SQLALCHEMY_DATABASE_URI=sandbox.url, ALEMBIC_PLUGINS=())
    Alembic(app)
    SQLAlchemy(app)
    write_table_revision(sandbox.migrations, "aaaa1")
    accepted(sandbox, "upgrade", app=app)


@pytest.mark.parametrize(
    "use",
    [
        lambda alembic: alembic.upgrade(),
        lambda alembic: alembic.current(),
        lambda alembic: alembic.config,
        lambda alembic: alembic.script_directory,
        lambda alembic: alembic.migration_context,
        lambda alembic: alembic.op,
        lambda alembic: alembic.revision("message"),
        lambda alembic: alembic.plugins,
    ],
)
def test_a_missing_app_context_is_named(sandbox: Sandbox, use: object) -> None:
    alembic = Alembic(sandbox.app(extension=None))
    with pytest.raises(UsageError, match="app context") as caught:
        use(alembic)  # type: ignore[operator]
    assert "with app.app_context()" in caught.value.advice


def test_an_async_url_for_a_sync_engine_is_named(sandbox: Sandbox) -> None:
    app = Flask("shop", root_path=str(sandbox.folder))
    app.config["ALEMBIC_PLUGINS"] = ()
    engine = sa.create_engine(f"sqlite+aiosqlite:///{sandbox.folder / 'app.db'}")
    Alembic(app, engines=engine)
    write_table_revision(sandbox.migrations, "aaaa1")
    for line in ("upgrade", "current"):
        outcome = sandbox.db(line, app=app)
        told(outcome, 3, ["aiosqlite", "async"])


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///app.db",
        f"postgresql+asyncpg://me:{SECRET}@127.0.0.1:1/shop",
    ],
)
def test_an_async_url_in_flask_sqlalchemy_is_named(tmp_path: Path, url: str) -> None:
    write_app(tmp_path, url=url)
    write_table_revision(tmp_path / "migrations", "aaaa1")
    outcome = flask(tmp_path, "db", "upgrade")
    told(outcome, 3, ["async"])


# The same sentences in a process of its own, where nothing catches what is logged ---


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    ("more", "line", "code", "says"),
    [
        ("", "upgrade nosuch", 2, "'nosuch'"),
        ("", "upgrade --nosuch", 2, "--nosuch"),
        ("app.config['ALEMBIC'] = {'lock': 'no'}", "upgrade", 3, "'no'"),
        ("app.config['ALEMBIC'] = 5", "current", 3, "dict"),
        ("app.config['ALEMBIC'] = {'script_location': 'c:d'}", "heads", 3, "'c'"),
        (
            "app.config['ALEMBIC'] = {'script_location': '/proc/no'}",
            "heads",
            3,
            "/proc",
        ),
        ("app.config['ALEMBIC_PLUGINS'] = ['nosuch']", "heads", 3, "'nosuch'"),
        ("app.config['ALEMBIC_CONTEXT'] = {'compare_type': 'x'}", "check", 3, "'x'"),
        ("", "revision --empty --rev-id ../../evil message", 2, "'../../evil'"),
        ("", "merge", 2, "nothing to merge"),
        ("", "downgrade nosuch@base", 2, "'nosuch'"),
        ("", "--no-plugins show nosuch", 2, "'nosuch'"),
    ],
)
def test_one_message_is_all_that_is_written(
    tmp_path: Path, more: str, line: str, code: int, says: str
) -> None:
    write_app(tmp_path, more=more)
    write_table_revision(tmp_path / "migrations", "aaaa1")
    outcome = flask(tmp_path, "db", *line.split())
    told(outcome, code, says)
    assert outcome.out == ""


def test_a_message_of_bytes_that_are_no_text_is_kept(tmp_path: Path) -> None:
    """The terminal may hand over anything; Python reads it as lone surrogates."""
    write_app(tmp_path)
    accepted_message = b"caf\xe9 \xff".decode("utf-8", "surrogateescape")
    outcome = flask(tmp_path, "db", "revision", "--empty", accepted_message)
    assert outcome.code == 0, outcome.text
    (path,) = (tmp_path / "migrations").glob("*.py")
    compile(path.read_bytes(), str(path), "exec")
    outcome = flask(tmp_path, "db", "log")
    assert outcome.code == 0, outcome.text
    assert "caf\\udce9 \\udcff" in outcome.out


def test_a_locale_without_umlauts_does_no_harm(tmp_path: Path) -> None:
    write_app(tmp_path)
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = ["revision", "--empty", "caf\xe9 \u2713", "--rev-id", "aaaa1"]
    outcome = flask(tmp_path, "db", *words, env=env)
    assert outcome.code == 0, outcome.text
    (path,) = (tmp_path / "migrations").glob("aaaa1*.py")
    assert path.read_text("utf-8").startswith('"""caf\xe9 \u2713')
    lines = [
        "log",
        "show head",
        "status",
        "graph",
        "upgrade --sql",
        "upgrade",
        "current",
    ]
    for line in lines:
        outcome = flask(tmp_path, "db", *line.split(), env=env)
        assert (outcome.code, "UnicodeEncodeError" in outcome.text) == (0, False)
        if line in ("log", "show head", "graph", "current"):
            assert "caf\xe9 \u2713" in outcome.out
    outcome = flask(tmp_path, "db", "log", "--format", "json", env=env)
    assert json.loads(outcome.out)["revisions"][0]["doc"] == "caf\xe9 \u2713"
    picture = ["graph", "--format", "html", "-o", "history.html"]
    assert flask(tmp_path, "db", *picture, env=env).code == 0
    assert "caf\xe9 \u2713" in (tmp_path / "history.html").read_text("utf-8")
