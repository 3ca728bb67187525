"""The fixtures for apps, used the way a suite of an app uses them."""

from __future__ import annotations

import pytest
from apps import write_revision
from suites import CONFTEST, READY, Suite, is_untouched

pytestmark = pytest.mark.costly

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


def test_each_test_has_a_database_of_its_own(database_url: str, suite: Suite) -> None:
    suite.write_app(database_url)
    suite.write(test_shop=ISOLATED)
    suite.run().assert_outcomes(passed=7)
    assert is_untouched(database_url)


def test_a_protected_app_is_moved_by_force(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url, more="app.config['ALEMBIC'] = {'protected': True}")
    suite.write(
        test_shop="""
        def test_moving(empty_db, migrate_to):
            migrate_to("b2", force=True)
            migrate_to("base", force=True)
            assert empty_db.tables() == set()
        """
    )
    suite.run().assert_outcomes(passed=1)


def test_a_migration_that_fails_is_run_once(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    (suite.path / "ran").write_text("")
    ran = str(suite.path / "ran")
    up = f"with open({ran!r}, 'a') as ran: ran.write('x')\nraise ValueError('no')"
    write_revision(suite.revisions, "c3", "b2", up)
    suite.write(
        test_it="import pytest\n@pytest.mark.parametrize('n', range(3))\n"
        "def test(migrated_db, n): pass"
    )
    suite.run().assert_outcomes(errors=3)  # the first tries, the others tell
    assert (suite.path / "ran").read_text() == "x"


AUTOMATIC = """

@pytest.fixture(autouse=True)
def always({name}):
    from shop import db

    with {name}.app.app_context():
        yield
        db.session.rollback()
"""


@pytest.mark.parametrize("name", ["migrated_db", "empty_db"])
def test_ready_tests_beside_a_fixture_that_every_test_uses(
    database_url: str, suite: Suite, name: str
) -> None:
    suite.write_app(database_url, CONFTEST + AUTOMATIC.format(name=name))
    body = f"""
{READY}

def test_moving(empty_db, migrate_to):
    assert empty_db.tables() == set()
    migrate_to("a1")
    assert empty_db.tables() == {{"author"}}
    assert empty_db.rows("author") == []

def test_migrated(app, migrated_db):
    from shop import Author, db

    assert len(migrated_db.rows("author")) == 1
    with app.app_context():
        assert db.session.scalars(db.select(Author.name)).all() == ["Ada"]
"""
    suite.write(test_shop=body)
    suite.run().assert_outcomes(passed=10)
    assert is_untouched(database_url)


def test_a_table_that_is_not_there_is_told(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    body = """
import pytest
from flask_alembic.errors import UsageError

def test_rows(migrated_db):
    with pytest.raises(UsageError, match="'book' at this .*; there is .*author") as caught:
        migrated_db.rows("book")
    assert caught.value.__cause__ is None
"""
    suite.write(test_shop=body)
    suite.run().assert_outcomes(passed=1)
