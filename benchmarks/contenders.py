"""Who is compared: an environment, a project and a command line for each."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import projects
from measuring import Cost, clean_environment, cost_of

ROOT = Path(__file__).resolve().parent.parent
COMMON = ["Flask-SQLAlchemy", "alembic", "psycopg[binary]", "PyMySQL"]
SOURCES = ["setup.py", "setup.cfg", "pyproject.toml", "README.rst", "LICENSE.rst"]

FLOOR, ALEMBIC, MIGRATE, RELEASED, OURS, PLUGINS = (
    "no extension",
    "alembic",
    "Flask-Migrate",
    "Flask-Alembic 3",
    "this",
    "this, 5 plugins",
)

COMMANDS: dict[str, dict[str, list[str]]] = {
    "heads": {"": ["heads"]},
    "current": {"": ["current"]},
    "log": {"": ["log"], ALEMBIC: ["history"], MIGRATE: ["history"]},
    "branches": {"": ["branches"]},
    "upgrade at head": {"": ["upgrade"], ALEMBIC: ["upgrade", "head"]},
    "upgrade by one": {"": ["upgrade"], ALEMBIC: ["upgrade", "head"]},
    "show head": {"": ["show", "head"]},
    "history": {OURS: ["history"]},
    "status": {OURS: ["status"]},
    "graph": {OURS: ["graph"]},
    "revision --empty": {
        "": ["revision", "--empty", "new"],
        ALEMBIC: ["revision", "-m", "new"],
        MIGRATE: ["revision", "-m", "new"],
    },
}
"""What each of them calls the same thing; the empty name stands for the others. Without
one, who is not named has no such command."""


@dataclass(frozen=True)
class Contender:
    """One of those who are compared.

    :param name: What the tables call it.
    :param python: The interpreter of its environment.
    :param app: The text of ``app.py``.
    """

    name: str
    python: Path
    app: str

    def command(self, title: str) -> list[str]:
        """Return the command line for something.

        :param title: A key of :data:`COMMANDS`.
        """
        known = COMMANDS[title]
        return self.words(known[self.name] if self.name in known else known[""])

    def has(self, title: str) -> bool:
        """Return whether it has a command.

        :param title: A key of :data:`COMMANDS`.
        """
        return bool({"", self.name} & COMMANDS[title].keys())

    def words(self, words: list[str]) -> list[str]:
        """Return the command line for a migration command.

        :param words: Its name and arguments.
        """
        if self.name == ALEMBIC:
            return [str(self.python), "-m", "alembic", *words]
        return [str(self.python), "-m", "flask", "db", *words]

    def run(self, command: list[str], project: Path, **variables: str) -> Cost:
        """Run a command in a project and return what it cost.

        :param command: The whole command line.
        :param project: The folder of the project.
        :param variables: More environment variables.
        """
        return cost_of(command, project, clean_environment(**variables))

    def make(self, project: Path, length: int, tables: bool = False) -> Path:
        """Make a project with a linear history, unless it is there.

        :param project: Where.
        :param length: How many revisions.
        :param tables: Whether each makes a table.
        :return: The folder of the revision files.
        """
        migrations = project / "migrations"
        inside = self.name in (ALEMBIC, MIGRATE)
        versions = migrations / "versions" if inside else migrations
        if project.exists():
            return versions
        project.mkdir(parents=True)
        (project / "app.py").write_text(self.app, encoding="utf-8")
        if self.name == MIGRATE:
            self.run(self.words(["init"]), project)
        if self.name == ALEMBIC:
            (project / "alembic.ini").write_text(projects.ALEMBIC_INI, encoding="utf-8")
            versions.mkdir(parents=True)
            (migrations / "env.py").write_text(projects.ENV, encoding="utf-8")
            template = migrations / "script.py.mako"
            template.write_text(projects.TEMPLATE, encoding="utf-8")
        projects.write_history(versions, length, tables, None if inside else "default")
        return versions


def gather(folder: Path, here: bool) -> dict[str, Contender]:
    """Return the contenders, installing what is missing.

    :param folder: Where the environments are.
    :param here: Use the running interpreter and leave the released extensions out.
    """
    apps = {
        FLOOR: projects.BASE_APP,
        ALEMBIC: projects.BASE_APP,
        MIGRATE: projects.FLASK_MIGRATE_APP,
        RELEASED: projects.FLASK_ALEMBIC_APP,
        OURS: projects.FLASK_ALEMBIC_APP,
        PLUGINS: projects.PLUGINS_APP,
    }
    if here:
        python = Path(sys.executable)
        names = (FLOOR, ALEMBIC, OURS, PLUGINS)
        return {name: Contender(name, python, apps[name]) for name in names}
    plain = install(folder / "alembic", [])
    ours = install(folder / "this", [], copied=folder / "source")
    pythons = {
        FLOOR: plain,
        ALEMBIC: plain,
        MIGRATE: install(folder / "flask-migrate", ["Flask-Migrate"]),
        RELEASED: install(folder / "flask-alembic", ["Flask-Alembic<4"]),
        OURS: ours,
        PLUGINS: ours,
    }
    return {name: Contender(name, pythons[name], apps[name]) for name in apps}


def install(folder: Path, requirements: list[str], copied: Path | None = None) -> Path:
    """Make a virtual environment, and return its interpreter.

    :param folder: Where; one that is there is kept.
    :param requirements: What it needs beyond what all have.
    :param copied: Where to copy this checkout to, to install it too, anew each time.
    """
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    if not python.exists():
        venv.create(folder, with_pip=True, symlinks=True)
        subprocess.run([*pip, *COMMON, *requirements], check=True)
    if copied is not None:
        shutil.rmtree(copied, ignore_errors=True)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(
            ROOT / "flask_alembic", copied / "flask_alembic", ignore=ignored
        )
        for name in SOURCES:
            shutil.copy(ROOT / name, copied)
        subprocess.run(
            [*pip, "--force-reinstall", "--no-deps", str(copied)], check=True
        )
        subprocess.run([*pip, "filelock", "pluggy"], check=True)
    return python
