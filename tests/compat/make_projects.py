"""Make the projects with the released tools, each tool in an environment of its own.

    python tests/compat/make_projects.py FOLDER

``FOLDER/venvs`` holds the environments, ``FOLDER/projects/NAME`` the projects: the app
and its revisions, the databases after each phase, as ``after-1``, ``after-2``, ...
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from from_alembic import ALEMBIC_PROJECTS
from from_migrate import MIGRATE_PROJECTS
from released import Project

PROJECTS = (*MIGRATE_PROJECTS, *ALEMBIC_PROJECTS)
"""Every project that is made."""

DRIVER = """
import json, os, sys, time
sys.path.insert(0, os.getcwd())
from click.testing import CliRunner
from flask.cli import FlaskGroup
from shop import app
for words in json.loads(sys.argv[1]):
    group = FlaskGroup(create_app=lambda: app)
    result = CliRunner().invoke(group, ["db", *words])
    print("$ flask db", *words)
    print(result.output)
    if result.exit_code:
        print(result.exception and repr(result.exception))
        sys.exit(f"exit code {result.exit_code}")
    if words[0] in ("revision", "merge"):
        time.sleep(1 - time.time() % 1)
"""
"""Runs a series of commands in one process.

Ids of released Flask-Alembic are whole seconds: two in one second would be equal.
"""


def run(
    python: Path, folder: Path, data: Path, version: int, *commands: list[str]
) -> str:
    """Run ``flask db`` commands of a project and return what they wrote.

    :param python: The interpreter of an environment.
    :param folder: The project.
    :param data: Where its databases are.
    :param version: Which shape its models have.
    :param commands: The words after ``flask db``, command by command.
    :raises RuntimeError: When a command fails.
    """
    data.mkdir(parents=True, exist_ok=True)
    variables = {
        **os.environ,
        "SHOP_VERSION": str(version),
        "SHOP_DATA": str(data),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FLASK_ALEMBIC_NO_PLUGINS": "1",
    }
    variables.pop("PYTHONPATH", None)
    result = subprocess.run(
        [str(python), "-c", DRIVER, json.dumps(commands)],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if result.returncode:
        raise RuntimeError(f"{folder.name}:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def words(command: str) -> list[str]:
    """Split a command at its spaces; ``~`` stands for one inside a word."""
    return [word.replace("~", " ") for word in command.split(" ")]


def environment(folder: Path, requirement: str) -> Path:
    """Make a virtual environment with a released tool; return its interpreter.

    :param folder: Where environments are kept; one that is there is used again.
    :param requirement: What to install.
    """
    path = folder / requirement.lower().replace("==", "-")
    python = path / "bin" / "python"
    done = path / "done"
    if not done.exists():
        venv.create(path, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, requirement, "Flask-SQLAlchemy"], check=True)
        done.touch()
    return python


def make(project: Project, target: Path) -> Path:
    """Make a project.

    :param project: What to make.
    :param target: Where environments and projects are kept.
    :return: Its folder.
    """
    python = environment(target / "venvs", project.tool)
    folder = target / "projects" / project.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "shop.py").write_text(project.source, "utf-8")
    data = folder / "data"
    for number, phase in enumerate(project.phases, 1):
        if phase.before is not None:
            phase.before(folder)
        run(python, folder, data, number, *map(words, phase.commands))
        shutil.copytree(data, folder / f"after-{number}")
    return folder


def main() -> None:
    """Make every project in the folder that is named on the command line."""
    target = Path(sys.argv[1]).resolve()
    for project in PROJECTS:
        print(make(project, target))


if __name__ == "__main__":
    main()
