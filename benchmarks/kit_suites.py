"""The same suite of tests, with a migrated database got in different ways."""

from __future__ import annotations

from pathlib import Path

import projects

KIT, UPGRADE, PEER, NOTHING = (
    "migrated_db",
    "upgrade for each test",
    "pytest-alembic",
    "no database",
)

APP = """\
from flask import Flask
from flask_alembic import Alembic
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.pool import NullPool


def create_app(url):
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool}
    app.config["ALEMBIC"] = {"script_location": "migrations/versions"}
    SQLAlchemy(app)
    Alembic(app)
    return app
"""

# What somebody writes who has neither: a database for each test.
FRESH = """\
import os
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

URL = os.environ["BENCH_URL"]


@pytest.fixture
def url(tmp_path):
    given = sa.make_url(URL)
    if given.get_backend_name() == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    name = f"fa_bench_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(given, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield given.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")
"""

CONFTESTS = {
    KIT: """\
import os

import pytest
from app import create_app


@pytest.fixture
def app():
    return create_app(os.environ["BENCH_URL"])


@pytest.fixture
def engine(migrated_db):
    return next(iter(migrated_db.engines.values()))
""",
    UPGRADE: FRESH
    + """
from app import create_app


@pytest.fixture
def engine(url):
    app = create_app(url)
    with app.app_context():
        app.extensions["alembic"].upgrade()
        yield app.extensions["sqlalchemy"].engine
""",
    PEER: FRESH
    + """

@pytest.fixture
def alembic_config():
    return {"script_location": "migrations"}


@pytest.fixture
def alembic_engine(url):
    return sa.create_engine(url, poolclass=NullPool)


@pytest.fixture
def engine(alembic_engine, alembic_runner):
    alembic_runner.migrate_up_to("heads")
    return alembic_engine
""",
    NOTHING: """\
import pytest


@pytest.fixture
def engine():
    import app  # noqa: F401
""",
}

TESTS = """\
import pytest
import sqlalchemy as sa


@pytest.mark.parametrize("number", range({tests}))
def test_it(engine, number):
    if engine is None:
        return
    with engine.begin() as connection:
        rows = "SELECT count(*) FROM bench_1"
        assert connection.scalar(sa.text(rows)) == 0
        connection.execute(sa.text("INSERT INTO bench_1 VALUES (1, 'one')"))
"""

ENV = """\
from alembic import context

with context.config.attributes["connection"].connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def write(folder: Path, name: str, revisions: int, tests: int) -> Path:
    """Write a suite and the project that it tests.

    :param folder: Where.
    :param name: How the tests get a database: a key of :data:`CONFTESTS`.
    :param revisions: How many tables the history makes, one each.
    :param tests: How many tests there are.
    :return: The folder of the suite.
    """
    project = folder / name.replace(" ", "-")
    versions = project / "migrations" / "versions"
    projects.write_history(versions, revisions, True, None)
    texts = {
        "app.py": APP,
        "conftest.py": CONFTESTS[name],
        "test_it.py": TESTS.format(tests=tests),
        "migrations/env.py": ENV,
        "migrations/script.py.mako": projects.TEMPLATE,
    }
    for path, text in texts.items():
        (project / path).write_text(text, encoding="utf-8")
    return project
