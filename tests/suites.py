"""Suites of an app, as its authors would write them, and pytest run on them.

Each run is a process of its own, forked where everything is imported already: a new
interpreter spends five seconds on imports before it comes to a test.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import write_revision
from processes import start, wait

import flask_alembic.commands
import flask_alembic.runtime
import flask_alembic.testing

APP = """
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Author(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False)


def create_app(url={url!r}):
    app = Flask("shop", root_path={root!r})
    app.config.update(SQLALCHEMY_DATABASE_URI=url, ALEMBIC_PLUGINS=())
    {more}
    db.init_app(app)
    Alembic(app, run_mkdir=False)
    return app
"""

CONFTEST = """
import pytest
from shop import create_app


@pytest.fixture
def app():
    app = create_app()
    yield app
    with app.app_context():
        from shop import db
        for engine in db.engines.values():
            engine.dispose()
"""

READY = "from flask_alembic.testing import TestMigrations  # noqa: F401"

EVERYTHING = (
    "alembic.autogenerate.api",
    "alembic.command",
    "alembic.ddl",
    "flask_sqlalchemy",
    "psycopg",
    "pymysql",
    "sqlalchemy.dialects.mysql.pymysql",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.ext.asyncio",
)


def preload() -> None:
    """Import what the runs need, so that each gets it with the fork."""
    for name in EVERYTHING:
        importlib.import_module(name)
    for package in (flask_alembic.testing, flask_alembic.runtime):
        prefix = f"{package.__name__}."
        for module in pkgutil.walk_packages(package.__path__, prefix):
            importlib.import_module(module.name)


class Suite:
    """A folder with an app and tests, in which pytest can be run.

    :param path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.revisions = path / "migrations"
        self._runs = 0

    def write(self, **modules: str) -> None:
        """Write modules: the source of each by its name.

        :param modules: ``test_shop="..."``.
        """
        for name, text in modules.items():
            source = textwrap.dedent(text)
            (self.path / f"{name}.py").write_text(source, "utf-8")

    def write_app(self, url: str, conftest: str = CONFTEST, more: str = "pass") -> None:
        """Write an app with two revisions.

        :param url: Its database.
        :param conftest: Tells the fixtures of the suite about it.
        :param more: What else ``create_app`` does before it initializes extensions.
        """
        app = APP.format(url=url, root=str(self.path), more=more)
        self.write(shop=app, conftest=conftest)
        write_revision(
            self.revisions,
            "a1",
            None,
            "op.create_table('author', sa.Column('id', sa.Integer, primary_key=True),"
            " sa.Column('name', sa.String(80), nullable=False))",
            "op.drop_table('author')",
        )
        write_revision(
            self.revisions,
            "b2",
            "a1",
            "op.execute(\"INSERT INTO author (name) VALUES ('Ada')\")",
            'op.execute("DELETE FROM author")',
        )

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest.

        :param arguments: What follows ``pytest`` on the command line.
        """
        preload()
        self._runs += 1
        log = self.path / f"run{self._runs}.log"
        base = self.path / f"run{self._runs}"

        def work() -> int:
            os.chdir(self.path)
            return pytest.main(
                [
                    f"--basetemp={base}",
                    f"--rootdir={self.path}",
                    *QUIET,
                    *STRICT,
                    *arguments,
                ]
            )

        code = wait(start(work, log))
        lines = log.read_text("utf-8").splitlines()
        print("\n".join(lines))
        return pytest.RunResult(code, lines, [], 0)


LEAKS = ("ResourceWarning", "pytest.PytestUnraisableExceptionWarning")
STRICT = tuple(f"-Werror::{name}" for name in LEAKS)
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """An empty folder for a suite of tests."""
    folder = tmp_path / "suite"
    folder.mkdir()
    return Suite(folder)


def is_untouched(url: str) -> bool:
    """Whether nothing was made in the database that the app is configured with."""
    engine = sa.create_engine(url)
    try:
        return sa.inspect(engine).get_table_names() == []
    finally:
        engine.dispose()
