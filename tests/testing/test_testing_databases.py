"""Apps of every shape get databases of their own: several, in memory, async, made."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest
from apps import write_revision, write_table_revision
from databases import MakeDatabase
from suites import Suite, is_untouched

pytestmark = pytest.mark.costly

SEVERAL = """
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic
from flask_alembic.testing import MigrationTests
from flask_sqlalchemy import SQLAlchemy

class TestMigrations(MigrationTests):
    test_models_match = None

@pytest.fixture
def app():
    app = Flask("shop", root_path={root!r})
    app.config.update(
        SQLALCHEMY_DATABASE_URI={main!r},
        SQLALCHEMY_BINDS={{"news": {{"url": {news!r}}}}},
        ALEMBIC={{"databases": "*"}},
        ALEMBIC_PLUGINS=(),
    )
    SQLAlchemy(app)
    Alembic(app, run_mkdir=False)
    yield app
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()

@pytest.mark.parametrize("number", range(2))
def test_both(app, migrated_db, number):
    assert migrated_db.names == ("default", "news")
    for name in migrated_db.names:
        assert migrated_db.tables(name) == {{"t_a1", "t_b2"}}
        assert migrated_db.rows("t_a1", name) == []
    migrated_db.insert("t_a1", {{"id": 1}}, database="news")
    assert migrated_db.rows("t_a1") == []
    assert migrated_db.execute("SELECT id FROM t_a1", "news") == [(1,)]
    with migrated_db.connect("news") as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM t_a1")) == 1
    assert app.config["SQLALCHEMY_BINDS"]["news"]["url"] != {news!r}

def test_a_case(migration_case):
    case = migration_case("b2")
    case.upgrade()
    assert [case.tables(name) for name in case.names] == [{{"t_a1", "t_b2"}}] * 2
"""


@pytest.mark.parametrize("second", ["sqlite", "postgresql", "mariadb"])
def test_several_databases(
    make_database: MakeDatabase, second: str, suite: Suite
) -> None:
    main, news = make_database("sqlite"), make_database(second)
    write_table_revision(suite.revisions, "a1")
    write_table_revision(suite.revisions, "b2", "a1")
    suite.write(test_it=SEVERAL.format(root=str(suite.path), main=main, news=news))
    suite.run().assert_outcomes(passed=10)
    assert is_untouched(main)
    assert is_untouched(news)


TWO = """
import pytest

@pytest.mark.parametrize("number", range(2))
def test(app, migrated_db, alembic_templates, number):
    assert [row["name"] for row in migrated_db.rows("author")] == ["Ada"]
    migrated_db.insert("author", {"name": "Grace"})
    assert alembic_templates.migrated == 1

from flask_alembic.testing import TestMigrations  # noqa: F401
"""


def test_a_database_in_memory(suite: Suite) -> None:
    suite.write_app("sqlite://")
    suite.write(test_it=TWO)
    suite.run().assert_outcomes(passed=10)


def test_a_write_ahead_log(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    write_revision(
        suite.revisions,
        "c3",
        "b2",
        "with op.get_context().autocommit_block():\n"
        "    op.execute('PRAGMA journal_mode = WAL')",
    )
    suite.write(test_it=TWO)
    suite.run("-k", "number or second or match").assert_outcomes(passed=2, deselected=8)


DRIVERS = {
    "sqlite": ("sqlite", "sqlite+aiosqlite"),
    "postgresql": ("postgresql+psycopg", "postgresql+asyncpg"),
    "mariadb": ("mysql+pymysql", "mysql+asyncmy"),
}

ASYNC = """
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic
from flask_alembic.testing import MigrationTests
from sqlalchemy.ext.asyncio import create_async_engine

class TestMigrations(MigrationTests):
    test_models_match = None

@pytest.fixture
def app():
    app = Flask("shop", root_path={root!r})
    app.config.update(ALEMBIC_PLUGINS=())
    engine = create_async_engine({url!r})
    Alembic(app, run_mkdir=False, engines=engine, metadatas=sa.MetaData())
    return app

@pytest.mark.parametrize("number", range(2))
def test(app, migrated_db, alembic_templates, number):
    assert [row["name"] for row in migrated_db.rows("author")] == ["Ada"]
    migrated_db.insert("author", {{"name": "Grace"}})
    assert alembic_templates.migrated == 1
"""


def test_async_engines(kind: str, make_database: MakeDatabase, suite: Suite) -> None:
    url = make_database(kind)
    if kind == "postgresql" and "host=%2F" in url:
        url = url.replace("%2F", "/")
    suite.write_app(url)
    suite.write(
        test_it=ASYNC.format(root=str(suite.path), url=url.replace(*DRIVERS[kind]))
    )
    suite.run().assert_outcomes(passed=9)


FACTORY = """
import pytest
from shop import create_app

@pytest.fixture(scope="session")
def alembic_app_factory():
    return create_app

@pytest.fixture(scope="session")
def alembic_database_url():
    return {url!r}
"""


def test_an_app_that_is_made_for_each_database(database_url: str, suite: Suite) -> None:
    suite.write_app("sqlite:///never", FACTORY.format(url=database_url))
    body = TWO.replace("def test(app, ", "def test(").replace(
        "    migrated_db.insert", "    app = migrated_db.app\n    migrated_db.insert"
    )
    suite.write(test_it=body + CASE)
    suite.run().assert_outcomes(passed=11)
    assert is_untouched(database_url)


CASE = """
def test_a_case(migration_case):
    case = migration_case("b2")
    assert case.rows("author") == []
    case.upgrade()
    assert len(case.rows("author")) == 1
"""


def test_an_engine_that_decides_itself(sqlite_url: str, suite: Suite) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    more = (
        "import sqlite3; app.config['SQLALCHEMY_ENGINE_OPTIONS'] = "
        f"{{'creator': lambda: sqlite3.connect({str(path)!r})}}"
    )
    suite.write_app(sqlite_url, more=more)
    suite.write(test_it="def test(migrated_db): pass")
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*decides itself where it connects to*"])


OBJECTS = """
op.execute("CREATE VIEW names AS SELECT name FROM author")
op.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, author_id INTEGER,"
           " FOREIGN KEY (author_id) REFERENCES author (id))")
op.execute("INSERT INTO child VALUES (1, 1)")
"""


def test_views_and_foreign_keys_are_copied(database_url: str, suite: Suite) -> None:
    suite.write_app(database_url)
    write_revision(suite.revisions, "c3", "b2", OBJECTS.strip())
    suite.write(
        test_it="""
        import sqlalchemy as sa

        def test(migrated_db, alembic_templates):
            with migrated_db.connect() as connection:
                inspector = sa.inspect(connection)
                assert inspector.get_view_names() == ["names"]
                keys = inspector.get_foreign_keys("child")
                assert [key["referred_table"] for key in keys] == ["author"]
                rows = connection.execute(sa.text("SELECT name FROM names")).all()
            assert rows == [("Ada",)]
            assert alembic_templates.migrated == 1
        """
    )
    suite.run().assert_outcomes(passed=1)


def test_what_cannot_be_copied_is_migrated(mariadb_url: str, suite: Suite) -> None:
    suite.write_app(mariadb_url)
    write_revision(suite.revisions, "c3", "b2", 'op.execute("CREATE SEQUENCE numbers")')
    suite.write(
        test_it="""
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test(migrated_db, alembic_templates, number):
            assert migrated_db.execute("SELECT nextval(numbers)") == [(1,)]
            assert alembic_templates.migrated == 2 + number
        """
    )
    suite.run().assert_outcomes(passed=2)


WORKERS = """
import os
import pytest
from pathlib import Path

@pytest.mark.parametrize("number", range(6))
def test(app, migrated_db, alembic_templates, number):
    assert [row["name"] for row in migrated_db.rows("author")] == ["Ada"]
    migrated_db.insert("author", {{"name": "Grace"}})
    assert alembic_templates.migrated == 1
    worker = os.environ["PYTEST_XDIST_WORKER"]
    Path({seen!r}, worker).write_text(str(migrated_db.url))
"""


def test_workers_of_xdist_do_not_meet(database_url: str, suite: Suite) -> None:
    pytest.importorskip("xdist")
    suite.write_app(database_url)
    seen = suite.path / "seen"
    seen.mkdir()
    suite.write(test_it=WORKERS.format(seen=str(seen)))
    suite.run("-n2", "--dist=each").assert_outcomes(passed=12)
    assert {path.name for path in seen.iterdir()} == {"gw0", "gw1"}
    assert len({path.read_text() for path in seen.iterdir()}) == 2
    assert is_untouched(database_url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "postgresql+psycopg://nobody@127.0.0.1:1/shop",
            "No test database can be made on 127.0.0.1: *",
        ),
        ("nonsense", "A database URL * cannot be understood.*"),
    ],
)
def test_a_server_that_is_not_there_is_told_in_each_test(
    suite: Suite, url: str, told: str
) -> None:
    suite.write_app("sqlite://")
    conftest = f"""
import pytest
from shop import create_app

@pytest.fixture(scope="session")
def alembic_app_factory():
    return create_app

@pytest.fixture(scope="session")
def alembic_database_url():
    return {url!r}
"""
    body = """
import pytest

@pytest.mark.parametrize("number", range(2))
def test(migrated_db, number): pass

def test_a_case(migration_case):
    migration_case("a1")
"""
    suite.write(conftest=conftest, test_shop=body)
    result = suite.run("--tb=line")
    result.assert_outcomes(errors=2, failed=1)
    result.stdout.no_fnmatch_line("*KeyError*")
    errors = [line for line in result.outlines if fnmatch(line, told)]
    assert len(errors) >= 2
