"""SERIAL and identity columns, and sequences of the models: changed, and changed back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import run_db
from databases import MakeDatabase
from rounds import Rounds, Tables

pytestmark = pytest.mark.costly


def book(*number: Any, type_: Any = sa.Integer, **options: Any) -> Tables:
    """Define a table whose key is filled by something."""

    def define(metadata: sa.MetaData) -> None:
        numbers = [each() for each in number]
        sa.Table(
            "book",
            metadata,
            sa.Column("id", type_, *numbers, primary_key=True, **options),
            sa.Column("title", sa.String(20)),
        )

    return define


def served(metadata: sa.MetaData) -> None:
    """Let the server fill the key from a sequence of the models."""
    number = sa.Sequence("numbers").next_value()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, server_default=number),
        sa.Column("title", sa.String(20)),
    )


PLAIN = book(autoincrement=False)
SERIAL = book()
IDENTITY = book(lambda: sa.Identity())
OPTIONS = book(
    lambda: sa.Identity(start=100, increment=5, maxvalue=10**6, cycle=True, cache=3)
)
CASES = {
    "serial to identity": (SERIAL, IDENTITY),
    "serial to plain": (SERIAL, PLAIN),
    "plain to identity": (PLAIN, IDENTITY),
    "always": (IDENTITY, book(lambda: sa.Identity(always=True))),
    "options": (IDENTITY, OPTIONS),
    "descending": (PLAIN, book(lambda: sa.Identity(increment=-1))),
    "wider serial": (SERIAL, book(type_=sa.BigInteger)),
    "wider identity": (IDENTITY, book(lambda: sa.Identity(), type_=sa.BigInteger)),
    "serial to a default": (SERIAL, served),
}
CATALOG = """
SELECT column_default, is_identity, identity_generation, identity_start,
  identity_increment, identity_minimum, identity_maximum, identity_cycle, data_type,
  (SELECT string_agg(concat_ws(' ', sequencename, data_type, cache_size), ',' ORDER BY 1)
   FROM pg_sequences)
FROM information_schema.columns WHERE table_name = 'book' AND column_name = 'id'
"""


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("case", CASES)
def test_what_fills_a_column(
    tmp_path: Path, postgresql_url: str, case: str, back: bool
) -> None:
    before, after = CASES[case][:: -1 if back else 1]
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(before)
    rounds.run(before, "upgrade")
    rounds.run(before, "check")
    built = rounds.rows(CATALOG)
    rounds.sql("INSERT INTO book (id, title) OVERRIDING SYSTEM VALUE VALUES (7, 'x')")
    rounds.write(after)
    rounds.run(after, "upgrade")
    rounds.run(after, "check")
    assert rounds.rows(CATALOG) != built
    rounds.run(after, "downgrade", "--yes")
    assert rounds.rows(CATALOG) == built
    rounds.run(after, "upgrade")


@pytest.mark.parametrize("case", ["serial to identity", "always", "options"])
def test_without_a_scratch_database(
    tmp_path: Path, postgresql_url: str, case: str
) -> None:
    settings = {"skip_unchanged_tables": False}
    Rounds(tmp_path, postgresql_url, ALEMBIC=settings).go(*CASES[case])


@pytest.mark.parametrize("after", [IDENTITY, book(lambda: sa.Identity(always=True))])
def test_numbers_continue(tmp_path: Path, postgresql_url: str, after: Tables) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(PLAIN)
    rounds.run(PLAIN, "upgrade")
    rounds.sql("INSERT INTO book (id) VALUES (7), (8)")
    rounds.write(after)
    assert "column book.id is GENERATED" in rounds.output
    assert "in the models, no sequence in the database" in rounds.output
    rounds.run(after, "upgrade")
    rounds.sql("INSERT INTO book (title) VALUES ('next')")
    assert rounds.rows("SELECT id FROM book WHERE title = 'next'") == [(9,)]


def test_a_column_that_may_be_null(tmp_path: Path, postgresql_url: str) -> None:
    def numbered(*identity: Any) -> Tables:
        def define(metadata: sa.MetaData) -> None:
            number = sa.Column(
                "Number",
                sa.Integer,
                *[each() for each in identity],
                nullable=not identity,
            )
            key = sa.Column("id", sa.Integer, primary_key=True)
            sa.Table("Book List", metadata, key, number, schema="my shop")

        return define

    rounds = Rounds(tmp_path, postgresql_url, ALEMBIC_CONTEXT={"include_schemas": True})
    rounds.sql('CREATE SCHEMA "my shop"')
    rounds.go(numbered(), numbered(sa.Identity), numbered())


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
@pytest.mark.parametrize(
    "options", [{}, {"start": 10, "increment": 2}], ids=["plain", "options"]
)
def test_a_sequence_of_the_models(
    tmp_path: Path, make_database: MakeDatabase, kind: str, options: dict[str, int]
) -> None:
    rounds = Rounds(tmp_path, make_database(kind))
    first, after = PLAIN, book(lambda: sa.Sequence("numbers", **options))
    (_, text) = rounds.go(first, after)
    assert "CREATE SEQUENCE numbers" in text
    rounds.sql("INSERT INTO book (id) VALUES (50)")
    rounds.run(after, "downgrade", "--yes")
    rounds.run(after, "upgrade")
    rounds.sql(
        "INSERT INTO book (id) VALUES (nextval({}))".format(
            "'numbers'" if kind == "postgresql" else "numbers"
        )
    )
    ((number,),) = rounds.rows("SELECT max(id) FROM book")
    assert number == (52 if options and kind == "postgresql" else 51)


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_sequence_and_its_table(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    rounds = Rounds(tmp_path, make_database(kind))
    after = book(lambda: sa.Sequence("numbers"))
    rounds.go(lambda metadata: None, after)
    app = rounds.app(after)
    with app.app_context():
        session = app.extensions["sqlalchemy"].session
        table = app.extensions["sqlalchemy"].metadata.tables["book"]
        session.execute(table.insert(), [{"title": "a"}, {"title": "b"}])
        session.commit()
    assert rounds.rows("SELECT id FROM book ORDER BY id") == [(1,), (2,)]


def test_sequences_of_tables_that_the_app_leaves_out(
    tmp_path: Path, postgresql_url: str
) -> None:
    def include(item: Any, name: Any, kind: str, reflected: bool, other: Any) -> bool:
        return (kind, name) != ("table", "book")

    rounds = Rounds(
        tmp_path, postgresql_url, ALEMBIC_CONTEXT={"include_object": include}
    )
    after = book(lambda: sa.Sequence("numbers"))
    assert "numbers" not in rounds.write(after)
    rounds.run(after, "upgrade")
    rounds.run(after, "check")


def test_a_column_that_the_app_leaves_out(tmp_path: Path, postgresql_url: str) -> None:
    def include(item: Any, name: Any, kind: str, reflected: bool, other: Any) -> bool:
        return (kind, name) != ("column", "id")

    rounds = Rounds(
        tmp_path, postgresql_url, ALEMBIC_CONTEXT={"include_object": include}
    )
    plain = Rounds(tmp_path, postgresql_url)
    plain.write(SERIAL)
    plain.run(SERIAL, "upgrade")
    rounds.run(IDENTITY, "check")


def test_the_sequence_of_a_serial_column_by_its_name(
    tmp_path: Path, postgresql_url: str
) -> None:
    """Older models name it; dropping it would take the numbers away."""
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(SERIAL)
    rounds.run(SERIAL, "upgrade")
    named = book(lambda: sa.Sequence("book_id_seq"))
    rounds.run(named, "check")
    assert "No changes" in run_db(rounds.app(named), "revision", "none").output
