"""Indexes that foreign keys need, dropped and created in every combination."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import MakeDatabase
from rounds import Rounds, Tables

pytestmark = pytest.mark.costly


def key(target: str = "shelf.id", **options: Any) -> sa.ForeignKey:
    """Return a key with a name."""
    return sa.ForeignKey(target, **{"name": "fk_book_shelf", **options})


def library(make_columns: Any = None, **shelf_code: Any) -> Tables:
    """Define a table of shelves, and one of books with these columns and indexes."""

    def define(metadata: sa.MetaData) -> None:
        sa.Table(
            "shelf",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("code", sa.String(20), **shelf_code),
        )
        if make_columns is not None:
            sa.Table(
                "book",
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("title", sa.String(20)),
                *make_columns(),
            )

    return define


def column(*arguments: Any, name: str = "shelf_id", **options: Any) -> Any:
    """Return a column of numbers."""
    return sa.Column(name, sa.Integer, *arguments, **options)


KEY_INDEXED = library(lambda: [column(key(), index=True)])
KEY = library(lambda: [column(key())])
INDEX = library(lambda: [column(index=True)])
PLAIN = library(lambda: [column()])
UNNAMED = library(lambda: [column(key(name=None), index=True)])
UNNAMED_KEY = library(lambda: [column(key(name=None))])
WIDE = library(
    lambda: [column(key(), index=True), sa.Index("ix_wide", "shelf_id", "title")]
)
ONLY_WIDE = library(lambda: [column(key()), sa.Index("ix_wide", "shelf_id", "title")])
UNIQUE = library(lambda: [column(key()), sa.UniqueConstraint("shelf_id", name="uq")])
TWO = library(
    lambda: [column(key(), index=True), column(key(name="fk_2"), name="other_id")]
)
BY_CODE_UNIQUE = library(
    lambda: [sa.Column("code", sa.String(20), key("shelf.code"))],
    unique=True,
    index=True,
)
OTHER_ACTION = library(lambda: [column(key(ondelete="CASCADE"), index=True)])

PAIRS = {
    "index": (KEY_INDEXED, KEY),
    "key": (KEY_INDEXED, INDEX),
    "key and index": (KEY_INDEXED, PLAIN),
    "key without index": (KEY, PLAIN),
    "column": (KEY_INDEXED, library(list)),
    "column of a key": (KEY, library(list)),
    "table": (KEY_INDEXED, library()),
    "unnamed, index": (UNNAMED, UNNAMED_KEY),
    "unnamed, table": (UNNAMED, library()),
    "one of two indexes": (WIDE, ONLY_WIDE),
    "narrow for wide": (KEY_INDEXED, ONLY_WIDE),
    "wide": (ONLY_WIDE, KEY),
    "unique": (UNIQUE, KEY),
    "unique for index": (UNIQUE, KEY_INDEXED),
    "one of two keys": (TWO, KEY_INDEXED),
    "action of the key": (KEY_INDEXED, OTHER_ACTION),
    "index that is referred to": (BY_CODE_UNIQUE, library(list)),
}


@pytest.mark.sample(5)
@pytest.mark.parametrize("case", PAIRS)
def test_keys_and_indexes(tmp_path: Path, mariadb_url: str, case: str) -> None:
    before, after = PAIRS[case]
    Rounds(tmp_path, mariadb_url).go(before, after, before)


def test_an_index_of_the_table_that_a_key_refers_to(
    tmp_path: Path, mariadb_url: str
) -> None:
    def define(**code: Any) -> Tables:
        return library(
            lambda: [sa.Column("code", sa.String(20), key("shelf.code"))], **code
        )

    Rounds(tmp_path, mariadb_url).go(
        define(unique=True, index=True), define(index=True)
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_other_databases_are_left_alone(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    first, second = Rounds(tmp_path, make_database(kind)).go(KEY_INDEXED, KEY)
    assert first.count("drop_index") == 1
    assert "create_foreign_key" not in second
