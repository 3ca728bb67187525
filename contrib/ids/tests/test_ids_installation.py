"""Installing is all it takes, and uninstalling leaves nothing behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from flask_alembic_ids import plugin

from flask_alembic.testing import check_plugin

if TYPE_CHECKING:
    from conftest import Invoke, MakeApp

PROJECT = Path(__file__).parents[1]


def test_the_entry_point_is_found(make_app: MakeApp) -> None:
    found = entry_points(group="flask_alembic.plugins", name="ids")
    assert [one.load() for one in found] == [plugin]
    app = make_app()
    with app.app_context():
        records = {one.name: one for one in app.extensions["alembic"].plugins}
    assert records["ids"].status == "active"
    assert records["ids"].distribution == "flask-alembic-ids"


def test_history_made_with_it_is_plain_alembic(make_app: MakeApp, db: Invoke) -> None:
    for ids in ("timestamp", "sequential", "date-slug", "ulid", "%Y%m%d"):
        app = make_app(ALEMBIC_IDS=ids)
        assert db(app, "revision", "--empty", f"with {ids}").exit_code == 0
    without = make_app(ALEMBIC_IDS="sequential", ALEMBIC_PLUGINS_DISABLED=["ids"])
    assert db(without, "upgrade").exit_code == 0
    assert "with %Y%m%d" in db(without, "current").output
    assert db(without, "revision", "--empty", "without").exit_code == 0
    assert db(without, "downgrade", "base").exit_code == 0


def test_uninstalling_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    unwanted = shutil.ignore_patterns("*.egg-info", "build", "__pycache__", ".*")
    shutil.copytree(PROJECT, source, ignore=unwanted)
    home = tmp_path / "venv"
    venv.create(home, symlinks=True)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    before = _files(home)
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    _pip(Path(sys.executable), *build, str(source))
    _pip(python, "install", "--no-deps", *map(str, tmp_path.glob("*.whl")))
    installed = _files(home) - before
    assert {"plugin.py", "py.typed", "entry_points.txt"} <= {p.name for p in installed}
    _pip(python, "uninstall", "--yes", "flask-alembic-ids")
    assert _files(home) == before


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def _pip(python: Path, *words: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "-q"]
    done = subprocess.run([*pip, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_hooks_have_the_right_names_and_arguments() -> None:
    assert "rev_id" in check_plugin(plugin)
