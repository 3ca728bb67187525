"""Revisions rewritten, proved, run on rows and reverted on real servers."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_alembic_lint import plugin
from flask_sqlalchemy import SQLAlchemy
from test_rewrites import CATALOG, SERVERS, connected

from flask_alembic import Alembic
from flask_alembic.testing import run_db

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}

Define = Callable[[sa.MetaData], object]


def before(metadata: sa.MetaData, *columns: Any) -> None:
    """Define what there is: authors, and books whose columns nothing restricts."""
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("author", metadata, key, sa.Column("name", sa.String(50)))
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(50)),
        sa.Column("isbn", sa.String(20)),
        sa.Column("author_id", sa.Integer),
        sa.Column("price", sa.Integer),
        *columns,
    )


def after(metadata: sa.MetaData, *more: Any) -> None:
    """Define books with each kind of restriction, and two required columns."""
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("author", metadata, key, sa.Column("name", sa.String(50)))
    shelf_key = sa.Column("id", sa.Integer, primary_key=True)
    name = sa.Column("name", sa.String(50), index=True)
    sa.Table("shelf", metadata, shelf_key, name)
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(50), nullable=False, index=True),
        sa.Column("isbn", sa.String(20), unique=True),
        sa.Column("author_id", sa.ForeignKey("author.id"), index=True),
        sa.Column("price", sa.Integer),
        sa.Column("shelf_id", sa.ForeignKey("shelf.id")),
        sa.Column("pages", sa.Integer, nullable=False, default=7),
        sa.Column("state", sa.String(5), nullable=False, default="it's"),
        *more,
    )


class Shop:
    """An app whose models change, on a database of its own.

    :param folder: Its root.
    :param url: Its database.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def app(self, define: Define, **settings: Any) -> Flask:
        """Return the app with other models."""
        app = Flask("shop", root_path=str(self.folder))
        app.config.update(
            SQLALCHEMY_DATABASE_URI=self.url,
            SQLALCHEMY_ENGINE_OPTIONS={"poolclass": sa.NullPool},
            ALEMBIC_PLUGINS=(),
            ALEMBIC_LINT={"rewrite": True, **settings},
        )
        db = SQLAlchemy(app, metadata=sa.MetaData(naming_convention=NAMING))
        define(db.metadata)
        Alembic(app, plugins=[plugin])
        return app

    def begin(self) -> None:
        """Create the tables, with rows."""
        app = self.app(before)
        self.revise(app, "a", "--no-prove")
        assert run_db(app, "upgrade").exit_code == 0
        rows = ", ".join(f"('t{i}', 'i{i}', 1, {i})" for i in range(1, 2502))
        with connected(sa.make_url(self.url)) as connection:
            connection.exec_driver_sql("INSERT INTO author (id, name) VALUES (1, 'x')")
            connection.exec_driver_sql(
                f"INSERT INTO book (title, isbn, author_id, price) VALUES {rows}"
            )
            connection.commit()

    def revise(self, app: Flask, rev_id: str, *options: str) -> list[str]:
        """Write revisions, every one proved; return their texts."""
        result = run_db(app, "revision", "next", "--rev-id", rev_id, *options)
        assert result.exit_code == 0, result.output
        paths = sorted((self.folder / "migrations").glob(f"{rev_id}*.py"))
        proofs = result.output.count("up, down, up, no difference")
        assert proofs == (0 if options else len(paths)), result.output
        by_id = {
            path.name.removesuffix(".py"): path.read_text("utf-8") for path in paths
        }
        ids = [rev_id, *(f"{rev_id}_{n}" for n in range(2, len(paths) + 1))]
        return [
            next(t for n, t in by_id.items() if f"\nrevision = {each!r}" in t)
            for each in ids
        ]

    def catalog(self) -> list[Any]:
        """Return what the server says of the tables."""
        with connected(sa.make_url(self.url)) as connection:
            if connection.dialect.name == "postgresql":
                rows = connection.exec_driver_sql(CATALOG["postgresql"])
                return [row for row in rows if "alembic" not in str(row)]
            names = sorted(sa.inspect(connection).get_table_names())
            return [
                sorted(  # a column that was dropped comes back as the last one
                    line.strip(" ,").partition(" AUTO_INCREMENT=")[0]
                    for line in connection.exec_driver_sql(f"SHOW CREATE TABLE {name}")
                    .scalars(1)
                    .one()
                    .splitlines()
                )
                for name in names
                if not name.startswith("alembic")
            ]

    def rows(self, sql: str) -> list[Any]:
        """Return what a query gives."""
        with connected(sa.make_url(self.url)) as connection:
            return list(connection.exec_driver_sql(sql))


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    name, used = f"fa_safe_{uuid.uuid4().hex[:12]}", set()

    def make(family: str) -> Shop:
        try:
            with connected(sa.make_url(SERVERS[family])) as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        except sa.exc.SQLAlchemyError:
            reason = f"no server answers at {SERVERS[family]}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        used.add(family)
        url = sa.make_url(SERVERS[family]).set(database=name)
        return Shop(tmp_path, url.render_as_string(hide_password=False))

    yield make
    for family in used:
        with connected(sa.make_url(SERVERS[family])) as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def codes(app: Flask) -> set[str]:
    with app.app_context():
        return {each.code for each in app.extensions["alembic"].lint()}


PHASES = {
    "postgresql": ["expand", "expand", "fill", "contract"],
    "mariadb": ["expand", "fill", "contract"],
}

HOLDS = {
    "postgresql": [
        "op.create_index(op.f('ix_book_title')",
        "postgresql_concurrently=True",
        "DROP INDEX CONCURRENTLY IF EXISTS ix_book_title",
        "ADD CONSTRAINT uq_book_isbn UNIQUE USING INDEX uq_book_isbn",
        "VALIDATE CONSTRAINT fk_book_author_id",
        "VALIDATE CONSTRAINT ck_book_price",
        "VALIDATE CONSTRAINT book_title_is_set",
    ],
    "mariadb": [
        "ADD COLUMN pages INTEGER, ALGORITHM=INSTANT",
        "ON book (title) ALGORITHM=INPLACE LOCK=NONE",
        "SET SESSION foreign_key_checks = 0",
    ],
}


@pytest.mark.parametrize("family", ["postgresql", "mariadb"])
def test_every_form(family: str, make_shop: Callable[[str], Shop]) -> None:
    shop = make_shop(family)
    shop.begin()
    start = shop.catalog()
    # A check is copied by MySQL and MariaDB in any case.
    check = [sa.CheckConstraint("price > 0", name="price")]
    app = shop.app(lambda m: after(m, *(check if family == "postgresql" else ())))
    texts = shop.revise(app, "b")
    print(texts[0])
    assert [
        f"phase = '{each}'" in text
        for text, each in zip(texts, PHASES[family], strict=True)
    ] == [True] * len(texts)
    for part in HOLDS[family]:
        assert any(part in text for text in texts), part
    # FA602 is about the number of statements, which --resume is for.
    assert codes(app) <= {"FA602"}
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    assert run_db(app, "check").exit_code == 0
    query = "SELECT DISTINCT pages, state FROM book"
    assert [tuple(row) for row in shop.rows(query)] == [(7, "it's")]
    end = shop.catalog()
    result = run_db(app, "downgrade", "a", "--force")
    assert result.exit_code == 0, result.output
    assert shop.catalog() == start
    assert run_db(app, "upgrade").exit_code == 0
    assert shop.catalog() == end


@pytest.mark.parametrize("family", ["postgresql", "mariadb"])
def test_what_is_dropped(family: str, make_shop: Callable[[str], Shop]) -> None:
    shop = make_shop(family)
    shop.begin()
    app = shop.app(after, rewrite=False)
    assert "ALGORITHM" not in (text := shop.revise(app, "b", "--no-prove")[0])
    assert "phase" not in text
    with connected(sa.make_url(shop.url)) as connection:
        connection.exec_driver_sql("DELETE FROM book")
        connection.commit()
    assert run_db(app, "upgrade").exit_code == 0
    start = shop.catalog()
    app = shop.app(before)
    texts = shop.revise(app, "c")
    assert "phase = 'contract'" in texts[-1]
    assert "drop_column('book', 'pages')" in texts[-1] or "DROP COLUMN" in texts[-1]
    assert "drop_table('shelf')" in texts[-1]
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "check").exit_code == 0
    assert run_db(app, "downgrade", "b", "--force").exit_code == 0
    assert shop.catalog() == start


def test_index_of_an_interrupted_build(make_shop: Callable[[str], Shop]) -> None:
    shop = make_shop("postgresql")
    shop.begin()
    with connected(sa.make_url(shop.url)) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("UPDATE book SET isbn = 'twice' WHERE id < 3")
    app = shop.app(
        lambda m: before(m, sa.Index("ix_once", "isbn", unique=True)),
    )
    shop.revise(app, "b")
    failed = run_db(app, "upgrade")
    assert failed.exit_code == 3
    assert "the revision can be run again" in failed.output
    left = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_once'::regclass"
    assert [tuple(row) for row in shop.rows(left)] == [(False,)]
    with connected(sa.make_url(shop.url)) as connection:
        connection.exec_driver_sql("UPDATE book SET isbn = 'one' WHERE id = 1")
        connection.commit()
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    assert [tuple(row) for row in shop.rows(left)] == [(True,)]


def test_rows_without_a_partner(make_shop: Callable[[str], Shop]) -> None:
    shop = make_shop("mariadb")
    shop.begin()
    key = sa.ForeignKeyConstraint(["author_id"], ["author.id"], name="book_author")
    app = shop.app(lambda m: before(m, key))
    shop.revise(app, "b")
    with connected(sa.make_url(shop.url)) as connection:
        connection.exec_driver_sql("UPDATE book SET author_id = 99 WHERE id = 5")
        connection.commit()
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "book has rows for which author has none" in result.output
    assert "CONSTRAINT `book_author`" not in str(shop.catalog())


def test_new_tables_are_left_as_they_are(make_shop: Callable[[str], Shop]) -> None:
    shop = make_shop("postgresql")
    (text,) = shop.revise(shop.app(after), "a", "--no-prove")
    assert "autocommit" not in text
    assert "ddl_lock_timeout" not in text


def test_one_of_two_databases(make_shop: Callable[[str], Shop], tmp_path: Path) -> None:
    shop = make_shop("postgresql")
    binds = {"notes": f"sqlite:///{tmp_path / 'notes.db'}"}

    def define(metadata: sa.MetaData, *more: Any) -> None:
        sa.Table("note", metadata, sa.Column("id", sa.Integer, primary_key=True), *more)

    def app(with_text: bool) -> Flask:
        made = Flask("shop", root_path=str(tmp_path))
        made.config.update(
            SQLALCHEMY_DATABASE_URI=shop.url,
            SQLALCHEMY_BINDS=binds,
            SQLALCHEMY_ENGINE_OPTIONS={"poolclass": sa.NullPool},
            ALEMBIC_PLUGINS=(),
            ALEMBIC_LINT={"rewrite": True},
        )
        db = SQLAlchemy(made, metadata=sa.MetaData())
        with made.app_context():
            for metadata in (db.metadata, db.metadatas["notes"]):
                text = sa.Column("text", sa.String(9), nullable=False, default="-")
                index = sa.Index("ix_id", "id")
                define(metadata, *((text, index) if with_text else ()))
        Alembic(made, plugins=[plugin])
        return made

    assert run_db(app(False), "revision", "begin", "--no-prove").exit_code == 0
    assert run_db(app(False), "upgrade").exit_code == 0
    result = run_db(app(True), "revision", "text", "--rev-id", "b")
    assert result.exit_code == 0, result.output
    paths = {path.name for path in (tmp_path / "migrations").glob("b*.py")}
    assert len(paths) == 4
    result = run_db(app(True), "upgrade")
    assert result.exit_code == 0, result.output
    assert run_db(app(True), "check").exit_code == 0
