"""Flask-Migrate and Flask-Alembic on one app, each from its real distribution."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest
from filelock import FileLock
from released import FLASK_MIGRATE

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(
        os.environ.get("FLASK_ALEMBIC_COMPAT") != "1",
        reason="installs released tools from PyPI; set FLASK_ALEMBIC_COMPAT=1",
    ),
]

ROOT = Path(__file__).parents[2]
APP = """
import os
from flask import Flask
from flask_alembic import Alembic
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + os.path.abspath("app.db")
db = SQLAlchemy(app)


class Shelf(db.Model):
    id = db.Column(db.Integer, primary_key=True)


%s
"""
OURS_LAST = "Migrate(app, db)\nAlembic(app)\n"
OURS_FIRST = "Alembic(app)\nMigrate(app, db)\n"
TWO_NAMES = "Alembic(app, command_name='alembic')\nMigrate(app, db)\n"


@pytest.fixture(scope="module")
def flask(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command ``flask`` of an environment that has both."""
    given = os.environ.get("FLASK_ALEMBIC_COMPAT_FOLDER")
    target = Path(given) if given else tmp_path_factory.getbasetemp() / "compat"
    target.mkdir(parents=True, exist_ok=True)
    path = target / "venvs" / "both"
    with FileLock(target / "lock"):
        if not (path / "done").exists():
            venv.create(path, with_pip=True, clear=True)
            install = [str(path / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            needed = [FLASK_MIGRATE, "Flask-SQLAlchemy", "-e", str(ROOT)]
            subprocess.run([*install, *needed], check=True)
            (path / "done").touch()
    return path / "bin" / "flask"


def run(
    flask: Path, folder: Path, order: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of an app on which both are initialized in that order."""
    (folder / "app.py").write_text(APP % order, "utf-8")
    command = [str(flask), "--app", "app", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("order", "owner", "has_doctor"),
    [
        (OURS_LAST, "which has replaced that of flask_migrate", True),
        (OURS_FIRST, "the command of flask_migrate", False),
    ],
)
def test_the_command_that_wins_is_reported_once(
    flask: Path, tmp_path: Path, order: str, owner: str, has_doctor: bool
) -> None:
    page = run(flask, tmp_path, order, "db", "--help")
    assert page.returncode == 0
    assert ("doctor" in page.stdout) is has_doctor
    assert page.stderr.count("Note:") == 1
    assert owner in page.stderr
    listed = run(flask, tmp_path, order, "--help")
    assert listed.stdout.count("\n  db ") == 1
    assert "Note:" not in listed.stderr


def test_both_work_under_two_names(flask: Path, tmp_path: Path) -> None:
    made = run(flask, tmp_path, TWO_NAMES, "alembic", "heads")
    assert (made.returncode, "Note:" in made.stderr) == (0, False)
    page = run(flask, tmp_path, TWO_NAMES, "db", "--help")
    assert page.stderr == ""
    assert "doctor" not in page.stdout


def test_a_folder_of_flask_migrate_is_used_by_both(flask: Path, tmp_path: Path) -> None:
    """Its env.py stands in the script directory, which is not where revisions are."""
    only = "Migrate(app, db)\n"
    assert run(flask, tmp_path, only, "db", "init").returncode == 0
    made = run(flask, tmp_path, only, "db", "migrate", "-m", "shelves")
    assert made.returncode == 0, made.stderr
    upgraded = run(flask, tmp_path, OURS_LAST, "db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    current = run(flask, tmp_path, OURS_FIRST, "db", "current")
    assert "(head)" in current.stdout
    assert run(flask, tmp_path, OURS_LAST, "db", "doctor").returncode == 0
