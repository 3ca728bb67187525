"""Databases for the tests of proving, and both ways to compare."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import alembic
import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from databases import MakeDatabase
from proving_kinds import KINDS

from flask_alembic.environment import proving
from flask_alembic.environment.proving.proof import Proof, prove


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database that can be proved."""
    name: str = request.param
    return name


@pytest.fixture
def connection(kind: str, make_database: MakeDatabase) -> Iterator[sa.Connection]:
    """Connected to a fresh empty database."""
    engine = sa.create_engine(make_database(kind), poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def as_compared(text: str) -> str:
    """Leave out what depends on the order of a set before Alembic 1.18.

    A table that a foreign key of another one led to first was reflected without
    Alembic's own listener, so that the default of a dropped column is another text.
    """
    if tuple(map(int, alembic.__version__.split(".")[:2])) >= (1, 18):
        return text
    return re.sub(r"server_default=sa\.text\([^\n]*?\)(?=, \w+=|\)|,\n)", "", text)


def context_of(connection: sa.Connection, **options: Any) -> MigrationContext:
    return MigrationContext.configure(connection, opts=options)


def both_ways(
    connection: sa.Connection, metadata: list[sa.MetaData], **options: Any
) -> tuple[str, str]:
    """Return what Alembic finds, and what is found with proof, as Python text."""
    found = []
    models: Any = metadata
    for way in (
        lambda context: produce_migrations(context, models),
        lambda context: proving.produce_migrations(context, models, True),
    ):
        script = way(context_of(connection, **options))
        text = render_python_code(script.upgrade_ops)
        text += render_python_code(script.downgrade_ops)
        found.append(as_compared(text))
        connection.rollback()
    return found[0], found[1]


def proof_of(
    connection: sa.Connection, *metadata: sa.MetaData, **options: Any
) -> Proof:
    options.setdefault("compare_server_default", True)
    # MariaDB's catalog cannot be read while the database of another test is dropped.
    for _ in range(20):
        proof = prove(context_of(connection, **options), metadata)
        connection.rollback()
        if proof is not None:
            return proof
        time.sleep(0.1)
    raise AssertionError("nothing can be proved here")


def shop(count: int) -> sa.MetaData:
    """Return so many common tables, each with a foreign key to the one before it."""
    metadata = sa.MetaData()
    for number in range(count):
        columns: list[Any] = [
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(50), nullable=False, index=True),
            sa.Column("state", sa.String(20), server_default="new"),
            sa.Column("made", sa.DateTime, server_default=sa.text("CURRENT_TIMESTAMP")),
        ]
        if number:
            before = f"t{number - 1}.id"
            columns.append(sa.Column("before_id", sa.Integer, sa.ForeignKey(before)))
        sa.Table(f"t{number}", metadata, *columns)
    return metadata


def changed(count: int, *names: str) -> sa.MetaData:
    """Return the same, some of the tables with another column and default."""
    metadata = shop(count)
    for name in names:
        table = metadata.tables[name]
        table.append_column(sa.Column("added", sa.Integer))
        table.c.state.server_default = sa.DefaultClause("old")
    return metadata
