"""Primary keys of tables that exist: compared, changed, and changed back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import extension_of, run_db, second_connection
from databases import MakeDatabase
from rounds import Rounds, Tables, no_tables

pytestmark = pytest.mark.costly

CHANGES = {
    "a column more": (["a"], ["a", "b"]),
    "a column less": (["a", "b"], ["a"]),
    "another column": (["a"], ["b"]),
    "a new column": (["a"], ["a", "new"]),
    "another order": (["a", "b"], ["b", "a"]),
}


def keyed(*columns: str, name: str | None = None, schema: str | None = None) -> Tables:
    """Define a table with this primary key; a column named ``new`` is there for it."""

    def define(metadata: sa.MetaData) -> None:
        names = ["a", "b", *(["new"] if "new" in columns else [])]
        sa.Table(
            "thing",
            metadata,
            *(
                sa.Column(each, sa.Integer, nullable=each not in columns)
                for each in names
            ),
            sa.Column("words", sa.String(20)),
            sa.PrimaryKeyConstraint(*columns, name=name),
            schema=schema,
        )

    return define


@pytest.mark.parametrize("name", [None, "pk_thing"], ids=["unnamed", "named"])
@pytest.mark.parametrize("change", CHANGES)
def test_there_and_back(
    tmp_path: Path, database_url: str, change: str, name: str | None
) -> None:
    before, after = CHANGES[change]
    rounds = Rounds(tmp_path, database_url)
    rounds.go(keyed(*before, name=name), keyed(*after, name=name))


def test_the_difference_is_reported(tmp_path: Path, database_url: str) -> None:
    rounds = Rounds(tmp_path, database_url)
    rounds.write(keyed("a"))
    rounds.run(keyed("a"), "upgrade")
    result = run_db(rounds.app(keyed("a", "b")), "check")
    assert result.exit_code == 1
    words = "primary key of table thing is (a, b) in the models, (a) in the database"
    assert words in result.output
    rounds.write(keyed("a", "b"))
    assert words in rounds.output


def test_rows_stay(tmp_path: Path, database_url: str) -> None:
    rounds = Rounds(tmp_path, database_url)
    rounds.write(keyed("a"))
    rounds.run(keyed("a"), "upgrade")
    rounds.sql("INSERT INTO thing (a, b, words) VALUES (1, 2, 'x'), (2, 2, 'y')")
    rounds.write(keyed("a", "b"))
    rounds.run(keyed("a", "b"), "upgrade")
    found = "SELECT a, b, words FROM thing ORDER BY a"
    assert rounds.rows(found) == [(1, 2, "x"), (2, 2, "y")]
    rounds.sql("INSERT INTO thing (a, b, words) VALUES (1, 3, 'z')")
    with pytest.raises(sa.exc.IntegrityError):
        rounds.sql("INSERT INTO thing (a, b, words) VALUES (1, 3, 'z')")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_column_that_counts(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    """It is never without a key, which MariaDB would refuse; SQLite counts no other."""

    def counted(*more: str) -> Tables:
        def define(metadata: sa.MetaData) -> None:
            sa.Table(
                "thing",
                metadata,
                sa.Column("id", sa.Integer, autoincrement=True),
                sa.Column("tenant", sa.Integer, nullable=False),
                sa.PrimaryKeyConstraint("id", *more),
            )

        return define

    Rounds(tmp_path, make_database(kind)).go(counted(), counted("tenant"))


def referred(*columns: str, of: str, extra: str | None = None) -> Tables:
    """Define a table with this primary key, and a foreign key to its column ``id``."""

    def define(metadata: sa.MetaData) -> None:
        parts: list[Any] = [sa.PrimaryKeyConstraint(*columns)]
        if extra is not None:
            parts.append(sa.UniqueConstraint(extra, name="uq_thing"))
        names = ("id", "tenant", "parent")
        numbers = [
            sa.Column(each, sa.Integer, nullable=each == "parent") for each in names
        ]
        sa.Table("thing", metadata, *numbers, *parts)
        key = sa.ForeignKeyConstraint(["parent"], ["thing.id"], name="fk_parent")
        if of == "thing":
            metadata.tables["thing"].append_constraint(key)
            return
        own = sa.Column("id", sa.Integer, primary_key=True)
        sa.Table(of, metadata, own, sa.Column("parent", sa.Integer), key)

    return define


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("of", ["thing", "other"])
def test_a_foreign_key_finds_another_key(
    tmp_path: Path, database_url: str, of: str, back: bool
) -> None:
    primary = referred("id", of=of)
    unique = referred("id", "tenant", of=of, extra="id")
    rounds = Rounds(tmp_path, database_url)
    rounds.go(*((unique, primary) if back else (primary, unique)))
    with second_connection(database_url) as connection:
        assert len(sa.inspect(connection).get_foreign_keys(of)) == 1


def test_a_new_table_has_no_keys_to_it(tmp_path: Path, postgresql_url: str) -> None:
    def indexed(metadata: sa.MetaData) -> None:
        sa.Table("thing", metadata, sa.Column("a", sa.Integer, index=True, unique=True))

    Rounds(tmp_path, postgresql_url).go(no_tables, indexed)


@pytest.mark.parametrize("back", [False, True], ids=["starts", "stops"])
def test_a_column_that_starts_to_count(
    tmp_path: Path, make_database: MakeDatabase, back: bool
) -> None:
    def numbered(counts: bool) -> Tables:
        return lambda metadata: sa.Table(
            "thing",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=counts),
        )

    rounds = Rounds(tmp_path, make_database("mariadb"))
    texts = rounds.go(numbered(back), numbered(not back))
    assert "DROP PRIMARY KEY" not in texts[1]
    words = "AUTO_INCREMENT in the models, no AUTO_INCREMENT in the database"
    if not back:
        assert f"column thing.id is {words}" in rounds.output


def test_a_key_in_a_schema(tmp_path: Path, postgresql_url: str) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    before, after = (keyed(*key, schema="shop") for key in (["a"], ["a", "b"]))
    rounds.go(before, after)


def test_what_the_app_leaves_out_is_left_alone(tmp_path: Path, sqlite_url: str) -> None:
    def include(item: Any, name: Any, kind: str, reflected: bool, other: Any) -> bool:
        return kind != "primary_key"

    rounds = Rounds(tmp_path, sqlite_url, ALEMBIC_CONTEXT={"include_object": include})
    rounds.write(keyed("a"))
    rounds.run(keyed("a"), "upgrade")
    assert not [
        each
        for each in differences(rounds, keyed("a", "b"))
        if each[0] == "modify_primary_key"
    ]


def differences(rounds: Rounds, define: Tables) -> list[Any]:
    app = rounds.app(define)
    with app.app_context():
        return list(extension_of(app).compare_metadata())


def test_a_table_that_the_app_leaves_out(tmp_path: Path, sqlite_url: str) -> None:
    def include(item: Any, name: Any, kind: str, reflected: bool, other: Any) -> bool:
        return (kind, name) != ("table", "thing")

    rounds = Rounds(tmp_path, sqlite_url, ALEMBIC_CONTEXT={"include_object": include})
    rounds.sql("CREATE TABLE thing (a INTEGER PRIMARY KEY, CHECK (a > 0))")
    assert not [
        each for each in differences(rounds, keyed("a", "b")) if "thing" in str(each)
    ]
