"""Indexes that SQLAlchemy does not reflect in full: added, changed and dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import second_connection
from databases import MakeDatabase
from rounds import Rounds, Tables

pytestmark = [pytest.mark.costly, pytest.mark.one_database]


def book(*indexes: Any, more: tuple[str, ...] = ()) -> Tables:
    """Define a table with indexes."""

    def define(metadata: sa.MetaData) -> None:
        table = sa.Table(
            "book",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(20)),
            *(sa.Column(each, sa.Integer) for each in more),
        )
        for make in indexes:
            make(table.c)

    return define


def index(*make: Any, name: str = "ix_book", **options: Any) -> Any:
    """Define an index; its parts are made of the columns."""
    return lambda columns: sa.Index(
        name, *(each(columns) if callable(each) else each for each in make), **options
    )


WHERE = sa.text("id > 5")
LOWER = index(lambda c: sa.func.lower(c.name))
PLAIN = index(lambda c: c.name)
TEXT = index(lambda c: c.id, sa.text("upper(name)"))
DESCENDING = index(lambda c: c.id.desc(), lambda c: c.name)
ASCENDING = index(lambda c: c.id, lambda c: c.name)

CASES = {
    "expression": (book(), book(LOWER)),
    "text": (book(), book(TEXT)),
    "expression changed": (book(LOWER), book(TEXT)),
    "plain to expression": (book(PLAIN), book(LOWER)),
    "descending": (book(), book(DESCENDING)),
    "order changed": (book(ASCENDING), book(DESCENDING)),
    "with a new column": (book(LOWER), book(LOWER, more=("pages",))),
    "of a new column": (
        book(),
        book(index(lambda c: sa.func.abs(c.pages)), more=("pages",)),
    ),
}
OF_SQLITE = {
    "condition": (book(PLAIN), book(index(lambda c: c.name, sqlite_where=WHERE))),
    "new condition": (
        book(index(lambda c: c.name, sqlite_where=WHERE)),
        book(index(lambda c: c.name, sqlite_where=sa.text("id > 5 AND name <> ':a%'"))),
    ),
    "condition of a new index": (
        book(),
        book(index(lambda c: c.name, sqlite_where=WHERE, unique=True)),
    ),
}
OF_POSTGRESQL = {
    "nulls": (book(PLAIN), book(index(lambda c: c.name.nulls_first()))),
    "class": (
        book(PLAIN),
        book(
            index(lambda c: c.name, postgresql_ops={"name": "varchar_pattern_ops"}),
        ),
    ),
    "include": (
        book(PLAIN),
        book(index(lambda c: c.name, postgresql_include=["id"])),
    ),
    "condition": (book(PLAIN), book(index(lambda c: c.name, postgresql_where=WHERE))),
}


def indexes(url: str) -> list[str]:
    """Return the indexes as the server writes them."""
    with second_connection(url) as connection:
        if connection.dialect.name == "sqlite":
            query = "SELECT sql FROM sqlite_master WHERE type = 'index'"
            return sorted(map(str, connection.exec_driver_sql(query).scalars()))
        if connection.dialect.name == "postgresql":
            query = "SELECT indexdef FROM pg_indexes WHERE tablename = 'book'"
            return sorted(map(str, connection.exec_driver_sql(query).scalars()))
        sql = str(connection.exec_driver_sql("SHOW CREATE TABLE book").one()[1])
        return sorted(line for line in sql.splitlines() if "KEY" in line)


def go(rounds: Rounds, before: Tables, after: Tables) -> None:
    """Go from one version to the other, and back."""
    rounds.write(before, "before")
    rounds.run(before, "upgrade")
    rounds.run(before, "check")
    built = indexes(rounds.url)
    text = rounds.write(after, "after")
    rounds.run(after, "upgrade")
    rounds.run(after, "check")
    changed = indexes(rounds.url)
    assert changed != built or "pages" in text
    rounds.run(after, "downgrade", "--yes")
    assert indexes(rounds.url) == built, text
    rounds.agrees(before)
    rounds.run(after, "upgrade")
    rounds.run(after, "check")


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_indexes_of_expressions(
    tmp_path: Path, make_database: MakeDatabase, kind: str, case: str, back: bool
) -> None:
    versions = CASES[case][:: -1 if back else 1]
    go(Rounds(tmp_path, make_database(kind)), *versions)


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("case", OF_SQLITE)
def test_conditions_of_sqlite(
    tmp_path: Path, sqlite_url: str, case: str, back: bool
) -> None:
    go(Rounds(tmp_path, sqlite_url), *OF_SQLITE[case][:: -1 if back else 1])


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("case", OF_POSTGRESQL)
@pytest.mark.parametrize("kind", ["postgresql"])
def test_options_of_postgresql(
    tmp_path: Path, make_database: MakeDatabase, kind: str, case: str, back: bool
) -> None:
    versions = OF_POSTGRESQL[case][:: -1 if back else 1]
    go(Rounds(tmp_path, make_database(kind)), *versions)


@pytest.mark.parametrize("kind", ["mariadb"])
def test_descending_indexes_of_mariadb(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    go(Rounds(tmp_path, make_database(kind)), book(), book(DESCENDING))


def test_nobody_is_warned_of_what_is_compared(
    tmp_path: Path, sqlite_url: str, recwarn: pytest.WarningsRecorder
) -> None:
    go(Rounds(tmp_path, sqlite_url), book(LOWER), book(TEXT, more=("pages",)))
    assert [str(each.message) for each in recwarn if "index" in str(each.message)] == []


BY_HAND = "CREATE INDEX by_hand ON book (lower(name))"


def test_an_index_made_by_hand_stays(tmp_path: Path, sqlite_url: str) -> None:
    rounds = Rounds(tmp_path, sqlite_url)
    before, after = book(), book(more=("pages",))
    rounds.write(before, "before")
    rounds.run(before, "upgrade")
    with second_connection(sqlite_url) as connection:
        connection.exec_driver_sql(BY_HAND)
        connection.commit()
    found = rounds.run(before, "check")
    assert "index by_hand on book is not in the models, and no revision" in found
    assert "by_hand" not in rounds.write(after, "after")
    rounds.run(after, "upgrade")
    rounds.run(after, "check")
    rounds.run(after, "downgrade", "--yes")
    assert BY_HAND in indexes(sqlite_url)


def test_an_index_made_by_a_statement_of_a_revision_is_dropped(
    tmp_path: Path, sqlite_url: str
) -> None:
    rounds = Rounds(tmp_path, sqlite_url)
    rounds.write(book(), "before")
    rounds.run(book(), "upgrade")
    rounds.run(book(), "revision", "--empty", "index")
    (path,) = rounds.folder.rglob("*_index.py")
    text = path.read_text("utf-8")
    body = f"def upgrade() -> None:\n    op.execute({BY_HAND!r})\n"
    path.write_text(text.replace("def upgrade() -> None:\n    pass\n", body), "utf-8")
    rounds.run(book(), "upgrade")
    assert BY_HAND in indexes(sqlite_url)
    assert "drop_index" in rounds.write(book(), "after")
    rounds.run(book(), "upgrade")
    assert BY_HAND not in indexes(sqlite_url)
    rounds.run(book(), "downgrade", "--yes")
    assert BY_HAND in indexes(sqlite_url)
