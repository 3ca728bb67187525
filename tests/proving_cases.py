"""Databases for the tests of proving, and both ways to compare."""

from __future__ import annotations

import ast
import re
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import alembic
import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from backends import backend_for
from databases import MakeDatabase
from proving_kinds import KINDS

from flask_alembic.schema import unchanged_tables as proving
from flask_alembic.schema.model_catalog import ScratchSource
from flask_alembic.schema.unchanged_tables import Unchanged


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
    return re.sub(
        r"(?:, )?server_default=sa\.text\([^\n]*?\)(?=, \w+=|\)|,\n)", "", text
    )


def context_of(connection: sa.Connection, **options: Any) -> MigrationContext:
    return MigrationContext.configure(connection, opts=options)


def source_of(context: MigrationContext) -> ScratchSource:
    """Return where the tables of models are made: beside the context's database."""
    assert context.connection is not None
    engine = context.connection.engine
    backend = backend_for(context.dialect)
    return ScratchSource(backend, lambda: backend.scratch(engine))


def prove(context: MigrationContext, metadata: Any) -> Unchanged | None:
    """Return what is unchanged, by the backend of the context's database."""
    return proving.compare_catalogs(context, metadata, source_of(context)).unchanged


def produced(context: MigrationContext, metadata: Any, with_proof: bool = True) -> Any:
    """Return what is found, with proof or as Alembic finds it."""
    source = source_of(context) if with_proof else None
    return proving.produce_migrations(context, metadata, source)[0]


_INDEX = re.compile(r"op\.execute\(.CREATE (?:UNIQUE )?INDEX (\w+)")
_CHECK = re.compile(r"^op\.(create_check_constraint\(|drop_constraint\(.*'check'\))")


def both_ways(
    connection: sa.Connection, metadata: list[sa.MetaData], **options: Any
) -> tuple[str, str]:
    """Return what Alembic finds, and what is found with catalogs, as Python text.

    What Alembic finds in a database that was just made from the models is left out of
    the first: it finds that for ever, and catalogs do not. CHECK constraints, which
    Alembic does not compare, are left out of the second; indexes that it would create
    otherwise than they are, of both.
    """
    ways = (
        lambda context: produce_migrations(context, metadata),  # type: ignore[arg-type]
        lambda context: produced(context, metadata),
    )
    plain, found = (operations_of(connection, way, **options) for way in ways)
    noise = found_for_ever(connection, metadata, **options)
    names = _INDEX.findall("\n".join(found))

    def counts(statement: str) -> bool:
        return statement not in noise and not any(
            re.search(rf"\b{re.escape(name)}\b", statement) for name in names
        )

    return (
        "\n".join(each for each in plain if counts(each)),
        "\n".join(each for each in found if counts(each) and not _CHECK.search(each)),
    )


def operations_of(
    connection: sa.Connection, way: Callable[[MigrationContext], Any], **options: Any
) -> list[str]:
    """Return the operations that a way of comparing finds, as Python text."""
    script = way(context_of(connection, **options))
    connection.rollback()
    return [
        statement
        for ops in (script.upgrade_ops, script.downgrade_ops)
        for statement in statements(as_compared(render_python_code(ops)))
    ]


def statements(text: str) -> list[str]:
    """Return the statements of rendered code; the lines where it is no Python.

    Alembic 1.13 renders some reflected columns as what cannot be parsed.
    """
    try:
        parsed = ast.parse(textwrap.dedent(f"    {text}")).body
    except SyntaxError:
        lines = [line.strip() for line in text.splitlines()]
        return [line for line in lines if line not in ("", "pass")]
    return [ast.unparse(each) for each in parsed if not isinstance(each, ast.Pass)]


def found_for_ever(
    connection: sa.Connection, metadata: list[sa.MetaData], **options: Any
) -> set[str]:
    """Return what Alembic finds in a database that was just made from the models."""
    backend = backend_for(connection.dialect)
    tables = [table for each in metadata for table in each.tables.values()]
    schemas = {table.schema for table in tables if table.schema}
    if schemas and connection.dialect.name != "postgresql":
        # Another database of the server, in which others may be at work.
        metadata = [without_schemas(each) for each in metadata]
        options, schemas = {"compare_server_default": True}, set()
    with backend.scratch(connection.engine) as engine, engine.connect() as other:
        for schema in schemas:
            other.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        other.commit()
        for each in metadata:
            try:
                each.create_all(other)
            except sa.exc.DBAPIError:  # one of them cannot be made: make the others
                other.rollback()
                make_one_by_one(other, each)
        other.commit()
        way = lambda context: produce_migrations(context, metadata)  # noqa: E731
        return set(operations_of(other, way, **options))


def make_one_by_one(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Make those tables that can be made, and do not exist."""
    for table in metadata.sorted_tables:
        try:
            table.create(connection, checkfirst=True)
            connection.commit()
        except sa.exc.DBAPIError:
            connection.rollback()


def without_schemas(metadata: sa.MetaData) -> sa.MetaData:
    """Return the tables that can be made in another database."""
    targets = {
        name: {key.target_fullname.rpartition(".")[0] for key in table.foreign_keys}
        for name, table in metadata.tables.items()
        if table.schema is None
    }
    # A table goes with those that it refers to.
    while lost := {name for name, others in targets.items() if others - set(targets)}:
        targets = {name: targets[name] for name in targets if name not in lost}
    copied = sa.MetaData()
    for name in targets:
        metadata.tables[name].to_metadata(copied)
    return copied


def proof_of(
    connection: sa.Connection, *metadata: sa.MetaData, **options: Any
) -> Unchanged:
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
