"""The names that MariaDB and MySQL make up."""

from __future__ import annotations

import sqlalchemy as sa
from apps import second_connection

from flask_alembic.backends.mysql.names import is_made_name

MADE = """
CREATE TABLE author (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, UNIQUE (a, b));
CREATE TABLE book (a INTEGER, b INTEGER, c INTEGER, UNIQUE (b), UNIQUE (b, c),
    CHECK (b > a), FOREIGN KEY (a) REFERENCES author (id),
    FOREIGN KEY (a, b) REFERENCES author (a, b));
ALTER TABLE book ADD INDEX (c)
"""

OWN = """
CREATE TABLE own (a INTEGER, b INTEGER, c INTEGER, CONSTRAINT uq UNIQUE (b),
    CONSTRAINT own_check CHECK (b > a),
    CONSTRAINT fk FOREIGN KEY (a) REFERENCES author (id), INDEX b (c), INDEX a_x (a))
"""


def names(url: str, statements: str) -> dict[str, bool]:
    """Return the names of what statements make, and whether they are called made."""
    metadata = sa.MetaData()
    with second_connection(url) as connection:
        for statement in statements.split(";"):
            connection.exec_driver_sql(statement)
        metadata.reflect(connection)
    return {
        f"{table.name}.{item.name}": is_made_name(item)
        for table in metadata.tables.values()
        for item in (*table.constraints, *table.indexes)
        if item.name is not None
    }


def test_names(mariadb_url: str) -> None:
    made = names(mariadb_url, MADE)
    assert {"book.book_ibfk_1", "book.book_ibfk_2", "book.b_2", "book.c"} <= set(made)
    assert set(made.values()) == {True}, made
    own = names(mariadb_url, OWN)
    assert {name: is_made for name, is_made in own.items() if name[:4] == "own."} == {
        "own.uq": False,
        "own.own_check": False,
        "own.fk": False,
        "own.b": False,
        "own.a_x": False,
    }
