"""What a written revision says on the terminal and in JSON about its operations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import run_db
from rounds import Rounds, Tables, no_tables

from flask_alembic.schema.narrower_types import narrows


def book(*columns: sa.Column[Any], name: str = "book") -> Tables:
    """Define a table with these columns."""
    return lambda metadata: sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(column._copy() for column in columns),
    )


TITLE = sa.Column("title", sa.String(80))


def rounds_with(folder: Path, url: str, define: Tables) -> Rounds:
    """Return an app whose tables are in the database."""
    rounds = Rounds(folder, url)
    rounds.write(define)
    rounds.run(define, "upgrade")
    return rounds


def test_each_operation_is_printed(tmp_path: Path, database_url: str) -> None:
    rounds = rounds_with(tmp_path, database_url, no_tables)
    rounds.write(book(TITLE))
    assert "  - table book is missing from the database\n" in rounds.output
    assert "data" not in rounds.output.replace("database", "")


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (
            book(TITLE),
            book(),
            "column book.title (VARCHAR(80)) is missing from the models: it "
            "is dropped with its data",
        ),
        (
            book(),
            no_tables,
            "table book is missing from the models: it is dropped with its data",
        ),
        (
            book(TITLE),
            book(sa.Column("title", sa.String(20))),
            "type of column book.title is VARCHAR(20) in the models, VARCHAR(80) in the "
            "database: values that do not fit are lost or refused",
        ),
    ],
)
def test_what_loses_data_is_marked(
    tmp_path: Path, sqlite_url: str, before: Tables, after: Tables, text: str
) -> None:
    rounds = rounds_with(tmp_path, sqlite_url, before)
    result = run_db(rounds.app(after), "revision", "next", "--format", "json")
    (operation,) = json.loads(result.stdout)["data"]["operations"]["default"]
    assert operation["text"] == text
    assert operation["loses_data"] is True


def test_a_dropped_constraint_is_marked_without_loss(
    tmp_path: Path, sqlite_url: str
) -> None:
    unique = sa.Column("title", sa.String(80), index=True)
    rounds = rounds_with(tmp_path, sqlite_url, book(unique))
    result = run_db(rounds.app(book(TITLE)), "revision", "next", "--format", "json")
    (operation,) = json.loads(result.stdout)["data"]["operations"]["default"]
    assert operation["text"].endswith("is missing from the models: it is dropped")
    assert operation["loses_data"] is False


@pytest.mark.parametrize(
    ("before", "after", "option"),
    [
        (
            book(TITLE),
            book(sa.Column("heading", sa.String(80))),
            "--rename book.title:heading",
        ),
        (book(TITLE), book(TITLE, name="tome"), "--rename book:tome"),
    ],
    ids=["column", "table"],
)
def test_a_possible_rename_gives_a_warning(
    tmp_path: Path, sqlite_url: str, before: Tables, after: Tables, option: str
) -> None:
    rounds = rounds_with(tmp_path, sqlite_url, before)
    result = run_db(rounds.app(after), "revision", "next")
    assert result.exit_code == 0
    assert "warning: possible-rename: " in result.output
    assert option in result.output


def test_other_columns_are_no_rename(tmp_path: Path, sqlite_url: str) -> None:
    rounds = rounds_with(tmp_path, sqlite_url, book(TITLE, sa.Column("day", sa.Date)))
    rounds.write(book(sa.Column("pages", sa.Integer), sa.Column("cover", sa.JSON)))
    assert "rename" not in rounds.output


def test_several_databases_are_named(tmp_path: Path, make_database: Any) -> None:
    urls = {"other": make_database("sqlite")}
    rounds = Rounds(tmp_path, make_database("sqlite"), SQLALCHEMY_BINDS=urls)

    def define(metadata: sa.MetaData) -> None:
        sa.Table("one", metadata, sa.Column("id", sa.Integer, primary_key=True))

    app = rounds.app(define)
    with app.app_context():
        other = app.extensions["sqlalchemy"].metadatas.setdefault(
            "other", sa.MetaData()
        )
        other.info["bind_key"] = "other"
        sa.Table("two", other, sa.Column("id", sa.Integer, primary_key=True))
    app.config["ALEMBIC"] = {"databases": ["default", "other"]}
    result = run_db(app, "init", "-t", "multidb")
    assert result.exit_code == 0, result.output
    result = run_db(app, "revision", "first")
    assert "Database 'default':\n" in result.output
    assert (
        "Database 'other':\n  - table two is missing from the database" in result.output
    )


@pytest.mark.parametrize(
    ("old", "new", "narrow"),
    [
        (sa.String(80), sa.String(80), False),
        (sa.String(80), sa.String(120), False),
        (sa.String(80), sa.Text(), False),
        (sa.Text(), sa.String(80), True),
        (sa.String(), sa.String(5), True),
        (sa.Integer(), sa.BigInteger(), False),
        (sa.BIGINT(), sa.Integer(), True),
        (sa.Integer(), sa.Numeric(10, 2), False),
        (sa.Numeric(10, 2), sa.Numeric(12, 2), False),
        (sa.Numeric(10, 2), sa.Numeric(10, 4), True),
        (sa.Numeric(10, 2), sa.Integer(), True),
        (sa.DateTime(), sa.Date(), True),
        (sa.Date(), sa.DateTime(), False),
        (sa.Enum("a", "b"), sa.Enum("a", "b", "c"), False),
        (sa.Enum("a", "b"), sa.Enum("a"), True),
        (sa.String(5), sa.Integer(), True),
        (sa.Boolean(), sa.Integer(), False),
        (sa.JSON(), sa.Text(), False),
    ],
)
def test_narrowing(old: Any, new: Any, narrow: bool) -> None:
    assert narrows(old, new) is narrow


REQUIRED = sa.Column("words", sa.String(20), nullable=False)


@pytest.mark.parametrize(
    ("before", "after", "warned"),
    [
        (book(), book(REQUIRED), "has no server default: existing rows"),
        (
            book(sa.Column("words", sa.String(20))),
            book(REQUIRED),
            "becomes NOT NULL: existing rows may hold NULL",
        ),
        (book(), book(sa.Column("words", sa.String(20))), None),
        (
            book(),
            book(sa.Column("words", sa.String(20), nullable=False, server_default="x")),
            None,
        ),
        (no_tables, book(REQUIRED), None),
    ],
    ids=["added", "altered", "nullable", "with default", "new table"],
)
def test_values_that_existing_rows_lack_are_warned_of(
    tmp_path: Path, sqlite_url: str, before: Tables, after: Tables, warned: str | None
) -> None:
    rounds = rounds_with(tmp_path, sqlite_url, before)
    rounds.write(after)
    if warned is None:
        assert "NOT NULL" not in rounds.output
    else:
        assert "book.words" in rounds.output
        assert warned in rounds.output
