"""``flask_alembic.script.locations``: folders of other tools beside the package."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from apps import make_app, run_db, write_revision
from flask import Flask

from flask_alembic.config import load
from flask_alembic.script.existing_folder import is_there
from flask_alembic.script.locations import TEMPLATES, locate


def make_package(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "__init__.py").touch()
    return path


def lay_out(folder: Path) -> Path:
    """Lay out a folder as Flask-Migrate does."""
    write_revision(folder / "versions", "a1")
    (folder / "env.py").write_text("raise AssertionError('executed')")
    shutil.copy(TEMPLATES / "script.py.mako", folder)
    return folder


def located(app: Flask, **keys: Any) -> Path:
    found = locate(app, load({"ALEMBIC": keys})).script
    app.config["ALEMBIC"] = keys
    assert is_there(app) is (found / "script.py.mako").is_file()
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize("package", ["shop", "shop/web", "src/shop"])
def test_a_folder_beside_the_package_is_found(project: Path, package: str) -> None:
    """That is where ``flask db init`` of Flask-Migrate makes it."""
    for part in Path(package).parents:
        if str(part) not in {".", "src"}:
            make_package(project / part)
    app = Flask("shop", root_path=str(make_package(project / package)))
    assert located(app) == Path(app.root_path, "migrations")
    folder = lay_out(project / "migrations")
    assert located(app) == folder
    assert located(app, script_location="migrations") == folder
    assert located(app, relative_to="root") == Path(app.root_path, "migrations")
    assert located(app, script_location="other") != folder


@pytest.mark.parametrize("missing", ["versions", "env.py"])
def test_a_folder_that_no_tool_laid_out_is_not(project: Path, missing: str) -> None:
    app = Flask("shop", root_path=str(make_package(project / "shop")))
    folder = lay_out(project / "migrations")
    (folder / missing).rename(folder / "gone")
    assert located(app) == Path(app.root_path, "migrations")


def test_a_folder_in_the_package_comes_first(project: Path) -> None:
    app = Flask("shop", root_path=str(make_package(project / "shop")))
    lay_out(project / "migrations")
    own = Path(app.root_path, "migrations")
    own.mkdir()
    assert located(app) == own


def test_an_app_uses_the_folder_beside_it(project: Path) -> None:
    folder = lay_out(project / "migrations")
    app = make_app(make_package(project / "shop"))
    assert not Path(app.root_path, "migrations").exists()
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "revision", "second").exit_code == 0
    assert len(list(folder.glob("versions/*.py"))) == 2


def test_an_empty_folder_is_not_all_that_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revisions in the folder of commands, which tells nothing of an app, are named."""
    app = make_app(make_package(project / "deep" / "shop"))
    monkeypatch.chdir(project)
    assert "flask db revision" in run_db(app, "upgrade").stderr
    folder = lay_out(project / "migrations")
    result = run_db(app, "upgrade")
    assert result.exit_code == 2
    assert f"There are some in {folder}" in result.stderr
    assert "ALEMBIC['script_location']" in result.stderr


def test_an_empty_folder_of_another_tool_is_not_called_another(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(project / "migrations")
    (project / "migrations/versions/a1_.py").unlink()
    app = make_app(project)
    monkeypatch.chdir(project)
    result = run_db(app, "upgrade")
    assert result.exit_code == 0
    assert "flask db revision" in result.stderr
