"""The fixtures and the ready tests, used the way a suite of an app uses them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
import sqlalchemy as sa
from apps import write_revision, write_table_revision

pytest_plugins = "pytester"

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


def make_suite(
    pytester: pytest.Pytester, url: str, conftest: str = CONFTEST, more: str = "pass"
) -> Path:
    """Write an app with two revisions and return the folder of these."""
    folder = pytester.path / "migrations"
    pytester.makepyfile(shop=APP.format(url=url, root=str(pytester.path), more=more))
    pytester.makeconftest(conftest)
    write_revision(
        folder,
        "a1",
        None,
        "op.create_table('author', sa.Column('id', sa.Integer, primary_key=True),"
        " sa.Column('name', sa.String(80), nullable=False))",
        "op.drop_table('author')",
    )
    write_revision(
        folder,
        "b2",
        "a1",
        'op.execute("INSERT INTO author (name) VALUES (\'Ada\')")',
        'op.execute("DELETE FROM author")',
    )
    return folder


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", *arguments)


def is_untouched(url: str) -> bool:
    """Whether nothing was made in the database that the app is configured with."""
    engine = sa.create_engine(url)
    try:
        return sa.inspect(engine).get_table_names() == []
    finally:
        engine.dispose()


READY = "from flask_alembic.testing import TestMigrations  # noqa: F401"


def test_the_ready_tests_pass(pytester: pytest.Pytester, database_url: str) -> None:
    make_suite(pytester, database_url)
    pytester.makepyfile(test_migrations=READY)
    run(pytester).assert_outcomes(passed=8)
    assert is_untouched(database_url)


ISOLATED = """
import pytest
from shop import Author, db


@pytest.mark.parametrize("number", range(3))
def test_each_has_its_own(app, migrated_db, alembic_templates, number):
    with app.app_context():
        assert [a.name for a in db.session.scalars(db.select(Author))] == ["Ada"]
        db.session.add(Author(name="Grace"))
        db.session.commit()
        assert db.session.query(Author).count() == 2
    assert [row["name"] for row in migrated_db.rows("author")] == ["Ada", "Grace"]
    assert migrated_db.current() == {"b2"}
    assert migrated_db.tables() == {"author"}
    assert alembic_templates.migrated == 1


def test_inside_an_app_context(app, request):
    with app.app_context():
        before = db.engine.url
        migrated = request.getfixturevalue("migrated_db")
        assert app.config["SQLALCHEMY_DATABASE_URI"] != str(before)
        assert db.session.query(Author).count() == 1


def test_moving(empty_db, migrate_to):
    assert empty_db.current() == set()
    migrate_to("a1")
    assert empty_db.rows("author") == []
    migrate_to("head")
    assert len(empty_db.rows("author")) == 1
    migrate_to("a1")
    assert empty_db.current() == {"a1"}
    assert migrate_to("a1") == []
    migrate_to("base")
    assert empty_db.tables() == set()


def test_moving_down_from_head(migrated_db, migrate_to):
    migrate_to("-1")
    assert migrated_db.rows("author") == []


def test_a_case(migration_case):
    case = migration_case("b2")
    case.insert("author", {"id": 7, "name": "Grace"})
    case.upgrade()
    assert {row["name"] for row in case.rows("author")} == {"Grace", "Ada"}
    with pytest.raises(Exception, match="is up already"):
        case.upgrade()
    case.downgrade()
    assert case.rows("author") == []
    case = migration_case("a1")
    assert case.tables() == set()
"""


def test_each_test_has_a_database_of_its_own(
    pytester: pytest.Pytester, database_url: str
) -> None:
    make_suite(pytester, database_url)
    pytester.makepyfile(test_shop=ISOLATED)
    run(pytester).assert_outcomes(passed=7)
    assert is_untouched(database_url)
