"""``flask db prove``: revisions run up, down and up on scratch databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from databases import MakeDatabase
from flask import Flask
from plugging import Implementing, Wrapper

from flask_alembic.backends.statements import split_statements
from flask_alembic.commands.prove.known_fixes import known_fix
from flask_alembic.commands.prove.operation import operation_at
from flask_alembic.errors import DatabaseError, UsageError
from flask_alembic.hooks import RevisionProof
from flask_alembic.results import ProofResult

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

ADD_NUMBER = "op.add_column('t_a1', sa.Column('n', sa.Integer, nullable=False))"


def app_of(folder: Path, url: str | None = None, **options: Any) -> Flask:
    return make_app(folder, url, models=no_models, **options)


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Flask:
    """An app whose history makes a table."""
    app = app_of(tmp_path, database_url)
    write_table_revision(migrations_of(app), "a1")
    return app


def prove(app: Flask, *names: Any, **options: Any) -> ProofResult:
    with app.app_context():
        return extension_of(app).prove(*names, **options)


def only(result: ProofResult) -> RevisionProof:
    (proof,) = result.revisions
    return proof


def url_of(app: Flask) -> str:
    return str(app.config["SQLALCHEMY_DATABASE_URI"])


def test_a_history_that_holds(app: Flask) -> None:
    write_table_revision(migrations_of(app), "b2", "a1")
    result = run_db(app, "prove")
    assert result.exit_code == 0, result.output
    assert "a1 (a1): up, down, up, no difference" in result.output
    assert "Proved 2 revisions on" in result.output
    assert tables(url_of(app)) == set()


def test_pending_ones_are_the_default(app: Flask) -> None:
    assert run_db(app, "upgrade").exit_code == 0
    assert "no revision is pending" in run_db(app, "prove").output
    write_table_revision(migrations_of(app), "b2", "a1")
    assert [each.revision for each in prove(app).revisions] == ["b2"]
    assert [each.revision for each in prove(app, all=True).revisions] == ["a1", "b2"]
    assert [each.revision for each in prove(app, ":").revisions] == ["a1", "b2"]
    assert version_rows(url_of(app)) == {"a1"}


def test_a_range_has_both_ends(app: Flask) -> None:
    folder = migrations_of(app)
    for down, revision in (("a1", "b2"), ("b2", "c3"), ("c3", "d4")):
        write_table_revision(folder, revision, down)
    proved = prove(app, "b2:c3").revisions
    assert [each.revision for each in proved] == ["b2", "c3"]
    assert [each.revision for each in prove(app, ["d4", "a1"]).revisions] == [
        "a1",
        "d4",
    ]


def test_one_that_cannot_be_applied(app: Flask) -> None:
    folder = migrations_of(app)
    write_revision(folder, "b2", "a1", "op.drop_table('nowhere')")
    write_table_revision(folder, "c3", "b2")
    result = prove(app)
    first, second = result.revisions
    assert first.ok
    assert second.failed == "up"
    assert "nowhere" in second.reason
    assert second.operation == "op.drop_table('nowhere')"
    assert second.line == 13
    assert "DROP TABLE nowhere" in second.statement
    assert "Create tables before what refers to them" in second.advice
    assert result.not_reached == {"default": ("c3",)}
    shown = run_db(app, "prove")
    assert shown.exit_code == 1
    assert "b2 (b2) cannot be applied on" in shown.output
    assert "Not reached: c3" in shown.output
    assert tables(url_of(app)) == set()


def test_one_that_cannot_be_reverted(app: Flask) -> None:
    folder = migrations_of(app)
    write_revision(
        folder,
        "b2",
        "a1",
        "op.create_table('two', sa.Column('id', sa.Integer))",
        "raise NotImplementedError",
    )
    write_table_revision(folder, "c3", "b2")
    _, second, third = prove(app).revisions
    assert (second.failed, second.steps) == ("down", ("up",))
    assert second.operation == "raise NotImplementedError"
    assert "irreversible = True" in second.advice
    assert third.ok


def test_an_irreversible_one_is_only_applied(app: Flask) -> None:
    path = write_revision(
        migrations_of(app),
        "b2",
        "a1",
        "op.create_table('two', sa.Column('id', sa.Integer))",
    )
    path.write_text(path.read_text("utf-8") + "\nirreversible = True\n", "utf-8")
    proof = only(prove(app, "b2"))
    assert proof.ok
    assert proof.irreversible
    assert proof.steps == ("up",)
    assert "b2 (b2): up, irreversible" in run_db(app, "prove", "b2").output


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "difference"),
    [
        (
            "op.create_table('two', sa.Column('id', sa.Integer))",
            "pass",
            "table two is missing from the schema before it",
        ),
        (
            "op.create_index('ix_id', 't_a1', ['id'])",
            "op.drop_index('ix_id', 't_a1');"
            " op.create_index('ix_other', 't_a1', ['id'])",
            "index t_a1.ix_other (t_a1.id) is missing from the schema before it",
        ),
    ],
)
def test_one_that_leaves_a_difference(
    app: Flask, upgrade: str, downgrade: str, difference: str
) -> None:
    write_revision(migrations_of(app), "b2", "a1", upgrade, downgrade)
    proof = only(prove(app, "b2"))
    assert (proof.failed, proof.steps) == ("schema", ("up", "down"))
    assert proof.differences == (difference,)


def test_one_that_makes_something_else_the_second_time(app: Flask) -> None:
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        [
            "import itertools",
            "counter = globals().setdefault('counter', itertools.count())",
            "op.create_table(f'two_{next(counter)}', sa.Column('id', sa.Integer))",
        ],
        "op.drop_table('two_0')",
    )
    proof = only(prove(app, "b2"))
    assert (proof.failed, proof.steps) == ("again", ("up", "down"))
    assert proof.differences == (
        "table two_0 is missing from the second one",
        "table two_1 is missing from the first upgrade",
    )


def test_models_have_nothing_left_to_compare(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    create = (
        "op.create_table('author', sa.Column('id', sa.Integer, primary_key=True),"
        " sa.Column('name', sa.String(80), nullable=False))"
    )
    write_revision(migrations_of(app), "a1", None, create, "op.drop_table('author')")
    proof = only(prove(app))
    assert proof.failed == "models"
    assert [text for text in proof.differences if "table book " in text]
    # Not the last one: what is missing may come with the next.
    write_revision(migrations_of(app), "b2", "a1")
    assert only(prove(app, "a1")).ok


# Names -----------------------------------------------------------------------------

MADE = {"sqlite": "fk_two", "postgresql": "two_number_fkey", "mariadb": "two_ibfk_1"}
"""By kind of database: what a foreign key without a name is called when it is dropped."""


@pytest.fixture
def keyed(tmp_path: Path, make_database: MakeDatabase) -> Callable[..., RevisionProof]:
    """A function that proves a revision which drops a foreign key.

    :param kind: The kind of database.
    :param name: What the key is called before, if it has a name.
    :param back: What it is called after the downgrade.
    :param options: What else it has after the downgrade.
    """

    def prove_key(
        kind: str, name: str | None, back: str | None, options: str = ""
    ) -> RevisionProof:
        app = app_of(tmp_path, make_database(kind))
        write_table_revision(migrations_of(app), "a1")
        key = f"sa.ForeignKeyConstraint(['number'], ['t_a1.id'], name={name!r})"
        write_revision(
            migrations_of(app),
            "b2",
            "a1",
            f"op.create_table('two', sa.Column('number', sa.Integer), {key})",
            "op.drop_table('two')",
        )
        convention = {"fk": "fk_%(table_name)s"}
        write_revision(
            migrations_of(app),
            "c3",
            "b2",
            [
                f"with op.batch_alter_table('two', naming_convention={convention}) as b:",
                f"    b.drop_constraint({name or MADE[kind]!r}, type_='foreignkey')",
            ],
            [
                "with op.batch_alter_table('two') as b:",
                f"    b.create_foreign_key({back!r}, 't_a1', ['number'], ['id']"
                f"{options})",
            ],
        )
        return only(prove(app, "c3"))

    return prove_key


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_constraint_without_a_name_may_get_one(
    keyed: Callable[..., RevisionProof], kind: str
) -> None:
    """It can be dropped only by a name, so what creates it again may write that."""
    proof = keyed(kind, None, MADE[kind])
    assert proof.ok, proof
    assert proof.steps == ("up", "down", "up")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_constraint_without_a_name_must_be_the_same(
    keyed: Callable[..., RevisionProof], kind: str
) -> None:
    proof = keyed(kind, None, MADE[kind], ", ondelete='CASCADE'")
    assert proof.failed == "schema"
    assert "ON DELETE CASCADE" in "".join(proof.differences)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_name_that_was_given_must_be_the_same(
    keyed: Callable[..., RevisionProof], kind: str
) -> None:
    proof = keyed(kind, "own", "other")
    assert proof.failed == "schema"
    missing = "foreign key two.{} (number -> t_a1.id) is missing from the schema {}"
    assert missing.format("own", "after its downgrade") in proof.differences
    assert missing.format("other", "before it") in proof.differences


@pytest.mark.parametrize("name", [None, "own"])
def test_a_table_that_comes_back_with_a_name_for_its_key(
    app: Flask, name: str | None
) -> None:
    create = (
        "op.create_table('two', sa.Column('number', sa.Integer),"
        " sa.ForeignKeyConstraint(['number'], ['t_a1.id'], name={!r}))"
    )
    folder = migrations_of(app)
    write_revision(folder, "b2", "a1", create.format(name), "op.drop_table('two')")
    write_revision(folder, "c3", "b2", "op.drop_table('two')", create.format("other"))
    proof = only(prove(app, "c3"))
    assert proof.failed == ("schema" if name else "")


# Rows ----------------------------------------------------------------------------


@pytest.fixture
def unique(app: Flask) -> Flask:
    """An app whose second revision makes a column of the first one unique."""
    folder = migrations_of(app)
    write_revision(
        folder,
        "b2",
        "a1",
        "op.add_column('t_a1', sa.Column('word', sa.String(20)))",
        "op.drop_column('t_a1', 'word')",
    )
    write_revision(
        folder,
        "c3",
        "b2",
        "op.create_index('ux', 't_a1', ['word'], unique=True)",
        "op.drop_index('ux', 't_a1')",
    )
    return app


def test_a_seed_file(unique: Flask, tmp_path: Path) -> None:
    seed = tmp_path / "rows.sql"
    rows = "".join(
        f"insert into t_a1 (id, word) values ({n}, 'a;%');\n" for n in (1, 2)
    )
    seed.write_text(f"-- two; rows\n{rows}", "utf-8")
    assert prove(unique, "c3").ok
    result = run_db(unique, "prove", "c3", "--seed-file", str(seed))
    assert result.exit_code == 1, result.output
    assert "Existing rows have duplicate values" in result.output


def test_a_seed_file_that_cannot_be_executed(unique: Flask, tmp_path: Path) -> None:
    seed = tmp_path / "rows.sql"
    result = run_db(unique, "prove", "c3", "--seed-file", str(seed))
    assert (result.exit_code, "cannot be read" in result.output) == (2, True)
    seed.write_text("insert into nowhere (id) values (1)", "utf-8")
    result = run_db(unique, "prove", "c3", "--seed-file", str(seed))
    assert result.exit_code == 2
    assert f"A statement of {seed} fails" in result.output


def test_data_before_a_revision(unique: Flask) -> None:
    seen: list[str] = []

    def two(connection: sa.Connection) -> None:
        seen.append(str(connection.engine.url.database))
        for number in (1, 2):
            connection.exec_driver_sql(
                f"insert into t_a1 (id, word) values ({number}, 'a')"
            )

    proofs = prove(unique, data_before={"c3": two}).revisions
    assert [each.failed for each in proofs] == ["", "", "up"]
    assert seen
    assert sa.make_url(url_of(unique)).database not in seen
    with pytest.raises(UsageError, match="does not exist"):
        prove(unique, data_before={"zz": two})


def test_rows_stay_where_the_proof_begins_anew(unique: Flask) -> None:
    """After a failure the database is built again, with its rows."""
    folder = migrations_of(unique)
    write_revision(
        folder, "c3", "b2", "op.create_table('left', sa.Column('id', sa.Integer))"
    )
    write_revision(
        folder,
        "d4",
        "c3",
        "assert op.get_bind().scalar(sa.text('select count(*) from t_a1')) == 1",
    )
    seed = Path(unique.root_path, "rows.sql")
    seed.write_text("insert into t_a1 (id) values (1)", "utf-8")
    proofs = prove(unique, "b2:", seed_file=seed).revisions
    assert [(each.revision, each.failed) for each in proofs] == [
        ("b2", ""),
        ("c3", "schema"),
        ("d4", ""),
    ]


def test_secrets_are_masked(app: Flask) -> None:
    """Neither the statement nor the source of the operation shows a password."""
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        "op.execute(\"ALTER NOWHERE ada IDENTIFIED BY 'hidden1'\")",
    )
    for words in (("prove",), ("prove", "--format", "json")):
        result = run_db(app, *words)
        assert result.exit_code == 1
        assert "ALTER NOWHERE ada IDENTIFIED BY" in result.output
        assert "hidden1" not in result.stdout
        assert "hidden1" not in result.output


# Plugins -------------------------------------------------------------------------


def test_a_plugin_puts_rows_in_and_changes_the_result(
    tmp_path: Path, database_url: str
) -> None:
    seen: list[tuple[str, int]] = []

    def prove_revision(step: Any, connection: sa.Connection) -> Wrapper:
        if step.revision == "b2":
            connection.exec_driver_sql("insert into t_a1 (id) values (7)")
        proof = yield
        has = sa.inspect(connection).has_table("t_a1")
        query = "select count(*) from t_a1"
        count = connection.exec_driver_sql(query).scalar_one() if has else -1
        connection.rollback()
        seen.append((step.revision, count))
        return proof

    plugin = Implementing({"prove_revision": prove_revision})
    app = app_of(tmp_path, database_url, extension={"plugins": [plugin]})
    write_table_revision(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b2", "a1", "op.execute('delete from t_a1')")
    assert prove(app).ok
    assert seen == [("a1", 0), ("b2", 0)]


def test_a_plugin_that_loses_the_proof(tmp_path: Path, database_url: str) -> None:
    def prove_revision(step: Any) -> Wrapper:
        yield
        return "fine"

    plugin = Implementing({"prove_revision": prove_revision})
    app = app_of(tmp_path, database_url, extension={"plugins": [plugin]})
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "prove")
    assert result.exit_code == 3
    assert "A wrapper must end with: return (yield)." in result.output


# Branches and several databases ---------------------------------------------------


def test_branches_and_merges(app: Flask) -> None:
    folder = migrations_of(app)
    write_table_revision(folder, "b2", "a1")
    write_table_revision(folder, "c3", "a1")
    write_revision(folder, "d4", ["b2", "c3"])
    write_table_revision(folder, "e5", None, labels="other", depends="b2")
    result = prove(app)
    assert result.ok, result
    assert {each.revision for each in result.revisions} == {
        "a1",
        "b2",
        "c3",
        "d4",
        "e5",
    }
    assert only(prove(app, "e5")).ok
    assert only(prove(app, "c3")).ok


def test_each_database_is_proved(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    app = app_of(
        tmp_path,
        make_database(kind),
        SQLALCHEMY_BINDS={"other": make_database("sqlite")},
        ALEMBIC={"databases": "*"},
    )
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            "if context.get_context().dialect.name == 'sqlite':",
            "    op.create_table('one', sa.Column('id', sa.Integer))",
        ],
        "pass",
    )
    proofs = prove(app, all=True).revisions
    expected = {"default": "schema" if kind == "sqlite" else "", "other": "schema"}
    assert {each.database: each.failed for each in proofs} == expected
    assert "[other]" in run_db(app, "prove").output


# Where it runs ---------------------------------------------------------------------


def test_the_session_of_the_app_is_refused(app: Flask) -> None:
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        [
            "from flask import current_app",
            "db = current_app.extensions['sqlalchemy']",
            "db.session.execute(sa.text('select 1'))",
        ],
    )
    proof = only(prove(app, "b2"))
    assert proof.failed == "up"
    assert "which is connected to the live database" in proof.reason


def test_a_history_that_cannot_be_built(app: Flask) -> None:
    folder = migrations_of(app)
    write_revision(folder, "b2", "a1", "op.drop_table('nowhere')")
    write_table_revision(folder, "c3", "b2")
    with pytest.raises(DatabaseError, match=r"b2 \(b2\) fails on a scratch database"):
        prove(app, "c3")
    assert run_db(app, "prove", "c3").exit_code == 3


def test_no_server(tmp_path: Path, kind: str) -> None:
    urls = {
        "sqlite": "sqlite:////nowhere/at/all.db",
        "postgresql": "postgresql+psycopg://ada:hidden@127.0.0.1:1/shop",
        "mariadb": "mysql+pymysql://ada:hidden@127.0.0.1:1/shop",
    }
    app = app_of(tmp_path, urls[kind])
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "prove")
    assert result.exit_code == 3
    assert "hidden" not in result.output


def test_the_report(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", "op.drop_table('nowhere')")
    result = run_db(app, "prove", "--format", "json")
    document = json.loads(result.stdout)
    assert (document["ok"], document["exit_code"]) == (False, 1)
    first, second = document["data"]["revisions"]
    assert first["steps"] == ["up", "down", "up"]
    assert first["failed"] is None
    assert second["failed"] == "up"
    assert second["server"]


def test_all_and_a_range_exclude_each_other(app: Flask) -> None:
    result = run_db(app, "prove", "a1", "--all")
    assert result.exit_code == 2
    assert "exclude each other" in result.output


# Parts -----------------------------------------------------------------------------


def test_statements_of_a_script() -> None:
    script = """-- first; one
    insert into a values ('x;''y', "b;c"); /* ; */
    create function f() as $$ begin; end; $$;
    select 'it\\';

    ; -- the end
    """
    assert split_statements(script) == [
        """-- first; one
    insert into a values ('x;''y', "b;c")""",
        "/* ; */\n    create function f() as $$ begin; end; $$",
        "select 'it\\'",
    ]
    assert split_statements(r"select 'it\'; two'; three", escapes=True) == [
        r"select 'it\'; two'",
        "three",
    ]


def test_the_operation_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "def upgrade():\n    op.create_table(\n        'x',\n        1,\n    )\n"
        "    if True:\n        op.f()\n"
        "    with op.batch_alter_table('y') as batch:\n        batch.drop()\n",
        "utf-8",
    )
    assert operation_at(path, 3) == "op.create_table( 'x', 1, )"
    assert operation_at(path, 7) == "op.f()"
    assert operation_at(path, 9) == "batch.drop()"
    assert operation_at(path, 8).startswith("with op.batch_alter_table")
    assert operation_at(path, 99) == ""
    assert operation_at(None, 1) == ""
    assert operation_at(tmp_path / "none.py", 1) == ""


def test_known_fixes() -> None:
    assert "using" in known_fix(Exception("cannot be cast automatically"), "upgrade")
    assert "Import it" in known_fix(NameError("name 'x' is not defined"), "upgrade")
    assert known_fix(Exception("something else"), "upgrade") == ""
    assert "irreversible" in known_fix(Exception("something else"), "downgrade")
