"""The page about errors quotes what databases and libraries really say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from databases import MakeDatabase

PAGE = Path(__file__).parent.parent / "docs" / "troubleshooting.rst"
PACKAGE = Path(__file__).parent.parent / "flask_alembic"

TABLE = "CREATE TABLE note (id INTEGER, words VARCHAR(20))"
ROW = "INSERT INTO note (id) VALUES (1)"

STATEMENTS = {
    "sqlite": [
        ("table note already exists", TABLE),
        ("no such table: note", "DROP TABLE note", ROW),
        ("duplicate column name: words", "ALTER TABLE note ADD COLUMN words INTEGER"),
        (
            "Cannot add a NOT NULL column with default value NULL",
            ROW,
            "ALTER TABLE note ADD COLUMN x INTEGER NOT NULL",
        ),
        (
            "UNIQUE constraint failed: note.id",
            ROW,
            ROW,
            "CREATE UNIQUE INDEX u ON note (id)",
        ),
        ('near "ALTER": syntax error', "ALTER TABLE note ALTER COLUMN id SET NOT NULL"),
    ],
    "postgresql": [
        ('relation "note" already exists', TABLE),
        ('relation "note" does not exist', "DROP TABLE note", ROW),
        (
            'column "words" of relation "note" already exists',
            "ALTER TABLE note ADD COLUMN words INTEGER",
        ),
        (
            'column "words" of relation "note" contains null values',
            ROW,
            "ALTER TABLE note ALTER COLUMN words SET NOT NULL",
        ),
        (
            "could not create unique index",
            ROW,
            ROW,
            "CREATE UNIQUE INDEX u ON note (id)",
        ),
        (
            'column "words" cannot be cast automatically to type integer',
            "ALTER TABLE note ALTER COLUMN words TYPE INTEGER",
        ),
        (
            'type "mood" already exists',
            "CREATE TYPE mood AS ENUM ('old')",
            "CREATE TYPE mood AS ENUM ('old')",
        ),
        (
            'invalid input value for enum mood: "new"',
            "CREATE TYPE mood AS ENUM ('old')",
            "SELECT CAST('new' AS mood)",
        ),
        (
            "CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
            "CREATE INDEX CONCURRENTLY i ON note (id)",
        ),
        (
            "cannot drop table note because other objects depend on it",
            "CREATE VIEW notes AS SELECT * FROM note",
            "DROP TABLE note",
        ),
        ('type "vector" does not exist', "CREATE TABLE other (id vector)"),
    ],
    "mariadb": [
        ("Table 'note' already exists", TABLE),
        ("Duplicate column name 'words'", "ALTER TABLE note ADD COLUMN words INTEGER"),
        (
            "Duplicate entry '1' for key",
            ROW,
            ROW,
            "CREATE UNIQUE INDEX u ON note (id)",
        ),
        (
            "Cannot drop index 'words': needed in a foreign key constraint",
            "CREATE TABLE other (id INTEGER PRIMARY KEY)",
            "ALTER TABLE note ADD CONSTRAINT words FOREIGN KEY (id) REFERENCES other (id)",
            "DROP INDEX words ON note",
        ),
    ],
}
"""By database: a message of the page, and the statements of which the last gives it."""


OWN = {
    "Flask-Alembic was used outside an app context.",
    "No database was found.",
    "There are 0 tables in your metadata: are the models imported?",
    "There are no revision files in",
    "which matches no revision file in",
    "is not at head, so it cannot be compared with the models",
    "leads past the end of the history",
    "There is no revision or branch",
    "it has no usable 'revision' id",
    "Two files have the id",
    "No changes detected",
    "is partially applied",
    "The migration lock",
}
"""Messages of the page that are our own."""


def own_texts() -> str:
    """Return every text of the package; what is put into one is a word with braces."""
    texts: list[str] = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
                texts.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


def test_our_own_messages_are_those_of_the_page() -> None:
    assert quoted() >= OWN
    texts = own_texts()
    assert [message for message in sorted(OWN) if message not in texts] == []


def quoted() -> set[str]:
    """Return the messages that the page has entries for."""
    text = PAGE.read_text("utf-8")
    lines = re.findall(r"^(``.*``)\n    \S", text, re.M)
    return {message for line in lines for message in re.findall(r"``(.*?)``", line)}


def test_the_page_has_the_messages_of_many_errors() -> None:
    assert len(quoted()) >= 60


@pytest.mark.parametrize("kind", STATEMENTS)
@pytest.mark.sample("all")
def test_databases_give_the_messages_of_the_page(
    kind: str, make_database: MakeDatabase
) -> None:
    engine = sa.create_engine(make_database(kind))
    messages = quoted()
    for message, *statements in STATEMENTS[kind]:
        assert message in messages
        with engine.connect() as connection:
            connection.exec_driver_sql(TABLE)
            for statement in statements[:-1]:
                connection.exec_driver_sql(statement)
            with pytest.raises(sa.exc.DBAPIError, match=re.escape(message)):
                connection.exec_driver_sql(statements[-1])
            connection.rollback()
            connection.exec_driver_sql("DROP TABLE IF EXISTS note")
            connection.commit()
    engine.dispose()


def test_libraries_give_the_messages_of_the_page() -> None:
    messages = quoted()
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        op = Operations(MigrationContext.configure(connection))
        connection.exec_driver_sql(TABLE)
        message = "No support for ALTER of constraints in SQLite dialect"
        assert message in messages
        with pytest.raises(NotImplementedError, match=message):
            op.create_unique_constraint("u", "note", ["id"])
        message = "Constraint must have a name"
        assert message in messages
        with (
            pytest.raises(ValueError, match=message),
            op.batch_alter_table("note") as batch_op,
        ):
            batch_op.create_unique_constraint(None, ["id"])
    message = "Can't load plugin: sqlalchemy.dialects:postgres"
    assert message in messages
    with pytest.raises(sa.exc.NoSuchModuleError, match=message):
        sa.create_engine("postgres://shop")
    metadata = sa.MetaData()
    sa.Table("note", metadata, sa.Column("id", sa.ForeignKey("writer.id")))
    message = "Table 'note' is already defined for this MetaData instance."
    assert message in messages
    with pytest.raises(sa.exc.InvalidRequestError, match=re.escape(message)):
        sa.Table("note", metadata, sa.Column("id"))
    message = "Foreign key associated with column"
    assert message in messages
    with pytest.raises(sa.exc.NoReferencedTableError, match=message):
        metadata.create_all(sa.create_engine("sqlite://"))
