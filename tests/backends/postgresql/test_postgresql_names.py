"""The names that PostgreSQL makes up."""

from __future__ import annotations

import sqlalchemy as sa
from apps import second_connection

from flask_alembic.backends.postgresql.names import is_made_name

LONG = "quite_a_long_name_of_a_table_that_is_cut_somewhere"

STATEMENTS = """
CREATE TABLE author (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, UNIQUE (a, b));
CREATE TABLE book (a INTEGER REFERENCES author, b INTEGER CHECK (b > 0), c INTEGER,
    d INTEGER UNIQUE, CHECK (b > a), CHECK (a > 1 AND c > 2), FOREIGN KEY (a) REFERENCES
    author, FOREIGN KEY (a, b) REFERENCES author (a, b));
CREATE INDEX ON book (a, c);
CREATE INDEX ON book (a, c);
CREATE TABLE {long} (x{long} INTEGER UNIQUE REFERENCES author, "ÄÖÜ{long}" INTEGER
    REFERENCES author, short INTEGER CHECK (short > 0) REFERENCES author)
"""

OWN = """
CREATE TABLE own (id INTEGER CONSTRAINT pk_own PRIMARY KEY, a INTEGER CONSTRAINT
    own_fkey REFERENCES author, b INTEGER CONSTRAINT uq UNIQUE, c INTEGER CONSTRAINT
    own_other_check CHECK (c > 0));
CREATE INDEX ix_own_a ON own (a);
CREATE INDEX own_b_idx ON own (c)
"""


def names(url: str, statements: str) -> dict[str, bool]:
    """Return the names of what statements make, and whether they are called made."""
    metadata = sa.MetaData()
    with second_connection(url) as connection:
        for statement in statements.format(long=LONG).split(";"):
            connection.exec_driver_sql(statement)
        connection.commit()
        metadata.reflect(connection)
    return {
        f"{table.name}.{item.name}": is_made_name(item)
        for table in metadata.tables.values()
        for item in (*table.constraints, *table.indexes)
        if item.name is not None
    }


def test_names(postgresql_url: str) -> None:
    made = names(postgresql_url, STATEMENTS)
    assert len(made) == 16, made
    assert set(made.values()) == {True}, made
    own = names(postgresql_url, OWN)
    assert {name: is_made for name, is_made in own.items() if name[:4] == "own."} == {
        "own.pk_own": False,
        "own.own_fkey": False,
        "own.uq": False,
        "own.own_other_check": False,
        "own.ix_own_a": False,
        "own.own_b_idx": False,
    }
