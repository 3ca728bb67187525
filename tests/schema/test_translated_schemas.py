"""Engines whose ``schema_translate_map`` puts the tables of the models elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import make_app, migrations_of, run_db, second_connection
from databases import MakeDatabase
from flask import Flask

pytestmark = pytest.mark.costly


def library(db: Any, *more: Any) -> None:
    """Define two tables, one of which refers to the other."""
    db.Table(
        "author",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50), unique=True),
    )
    db.Table(
        "book",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("author_id", sa.ForeignKey("author.id"), index=True),
        *more,
    )


def larger_library(db: Any) -> None:
    library(db, sa.Column("pages", sa.Integer))


@pytest.fixture(params=["postgresql", "mariadb"])
def other(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Any:
    """A database, and a schema that is not its default."""
    url = make_database(request.param)
    if request.param == "mariadb":
        return url, str(sa.make_url(make_database("mariadb")).database)
    execute(url, "CREATE SCHEMA elsewhere")
    return url, "elsewhere"


def execute(url: str, *statements: str) -> None:
    with second_connection(url) as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
        connection.commit()


def shop(
    tmp_path: Path,
    url: str,
    schema: str,
    models: Callable[[Any], None] = library,
    key: str | None = None,
) -> Flask:
    return make_app(
        tmp_path,
        url,
        models=models,
        SQLALCHEMY_ENGINE_OPTIONS={
            "poolclass": sa.NullPool,
            "execution_options": {"schema_translate_map": {key: schema}},
        },
    )


def test_models_are_compared_with_the_tables_that_are_theirs(
    tmp_path: Path, other: Any
) -> None:
    url, schema = other
    app = shop(tmp_path, url, schema)
    # One of the same name where the models' tables are not.
    execute(url, "CREATE TABLE book (id INTEGER)")
    assert run_db(app, "revision", "first").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    check = run_db(app, "check")
    assert check.exit_code == 0, check.output
    again = run_db(app, "revision", "again")
    assert "No changes" in again.output
    changed = shop(tmp_path, url, schema, larger_library)
    result = run_db(changed, "revision", "pages")
    assert result.exit_code == 0, result.output
    assert "column book.pages" in result.output
    (file,) = migrations_of(changed).glob("*pages*.py")
    text = file.read_text()
    assert "op.add_column('book'" in text
    assert schema not in text
    assert "author" not in text.partition("def upgrade")[2]


@pytest.mark.parametrize("other", ["postgresql"], indirect=True)
def test_drift_reads_the_schema_that_the_engine_names(
    tmp_path: Path, other: Any
) -> None:
    url, schema = other
    app = shop(tmp_path, url, schema)
    assert run_db(app, "revision", "first").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    same = run_db(app, "drift")
    assert same.exit_code == 0, same.output
    execute(
        url,
        f"CREATE VIEW {schema}.books AS SELECT id FROM {schema}.book",
        f"DROP INDEX {schema}.ix_book_author_id",
    )
    result = run_db(app, "drift")
    assert result.exit_code == 1
    assert "view books" in result.output
    assert "ix_book_author_id" in result.output
    with second_connection(url) as connection:
        tables = sa.inspect(connection).get_table_names(schema)
    assert set(tables) == {"alembic_version", "author", "book"}


@pytest.mark.parametrize(
    ("other", "key"),
    [("mariadb", None), ("postgresql", "shop")],
    indirect=["other"],
)
def test_drift_does_not_guess_where_a_session_cannot_choose(
    tmp_path: Path, other: Any, key: str | None
) -> None:
    url, schema = other
    app = shop(tmp_path, url, schema, key=key)
    assert run_db(app, "revision", "first").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    result = run_db(app, "drift")
    assert result.exit_code == 3
    assert f"schema_translate_map of the engine names {schema}." in result.stderr
