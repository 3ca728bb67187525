"""The ready tests: what passes, and what each of them finds."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest
from apps import write_revision, write_table_revision
from suites import READY, Suite, is_untouched

pytestmark = pytest.mark.costly


def test_the_ready_tests_pass(database_url: str, suite: Suite) -> None:
    suite.write_app(database_url)
    suite.write(test_migrations=READY)
    suite.run().assert_outcomes(passed=8)
    assert is_untouched(database_url)


# What the ready tests find


def outcome_of(suite: Suite, test: str, body: str = READY) -> pytest.RunResult:
    """Run one of the ready tests, which has to fail, and return what it says."""
    suite.write(test_migrations=body)
    result = suite.run("-k", test)
    result.assert_outcomes(failed=1, deselected=7)
    return result


def test_two_heads_are_found(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    write_table_revision(suite.revisions, "c3", "a1")
    result = outcome_of(suite, "test_single_head")
    result.stdout.fnmatch_lines(["There are several heads: *", "*flask db merge"])


def test_independent_branches_pass(database_url: str, suite: Suite) -> None:
    suite.write_app(database_url)
    write_table_revision(suite.revisions, "n1", labels="news")
    write_table_revision(suite.revisions, "n2", "n1")
    write_table_revision(suite.revisions, "m1", "b2", depends="n1")
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
    suite.write(test_migrations=body)
    suite.run().assert_outcomes(passed=9)


def test_a_downgrade_that_fails_is_found(database_url: str, suite: Suite) -> None:
    suite.write_app(database_url)
    write_revision(
        suite.revisions, "c3", "b2", "pass", "op.drop_table('no_such_table')"
    )
    result = outcome_of(suite, "test_each_revision")
    result.stdout.fnmatch_lines(
        ["Revision c3 (3 of 3): the downgrade fails: *", "*no_such_table*"]
    )


@pytest.mark.parametrize("test", ["test_each_revision", "test_downgrade_to_base"])
def test_what_is_left_behind_is_found(
    database_url: str, suite: Suite, test: str
) -> None:
    suite.write_app(database_url)
    write_revision(
        suite.revisions, "c3", "b2", "op.execute('CREATE VIEW v AS SELECT 1 AS one')"
    )
    result = outcome_of(suite, test)
    result.stdout.fnmatch_lines(["*default: view v is left behind"])


def test_an_upgrade_that_runs_only_once_is_found(
    database_url: str, suite: Suite
) -> None:
    suite.write_app(database_url)
    up = "op.create_index('ix', 'author', ['name'])"
    write_revision(suite.revisions, "c3", "b2", up)
    result = outcome_of(suite, "test_each_revision")
    result.stdout.fnmatch_lines(["*after its downgrade the schema is not what*"])


def test_models_that_differ_are_found(database_url: str, suite: Suite) -> None:
    suite.write_app(database_url)
    up = "op.add_column('author', sa.Column('born', sa.Integer))"
    write_revision(suite.revisions, "c3", "b2", up, "op.drop_column('author', 'born')")
    result = outcome_of(suite, "test_models_match")
    result.stdout.fnmatch_lines(
        ["Database 'default':", "*born*", "*drop_column(*'born')*"]
    )


def test_ids_that_do_not_fit_are_found(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    long = "c" * 33
    write_table_revision(suite.revisions, long, "b2")
    result = outcome_of(suite, "test_ids_fit")
    result.stdout.fnmatch_lines([f"*{long}* has 33 characters; * holds 32."])


def test_a_revision_that_needs_a_database_is_found(
    sqlite_url: str, suite: Suite
) -> None:
    suite.write_app(sqlite_url)
    up = "op.get_bind().execute(sa.text('SELECT 1')).one()"
    write_revision(suite.revisions, "c3", "b2", up)
    result = outcome_of(suite, "test_offline_sql")
    result.stdout.fnmatch_lines(
        [
            "flask db upgrade --sql fails: *c3*: one of a result is read: *",
            "File: *c3_.py, line 13",
        ]
    )


def test_copies_of_tables_skip_the_test_of_sql(sqlite_url: str, suite: Suite) -> None:
    """There is no text for them, and the reason names each."""
    suite.write_app(sqlite_url)
    up = "\n".join(
        [
            "with op.batch_alter_table('author') as batch:",
            "    batch.add_column(sa.Column('age', sa.Integer))",
            "    batch.alter_column('age', nullable=False, existing_type=sa.Integer)",
        ]
    )
    write_revision(suite.revisions, "c3", "b2", up)
    suite.write(test_migrations=READY)
    result = suite.run("-k", "test_offline_sql", "-rs")
    result.assert_outcomes(skipped=1, deselected=7)
    assert "c3 (c3) alters 'author'" in " ".join(result.stdout.str().split())


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
    sqlite_url: str, suite: Suite, line: str, found: str
) -> None:
    suite.write_app(sqlite_url)
    path = write_table_revision(suite.revisions, "c3", "b2")
    path.write_text(
        path.read_text().replace("import sqlalchemy", f"{line}\nimport sqlalchemy", 1)
    )
    result = outcome_of(suite, "test_no_models_imported")
    result.stdout.fnmatch_lines([f"*c3_.py:3: {found}"])


@pytest.mark.parametrize(
    ("line", "use", "found"),
    [
        (
            "import store",
            "store.models.Author",
            "store.models.Author, which is a model",
        ),
        ("import store as s", "s.db.session", "s.db, whose session*"),
        ("from store import parts", "parts.table", "parts.table, which is a model"),
    ],
)
def test_models_that_are_reached_through_a_package_are_found(
    sqlite_url: str, suite: Suite, line: str, use: str, found: str
) -> None:
    suite.write_app(sqlite_url)
    package = suite.path / "store"
    package.mkdir()
    (package / "__init__.py").write_text("from shop import db\n")
    (package / "models.py").write_text("from shop import Author\n")
    table = 'table = sa.Table("parts", sa.MetaData())\n'
    (package / "parts.py").write_text(f"import sqlalchemy as sa\n{table}")
    conftest = (suite.path / "conftest.py").read_text()
    suite.write(conftest=f"import store.models, store.parts\n{conftest}")
    path = write_revision(suite.revisions, "c3", "b2", f"print({use})")
    path.write_text(f"{line}\n{path.read_text()}")
    result = outcome_of(suite, "test_no_models_imported")
    result.stdout.fnmatch_lines([f"*c3_.py:*: {found}"])


def test_a_failing_test_says_what_is_wrong_and_no_more(
    sqlite_url: str, suite: Suite
) -> None:
    suite.write_app(sqlite_url)
    up = "op.add_column('nobody', sa.Column('born', sa.Integer))"
    write_revision(suite.revisions, "c3", "b2", up)
    suite.write(test_migrations=READY)
    result = suite.run()
    result.assert_outcomes(passed=3, failed=1, errors=4)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of *",
            "Upgrade of c3 * failed in database 'default': *no such table: nobody.",
            "File: *c3_.py, line 13",
            "*ERROR at setup of *",
            "Upgrade of c3 *The first test that needed the migrations says more.",
        ]
    )
    result.stdout.no_fnmatch_line("*site-packages*")
    result.stdout.no_fnmatch_line("*flask db upgrade again*")
    assert len(result.outlines) < 60


def test_files_that_are_no_history_are_told_in_one_line(
    sqlite_url: str, suite: Suite
) -> None:
    suite.write_app(sqlite_url)
    write_table_revision(suite.revisions, "c3", "d4")
    write_table_revision(suite.revisions, "d4", "c3")
    suite.write(test_migrations=READY)
    result = suite.run()
    result.assert_outcomes(failed=4, errors=4)
    told = "The revision files form a cycle: c3 follows d4, d4 follows c3. Fix *"
    result.stdout.fnmatch_lines([told] * 4)
    assert len(result.outlines) < 40


@pytest.mark.parametrize(
    ("up", "found"),
    [
        ("op.create_index('ix', 'author', ['name'])", "index ix of author is left *"),
        ("op.add_column('author', sa.Column('x', sa.Integer))", "column author.x *"),
        ("op.create_table('x', sa.Column('y', sa.Integer))", "table x is left behind"),
        (
            "op.execute('ALTER TABLE author DROP COLUMN name')",
            "column author.name is *",
        ),
    ],
)
def test_what_differs_is_told_and_not_what_is_the_same(
    sqlite_url: str,
    suite: Suite,
    monkeypatch: pytest.MonkeyPatch,
    up: str,
    found: str,
) -> None:
    monkeypatch.delenv("CI", raising=False)  # pytest's summary would say it once more
    suite.write_app(sqlite_url)
    write_revision(suite.revisions, "c3", "b2", up)
    result = outcome_of(suite, "test_each_revision")
    text = "\n".join(result.outlines)
    (told,) = [line for line in result.outlines if line.startswith("  default: ")]
    assert fnmatch(told, f"  default: {found}")
    assert "before" not in text.partition("what it was before:")[2]


def test_a_column_that_came_back_different_is_shown_both_ways(
    sqlite_url: str, suite: Suite
) -> None:
    suite.write_app(sqlite_url)
    alter = "with op.batch_alter_table('author') as t: t.alter_column('name', {})"
    up, down = "type_=sa.String(90)", "type_=sa.String(70)"
    write_revision(suite.revisions, "c3", "b2", alter.format(up), alter.format(down))
    result = outcome_of(suite, "test_each_revision")
    result.stdout.fnmatch_lines(
        [
            "  default: column author.name is not as it was:",
            "  default:     before VARCHAR(length=80) NOT NULL",
            "  default:     now    VARCHAR(length=70) NOT NULL",
        ]
    )


def test_a_test_that_moves_a_database_shows_its_own_lines(
    sqlite_url: str, suite: Suite
) -> None:
    suite.write_app(sqlite_url)
    write_revision(suite.revisions, "c3", "b2", "1 / 0")
    body = """
        import pytest
        from flask_alembic import errors

        def test_case(migration_case):
            migration_case("c3").upgrade()

        def test_move(migrate_to):
            migrate_to("c3")

        def test_the_cause_is_there(migrate_to):
            with pytest.raises(errors.MigrationFailed) as caught:
                migrate_to("c3")
            assert isinstance(caught.value.__cause__, ZeroDivisionError)
    """
    suite.write(test_own=body)
    result = suite.run()
    result.assert_outcomes(passed=1, failed=2)
    case = ['>       migration_case("c3").upgrade()']
    result.stdout.fnmatch_lines(["*1 / 0", *case, "*MigrationFailed: Upgrade of c3*"])
    result.stdout.no_fnmatch_line("*flask_alembic/commands*")
    assert len(result.outlines) < 80


def test_a_type_of_the_app_may_be_imported(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    path = write_table_revision(suite.revisions, "c3", "b2")
    path.write_text(f"from shop import create_app\n{path.read_text()}")
    suite.write(test_migrations=READY)
    suite.run("-k", "imported").assert_outcomes(passed=1, deselected=7)


def test_irreversible_revisions_can_be_named(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    write_revision(suite.revisions, "c3", "b2", "pass", "raise NotImplementedError")
    body = """
from flask_alembic.testing import MigrationTests

class TestMigrations(MigrationTests):
    irreversible = {"c3"}
"""
    suite.write(test_migrations=body)
    suite.run().assert_outcomes(passed=7, skipped=1)


def test_irreversible_revisions_say_so(sqlite_url: str, suite: Suite) -> None:
    suite.write_app(sqlite_url)
    path = write_revision(
        suite.revisions, "c3", "b2", "pass", "raise NotImplementedError"
    )
    path.write_text(f"{path.read_text()}\nirreversible = True\n")
    suite.write(test_migrations=READY)
    suite.run().assert_outcomes(passed=7, skipped=1)
