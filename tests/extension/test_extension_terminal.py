"""The terminal as it is documented: Click, Flask-Script and the base functions."""

from __future__ import annotations

import gc
import inspect
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    tables,
    url_of,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask
from flask.cli import AppGroup

import flask_alembic.cli
from flask_alembic import Alembic, alembic_click
from flask_alembic.cli import base
from flask_alembic.errors import UsageError

REQUIRED = inspect.Parameter.empty

FUNCTIONS: dict[str, dict[str, object]] = {
    "mkdir": {},
    "current": {"verbose": False},
    "heads": {"resolve_dependencies": False, "verbose": False},
    "branches": {"verbose": False},
    "log": {"start": "base", "end": "heads", "verbose": False},
    "show": {"revisions": REQUIRED},
    "stamp": {"target": "heads"},
    "upgrade": {"target": "heads"},
    "downgrade": {"target": -1},
    "revision": {
        "message": REQUIRED,
        "empty": False,
        "branch": "default",
        "parent": "head",
        "splice": False,
        "depend": None,
        "label": None,
        "path": None,
    },
    "merge": {"revisions": REQUIRED, "message": None, "label": None},
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1", None, labels="default")
    write_table_revision(migrations_of(app), "a2", "a1")
    return app


# Base functions -----------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_base_functions_take_the_documented_arguments(name: str) -> None:
    function = getattr(base, name)
    parameters = inspect.signature(function).parameters.values()
    named = [one for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    documented = FUNCTIONS[name]
    assert [one.name for one in named][: len(documented)] == list(documented)
    for one in named[: len(documented)]:
        wanted = documented[one.name]
        # More may have a default than is documented, none less.
        assert one.default == wanted or wanted is REQUIRED
    assert REQUIRED not in [one.default for one in named[len(documented) :]]


def test_base_functions_write_to_the_terminal(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    def written(name: str, *arguments: Any) -> str:
        with app.app_context():
            getattr(base, name)(*arguments)
        return capsys.readouterr().out

    assert "exists" in written("mkdir")
    assert "a1 -> a2" in written("heads")
    assert "a2" in written("heads", False, True)
    assert written("branches") == ""
    assert [line.split(",")[-1] for line in written("log").splitlines()] == [
        " a1",
        " a2",
    ]
    assert "Rev: a1" in written("show", ["a1"])
    assert "Applied 2 revisions" in written("upgrade")
    assert "a1 -> a2" in written("current")
    assert "Rev: a2" in written("current", True)
    assert "Reverted 1 revision" in written("downgrade")
    assert "now at a2" in written("stamp")
    assert "Generated " in written("revision", "by hand", True)
    write_revision(migrations_of(app), "b1")
    assert "Generated " in written("merge", "heads", "join")
    assert "a1" in written("history", None, False, True)


def test_base_functions_need_the_extension(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension=None)
    with app.app_context(), pytest.raises(UsageError, match="not registered"):
        base.heads()


# Click --------------------------------------------------------------------------


def test_alembic_click_may_be_added_by_hand(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"command_name": False})
    app.cli.add_command(alembic_click, "db")
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"a1"}
    assert "upgrade" in run_db(app, "--help").output


def test_the_commands_of_the_documentation_are_there(app: Flask) -> None:
    help_ = run_db(app, "--help").output
    listed = {line.split()[0] for line in help_.splitlines() if line.startswith("  ")}
    assert set(FUNCTIONS) <= listed
    assert {"check", "init", "migrate", "history", "edit", "plan"} <= listed


def test_a_revision_is_generated_by_the_documented_words(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    result = run_db(app, "revision", "made changes")
    assert result.exit_code == 0
    (path,) = migrations_of(app).glob("*_made_changes.py")
    assert "create_table('author'" in path.read_text("utf-8")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_commands_are_attributes_of_the_package(name: str) -> None:
    command = getattr(flask_alembic.cli, name)
    assert isinstance(command, click.Command)
    assert command.name == name


def test_what_is_no_command_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        flask_alembic.cli.nothing  # noqa: B018


def test_the_shared_group_keeps_no_app_alive(tmp_path: Path) -> None:
    def use() -> weakref.ref[Flask]:
        app = make_app(tmp_path, extension={"command_name": False}, models=no_models)
        app.cli.add_command(alembic_click, "db")
        assert run_db(app, "--help").exit_code == 0
        return weakref.ref(app)

    app = use()
    gc.collect()
    assert app() is None


def test_branches_is_one_command(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1")
    shown = run_db(app, "branches").output.splitlines()
    assert ["a1" in line for line in shown] == [True] * 3
    document = json.loads(run_db(app, "branches", "--format", "json").stdout)
    assert document["command"] == "branches"
    assert [one["revision"] for one in document["revisions"]] == ["a1"]


def test_commands_work_in_a_group_whose_object_is_the_extension(app: Flask) -> None:
    """A project with a group of its own for several extensions."""
    extension = extension_of(app)

    @app.cli.group("shop", cls=AppGroup)
    @click.pass_context
    def group(context: click.Context) -> None:
        context.obj = extension

    group.add_command(flask_alembic.cli.upgrade)
    group.add_command(flask_alembic.cli.current, "where")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["shop", "upgrade"]).exit_code == 0
    assert "a2" in runner.invoke(args=["shop", "where"]).output


def test_a_group_made_by_hand_works_on_its_own_extension(tmp_path: Path) -> None:
    """Two extensions with folders and version tables of their own."""
    app = make_app(tmp_path, extension=None)
    first = Alembic(app, command_name="first")
    second = Alembic(run_mkdir=False, command_name=False)
    second.init_app(app, command_name="second")
    write_table_revision(migrations_of(app), "a1")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["first", "heads"]).output.split()[-1] == "a1"
    assert runner.invoke(args=["second", "heads"]).exit_code == 0
    assert first.environment_for(app) is not second.environment_for(app)


# Flask-Script -------------------------------------------------------------------

MANAGE = """
    import sys
    sys.path.insert(0, {tests!r})
    from pathlib import Path
    from apps import make_app
    from flask_alembic import alembic_script
    from flask_script_ng import Manager

    app = make_app(Path({folder!r}), extension={{"command_name": False}})
    manager = Manager(app)
    manager.add_command("db", alembic_script)

    if __name__ == "__main__":
        manager.run()
"""


def test_alembic_script_in_a_manager_that_is_really_run(tmp_path: Path) -> None:
    manage = tmp_path / "manage.py"
    source = dedent(MANAGE).format(
        tests=str(Path(__file__).parents[1]), folder=str(tmp_path)
    )
    manage.write_text(source, "utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(manage), "db", *words],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    made = run("revision", "made changes")
    assert (made.returncode, made.stderr) == (0, "")
    assert "Generated " in made.stdout
    upgraded = run("upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert tables(f"sqlite:///{tmp_path}/app.db") == {"author", "book"}
    assert "made changes" in run("current", "-v").stdout
    wrong = run("upgrade", "nosuch")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
    assert "nosuch" in wrong.stderr
    for page in (run("--help").stdout, run("upgrade", "--help").stdout):
        assert "Run migrations to upgrade the database." in page
        assert ":param" not in page
    assert run("--help").stdout.startswith("usage: manage.py db ")
