"""A new plugin: written whole, its tests pass as they are, and it can be installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from flask_alembic import Alembic
from flask_alembic.commands.new_plugin.scaffold import FILES, normalize, render
from flask_alembic.errors import UsageError
from flask_alembic.script.locations import TEMPLATES

ROOT = Path(__file__).parents[3]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask("app", root_path=str(tmp_path), instance_path=str(tmp_path))
    Alembic(app, engines=sa.create_engine("sqlite://"))
    return app


def new_plugin(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["db", "new-plugin", *words])


def run(*words: str, at: Path, **environment: str) -> str:
    """Run Python in a folder and return what it wrote; it has to end well."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=at,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_its_tests_pass_as_they_are(app: Flask, tmp_path: Path) -> None:
    result = new_plugin(app, "shout", "--into", str(tmp_path / "plugins"))
    assert result.exit_code == 0, result.output
    folder = tmp_path / "plugins" / "flask-alembic-shout"
    output = run("-m", "pytest", "-q", "-p", "no:cacheprovider", at=folder)
    assert "passed" in output
    assert "failed" not in output
    assert "skipped" not in output


def test_it_is_found_where_it_is_installed(app: Flask, tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    result = new_plugin(app, "many-words", "--into", str(tmp_path))
    assert result.exit_code == 0, result.output
    folder = tmp_path / "flask-alembic-many-words"
    site = tmp_path / "site"
    # What an installer does, without one that may want to download a builder.
    for step in ("install_lib", "install_egg_info"):
        run("setup.py", "-q", step, "--install-dir", str(site), at=folder)
    assert (site / "flask_alembic_many_words" / "py.typed").exists()
    (tmp_path / "app.py").write_text(
        "import sqlalchemy as sa\n"
        "from flask import Flask\n"
        "from flask_alembic import Alembic\n"
        "app = Flask(__name__)\n"
        "Alembic(app, engines=sa.create_engine('sqlite://'))\n"
    )
    path = os.pathsep.join([str(site), str(ROOT)])
    words = ["-m", "flask", "--app", "app", "db"]
    shown = run(*words, "plugins", at=tmp_path, PYTHONPATH=path)
    assert "many-words" in shown
    assert "flask-alembic-many-words 0.1.0" in shown
    assert "Waiting: 0" in run(*words, "many-words", at=tmp_path, PYTHONPATH=path)


def test_what_is_said(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = new_plugin(app, "flask_alembic_Shout").output.splitlines()
    created = [line.removeprefix("Created ") for line in lines[: len(FILES)]]
    assert all((tmp_path / path).is_file() for path in created)
    assert all(path.startswith("flask-alembic-shout") for path in created)
    assert lines[-1] == 'Now: cd flask-alembic-shout; pip install -e ".[test]"; pytest'
    found = [path for path in tmp_path.glob("flask-alembic-shout/**/*")]
    assert len([path for path in found if path.is_file()]) == len(FILES)
    # Nothing of how it was written is left.
    assert not list(tmp_path.glob(".new-plugin-*"))


def test_what_is_there_is_left_alone(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "flask-alembic-shout"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    result = new_plugin(app, "shout", "--into", str(tmp_path))
    assert result.exit_code == 2
    assert "is there already" in result.output
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = new_plugin(app, "shout", "--into", str(tmp_path / "file" / "below"))
    assert result.exit_code == 3
    assert "cannot be written: Not a directory" in result.output
    assert "--into" in result.output


@pytest.mark.parametrize(
    "name",
    ["", "1st", "two words", "a/b", "..", "a--b", "-x", "größe", "x" * 41, "a$b"],
)
def test_names_that_no_package_can_have(app: Flask, tmp_path: Path, name: str) -> None:
    result = new_plugin(app, "--into", str(tmp_path / "into"), "--", name)
    assert result.exit_code == 2
    assert f"A plugin cannot be called {name!r}." in result.output
    assert not (tmp_path / "into").exists()


def test_the_name_of_a_command_is_taken(app: Flask, tmp_path: Path) -> None:
    result = new_plugin(app, "upgrade", "--into", str(tmp_path))
    assert result.exit_code == 2
    assert "flask db upgrade already is a command" in result.output


def test_names_are_understood_however_they_are_typed() -> None:
    for typed in ("my-plugin", "My_Plugin", " flask-alembic-my-plugin "):
        assert normalize(typed) == "my-plugin"
    with pytest.raises(UsageError):
        normalize("flask-alembic-")


def test_every_template_is_used() -> None:
    there = {path.name for path in (TEMPLATES / "plugin").iterdir()}
    assert there == {f"{name}.tmpl" for name in FILES.values() if name}


def test_the_example_is_what_the_command_writes() -> None:
    """``contrib/template`` is for reading; it is made by ``new-plugin template``."""
    folder = ROOT / "contrib" / "template"
    for path, text in render("template").items():
        assert (folder / path).read_text("utf-8") == text, path
