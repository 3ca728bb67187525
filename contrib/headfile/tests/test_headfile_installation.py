"""Installing is all it takes, and uninstalling leaves nothing behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from flask_alembic_headfile import plugin

from flask_alembic.testing import check_plugin

if TYPE_CHECKING:
    from conftest import Commit, Invoke, MakeApp

PROJECT = Path(__file__).parents[1]


def test_the_entry_point_is_found(make_app: MakeApp) -> None:
    found = entry_points(group="flask_alembic.plugins", name="headfile")
    assert [one.load() for one in found] == [plugin]
    app = make_app()
    with app.app_context():
        records = {one.name: one for one in app.extensions["alembic"].plugins}
    assert records["headfile"].status == "active"
    assert records["headfile"].distribution == "flask-alembic-headfile"


def test_history_made_with_it_is_plain_alembic(
    make_app: MakeApp, commit: Commit, folder: Path, db: Invoke
) -> None:
    commit("with it")
    without = make_app(ALEMBIC_PLUGINS_DISABLED=["headfile"])
    before = (folder / "HEAD").read_bytes()
    for words in (["upgrade"], ["check"], ["revision", "--empty", "x"], ["upgrade"]):
        assert db(without, *words).exit_code == 0
    assert (folder / "HEAD").read_bytes() == before
    assert "rebase" not in db(without, "--help").output


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
    _pip(python, "uninstall", "--yes", "flask-alembic-headfile")
    assert _files(home) == before


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def _pip(python: Path, *words: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "-q"]
    done = subprocess.run([*pip, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_hooks_have_the_right_names_and_arguments() -> None:
    assert "register_commands" in check_plugin(plugin)
