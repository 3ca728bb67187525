"""What the catalog says before and after a change, and once the change is reverted."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from backends import backend_for

from flask_alembic.schema.catalog_state import CatalogState, catalog_state

BEGIN = (
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    "CREATE TABLE author (id serial PRIMARY KEY, name text)",
    "CREATE TABLE book (id serial PRIMARY KEY, title varchar(20) DEFAULT 'x', "
    "author_id integer, mood mood, pages integer)",
    "CREATE VIEW titles AS SELECT title FROM book",
    "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
)
CHANGES = {
    "column": ("ALTER TABLE book ADD isbn text", "ALTER TABLE book DROP isbn"),
    "null": (
        "ALTER TABLE book ALTER pages SET NOT NULL",
        "ALTER TABLE book ALTER pages DROP NOT NULL",
    ),
    "type": (
        "ALTER TABLE book ALTER pages TYPE bigint",
        "ALTER TABLE book ALTER pages TYPE integer",
    ),
    "default": (
        "ALTER TABLE book ALTER title SET DEFAULT 'y'",
        "ALTER TABLE book ALTER title SET DEFAULT 'x'",
    ),
    "check": (
        "ALTER TABLE book ADD CONSTRAINT positive CHECK (pages > 0)",
        "ALTER TABLE book DROP CONSTRAINT positive",
    ),
    "key": (
        "ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY (author_id) REFERENCES author",
        "ALTER TABLE book DROP CONSTRAINT fk",
    ),
    "partial index": (
        "CREATE INDEX few ON book (pages) WHERE pages < 9",
        "DROP INDEX few",
    ),
    "comment": (
        "COMMENT ON COLUMN book.title IS 'as printed'",
        "COMMENT ON COLUMN book.title IS NULL",
    ),
    "table": ("CREATE TABLE shelf (id integer)", "DROP TABLE shelf"),
    "other schema": (
        "CREATE SCHEMA attic; CREATE TABLE attic.shelf (id integer)",
        "DROP SCHEMA attic CASCADE",
    ),
    "view": (
        "CREATE OR REPLACE VIEW titles AS SELECT title FROM book WHERE pages > 1",
        "CREATE OR REPLACE VIEW titles AS SELECT title FROM book",
    ),
    "function": (
        "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 2'",
        "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ),
    "sequence": ("CREATE SEQUENCE counter", "DROP SEQUENCE counter"),
    "type of values": ("CREATE TYPE size AS ENUM ('s', 'l')", "DROP TYPE size"),
}


def state(connection: sa.Connection) -> CatalogState | None:
    return catalog_state(backend_for(connection.dialect), connection)


@pytest.mark.sample("all")
def test_a_change_shows_until_it_is_reverted(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.connect() as connection:
        for statement in BEGIN:
            connection.exec_driver_sql(statement)
        before = state(connection)
        assert before is not None
        for name, (change, back) in CHANGES.items():
            connection.exec_driver_sql(change)
            assert state(connection) != before, name
            connection.exec_driver_sql(back)
            assert state(connection) == before, name
    engine.dispose()


def test_a_schema_that_is_searched_makes_it_unknown(postgresql_url: str) -> None:
    """Its tables are seen under two names."""
    engine = sa.create_engine(postgresql_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA attic")
        connection.exec_driver_sql("CREATE TABLE attic.shelf (id integer)")
        assert state(connection) is not None
        connection.exec_driver_sql("SET search_path TO public, attic")
        assert state(connection) is None
    engine.dispose()


def test_where_the_catalog_does_not_tell_all_it_is_unknown(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    with engine.connect() as connection:
        assert state(connection) is None
    engine.dispose()
