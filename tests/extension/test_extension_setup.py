"""Setting up an app: folders, the command group, apps without a context."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
)
from flask import Flask

from flask_alembic import Alembic
from flask_alembic.errors import (
    ScriptLocationError,
    UsageError,
)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


@pytest.mark.parametrize(
    ("constructed", "given", "made"),
    [
        (True, None, True),
        (True, False, False),
        (False, None, False),
        (False, True, True),
    ],
)
def test_run_mkdir(
    tmp_path: Path, constructed: bool, given: bool | None, made: bool
) -> None:
    app = make_app(tmp_path, extension=None)
    Alembic(run_mkdir=constructed).init_app(app, run_mkdir=given)
    assert migrations_of(app).is_dir() is made
    assert (migrations_of(app) / "script.py.mako").is_file() is made


@pytest.mark.parametrize(
    ("constructed", "given", "name"),
    [
        ("db", None, "db"),
        ("db", "alembic", "alembic"),
        ("alembic", None, "alembic"),
        ("db", False, None),
        (False, None, None),
        (False, "db", "db"),
    ],
)
def test_command_name(
    tmp_path: Path, constructed: Any, given: Any, name: str | None
) -> None:
    app = make_app(tmp_path, extension=None)
    Alembic(command_name=constructed).init_app(app, command_name=given)
    assert list(app.cli.commands) == ([name] if name else [])
    if name:
        result = app.test_cli_runner().invoke(args=[name, "heads"])
        assert (result.exit_code, result.stdout) == (0, "")


def test_arguments_may_be_given_by_position(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension=None)
    Alembic(app, False, "migrations")
    assert list(app.cli.commands) == ["migrations"]
    assert not migrations_of(app).exists()


def test_a_relative_location_is_relative_to_the_instance_folder(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC={"script_location": "revisions"})
    assert Path(app.instance_path, "revisions", "script.py.mako").is_file()


def test_an_absolute_location_is_taken_as_it_is(tmp_path: Path) -> None:
    wanted = tmp_path / "far" / "away"
    app = make_app(tmp_path, ALEMBIC={"script_location": str(wanted)})
    assert (wanted / "script.py.mako").is_file()
    with app.app_context():
        assert extension_of(app).script_directory.dir == str(wanted)


def test_without_mkdir_a_command_says_what_to_do(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"run_mkdir": False})
    with app.app_context():
        alembic = extension_of(app)
        with pytest.raises(ScriptLocationError, match="does not exist") as caught:
            alembic.heads()
        assert "flask db init" in caught.value.advice
        assert [path.name for path in alembic.mkdir()] == [
            "migrations",
            "script.py.mako",
        ]
        assert alembic.mkdir() == []
        assert alembic.heads() == []


def test_a_folder_that_cannot_be_made_does_not_stop_the_app(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "migrations").write_text("a file is in the way")
    caplog.set_level("INFO", "flask_alembic")
    app = make_app(tmp_path)
    assert "cannot be created" in caplog.text
    with app.app_context(), pytest.raises(ScriptLocationError):
        extension_of(app).upgrade()


@pytest.mark.parametrize(
    "use",
    [
        lambda alembic: alembic.upgrade(),
        lambda alembic: alembic.config,
        lambda alembic: alembic.op,
        lambda alembic: alembic.plugins,
    ],
)
def test_outside_an_app_context_everything_says_so(
    app: Flask, use: Callable[[Alembic], object]
) -> None:
    with pytest.raises(UsageError, match="outside an app context") as caught:
        use(extension_of(app))
    assert "app.app_context()" in caught.value.advice
