"""Constraints that a revision leaves unnamed get the names that the models give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    make_app,
    migrations_of,
    run_db,
    second_connection,
    url_of,
    write_revision,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

NAMES = {
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}

CREATE = """op.create_table(
    "tag",
    sa.Column("id", sa.Integer, nullable=False),
    sa.Column("word", sa.String(20)),
    sa.Column("kind", sa.Enum("a", "b", name="kind", create_constraint=True)),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("word"),
)"""

NAMED = {"pk_tag", "uq_tag_word", "ck_tag_kind"}


def tags(db: SQLAlchemy) -> None:
    db.metadata.naming_convention = NAMES

    class Tag(db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "tag"
        id = sa.Column(sa.Integer, primary_key=True)
        word = sa.Column(sa.String(20), unique=True)
        kind: Any = sa.Column(sa.Enum("a", "b", name="kind", create_constraint=True))


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path, models=tags)
    write_revision(migrations_of(app), "a1", None, CREATE, 'op.drop_table("tag")')
    return app


def constraints(app: Flask) -> set[str | None]:
    with second_connection(url_of(app)) as connection:
        found = sa.inspect(connection)
        return {
            found.get_pk_constraint("tag")["name"],
            *(one["name"] for one in found.get_unique_constraints("tag")),
            *(one["name"] for one in found.get_check_constraints("tag")),
        }


def test_a_run_names_what_a_revision_leaves_unnamed(app: Flask) -> None:
    assert run_db(app, "upgrade").exit_code == 0
    assert constraints(app) == NAMED
    assert run_db(app, "drift").exit_code == 0


def test_sql_names_it_the_same(app: Flask) -> None:
    written = run_db(app, "upgrade", "--sql").output
    assert all(f"CONSTRAINT {name} " in written for name in NAMED)


def test_operations_of_the_app_name_it_the_same(app: Flask) -> None:
    with app.app_context():
        op = app.extensions["alembic"].op
        op.create_table(
            "tag",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("word", sa.String(20), unique=True),
            sa.Column("kind", sa.Enum("a", "b", name="kind", create_constraint=True)),
        )
    assert constraints(app) == NAMED


def test_one_metadata_is_given_as_itself_and_several_as_a_list(tmp_path: Path) -> None:
    one, other = sa.MetaData(), sa.MetaData()
    for number, (given, wanted) in enumerate(
        (([one], one), ([one, other], [one, other]), ([], None))
    ):
        app = make_app(tmp_path / str(number), extension={"metadatas": given})
        with app.app_context():
            context = app.extensions["alembic"].migration_context
            assert context.opts["target_metadata"] == wanted
