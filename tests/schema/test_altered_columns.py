"""What a change of one thing leaves as it was, and names that need quotes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import MakeDatabase
from rounds import Rounds, Tables, no_tables
from sqlalchemy.dialects import mysql

pytestmark = pytest.mark.costly


def things(*, changed: bool) -> Tables:
    """Define a table whose columns have all that MODIFY has to repeat."""

    def define(metadata: sa.MetaData) -> None:
        sa.Table(
            "thing",
            metadata,
            sa.Column(
                "id",
                sa.BigInteger if changed else sa.Integer,
                primary_key=True,
                comment="key" if changed else None,
            ),
            sa.Column(
                "name",
                sa.String(20, collation="utf8mb4_bin"),
                server_default="x",
                comment="the name",
                nullable=changed,
            ),
            sa.Column(
                "seen",
                sa.TIMESTAMP,
                server_default=sa.text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
                nullable=False,
                comment="when" if changed else None,
            ),
            sa.Column(
                "number",
                mysql.INTEGER(unsigned=True),
                server_default="5",
                nullable=changed,
            ),
            sa.Column(
                "letter",
                sa.Enum("p", "q", *(["r"] if changed else [])),
                server_default="p",
                nullable=False,
            ),
        )

    return define


def test_the_rest_of_a_column_stays(tmp_path: Path, mariadb_url: str) -> None:
    def shown() -> str:
        text: str = rounds.rows("SHOW CREATE TABLE thing")[0][1]
        return re.sub(r"AUTO_INCREMENT=\d+ ?", "", text)

    rounds = Rounds(tmp_path, mariadb_url)
    first, second = things(changed=False), things(changed=True)
    rounds.write(first)
    rounds.run(first, "upgrade")
    before = shown()
    rounds.write(second)
    rounds.run(second, "upgrade")
    rounds.run(second, "check")
    after = shown()
    for words in (
        "`id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'key'",
        "COLLATE utf8mb4_bin DEFAULT 'x' COMMENT 'the name'",
        "ON UPDATE current_timestamp() COMMENT 'when'",
        "`number` int(10) unsigned DEFAULT 5",
        "enum('p','q','r')",
    ):
        assert words in after
    rounds.run(second, "downgrade", "--yes")
    assert shown() == before


def shelves(kind: str, *, changed: bool) -> Tables:
    """Define foreign keys with options."""
    keys: dict[str, dict[str, Any]] = {
        "a": {"ondelete": "SET NULL" if changed else "CASCADE", "onupdate": "RESTRICT"},
        "b": {"ondelete": "SET NULL"},
        "c": {"ondelete": "RESTRICT"},
        "d": {"ondelete": "NO ACTION"},
    }
    if kind != "mariadb":
        initially = "IMMEDIATE" if changed else "DEFERRED"
        keys["e"] = {"deferrable": True, "initially": initially}

    def define(metadata: sa.MetaData) -> None:
        sa.Table("shelf", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table(
            "book",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *(
                sa.Column(
                    name,
                    sa.Integer,
                    sa.ForeignKey("shelf.id", name=f"fk_{name}", **options),
                )
                for name, options in keys.items()
            ),
        )

    return define


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_options_of_foreign_keys(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    rounds = Rounds(tmp_path, make_database(kind))
    _, text = rounds.go(shelves(kind, changed=False), shelves(kind, changed=True))
    for name in ("fk_b", "fk_c", "fk_d"):
        assert name not in text


def odd(*, changed: bool) -> Tables:
    """Define tables and columns whose names need quotes."""

    def define(metadata: sa.MetaData) -> None:
        number = sa.BigInteger if changed else sa.Integer
        sa.Table(
            "order",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("Select", sa.String(10), index=True, unique=True),
            sa.Column("group", number, server_default="1", nullable=False),
        )
        sa.Table(
            "MixedCase",
            metadata,
            sa.Column("ID", sa.Integer, primary_key=True),
            sa.Column("order", sa.ForeignKey("order.id", name="fk_Mixed"), index=True),
            sa.Column("price %", number),
            sa.Column("a.b", sa.String(50 if changed else 5)),
            sa.Column("größe", sa.Integer, server_default=sa.text("3")),
        )
        name = sa.Column("日本", sa.String(10), index=True)
        sa.Table(
            "имя",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *([name] if changed else []),
        )

    return define


@pytest.mark.one_database
def test_names_that_need_quotes(tmp_path: Path, database_url: str) -> None:
    Rounds(tmp_path, database_url).go(odd(changed=False), odd(changed=True))


@pytest.mark.one_database
def test_defaults_that_something_else_sets(tmp_path: Path, database_url: str) -> None:
    def fetched(metadata: sa.MetaData) -> None:
        sa.Table(
            "dom",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("at", sa.DateTime, server_default=sa.FetchedValue()),
            sa.Column("up", sa.DateTime, server_onupdate=sa.FetchedValue()),
        )

    def more(metadata: sa.MetaData) -> None:
        fetched(metadata)
        column = sa.Column("more", sa.String(5), server_default=sa.FetchedValue())
        metadata.tables["dom"].append_column(column)

    Rounds(tmp_path, database_url).go(no_tables, fetched, more)
