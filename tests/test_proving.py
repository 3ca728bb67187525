"""Comparing by proof finds what Alembic's own comparison finds, whatever differs."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from typing import Any

import alembic
import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from databases import MakeDatabase
from proving_pairs import COMMON, KINDS, ROUNDS, build, make, pairs

from flask_alembic.environment import proving
from flask_alembic.environment.proving.proof import Proof, prove

PAIRS = 40
OPTIONS: list[dict[str, Any]] = [
    {"compare_server_default": True},
    {"compare_server_default": False},
    {"compare_type": False},
]


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
    proof = prove(context_of(connection, **options), metadata)
    connection.rollback()
    assert proof is not None
    return proof


def fill(
    connection: sa.Connection, kind: str, seed: int, schema: str | None = None
) -> tuple[sa.MetaData, set[str]]:
    """Make a database full of tables; return models that differ, and what is equal."""
    before, after, specs, equal = pairs(
        KINDS[kind], PAIRS, random.Random(f"{kind} {seed}"), schema
    )
    before.create_all(connection)
    connection.commit()
    for spec in specs:
        table = f"{spec.schema}.{spec.name}" if spec.schema else spec.name
        for statement in spec.raw:
            sql = statement.format(table=table, column="id", name=spec.name)
            try:
                connection.exec_driver_sql(sql)
            except sa.exc.DBAPIError:  # this table does not take it
                connection.rollback()
            else:
                connection.commit()
    return after, equal


@pytest.mark.parametrize("options", OPTIONS, ids=lambda one: "-".join(one))
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_the_same_operations(
    connection: sa.Connection, kind: str, seed: int, options: dict[str, Any]
) -> None:
    models, _ = fill(connection, kind, seed)
    plain, proved = both_ways(connection, [models], **options)
    assert proved == plain
    assert "op." in plain


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_the_same_operations_in_several_schemas(
    connection: sa.Connection, kind: str, seed: int
) -> None:
    if kind == "sqlite":
        pytest.skip("its schemas are attached databases, which are not proved")
    schema = f"fa_other_{uuid.uuid4().hex[:8]}"
    connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    connection.commit()
    try:
        models, _ = fill(connection, kind, seed, schema)
        options = {
            "include_schemas": True,
            "compare_server_default": True,
            # MariaDB's schemas are all databases of the server.
            "include_name": lambda name, type_, parents: (
                type_ != "schema" or name in (None, schema)
            ),
        }
        plain, proved = both_ways(connection, [models], **options)
        assert proved == plain
        assert f"schema='{schema}'" in plain
        keys = proof_of(connection, models, **options).keys
        assert keys
        assert {each for each, _ in keys} <= {None, schema}
        assert {name for _, name in keys} <= {
            each.name for each in models.tables.values()
        }
    finally:
        cascade = " CASCADE" if kind == "postgresql" else ""
        connection.rollback()
        if kind == "mariadb":
            connection.exec_driver_sql("SET foreign_key_checks = 0")
        connection.exec_driver_sql(f"DROP SCHEMA {schema}{cascade}")
        connection.commit()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_common_tables_are_proved(
    connection: sa.Connection, kind: str, seed: int
) -> None:
    """Else all of these tests would pass with a proof that proves nothing."""
    chance = random.Random(f"common {kind} {seed}")
    only = KINDS[kind].common()
    metadata = sa.MetaData()
    specs: list[Any] = []
    for number in range(PAIRS):
        specs.append(make(only, f"t{number:03}", specs, chance))
        build(specs[-1], metadata)
    metadata.create_all(connection)
    connection.commit()
    proof = proof_of(connection, metadata)
    left = set(metadata.tables) - {name for _, name in proof.keys}
    assert left == {spec.name for spec in specs if spec.unusual}
    assert proof.busy == ({None} if left else set())


@pytest.mark.parametrize("type_", sorted(COMMON))
def test_each_common_type_is_proved(
    connection: sa.Connection, kind: str, type_: str
) -> None:
    if type_ not in KINDS[kind].proved:
        pytest.skip("this database has no such type, or Alembic compares it")
    metadata = sa.MetaData()
    column: Any = sa.Column("c", COMMON[type_]())
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), column)
    metadata.create_all(connection)
    connection.commit()
    assert proof_of(connection, metadata).keys == {(None, "t")}
    plain, proved = both_ways(connection, [metadata])
    assert proved == plain
    assert "op." not in plain


# What stands for how many tables -------------------------------------------------


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


@pytest.fixture
def statements(connection: sa.Connection) -> list[str]:
    """What is sent to the database, in order."""
    sent: list[str] = []

    @sa.event.listens_for(connection, "before_cursor_execute")
    def heard(*arguments: Any) -> None:
        sent.append(arguments[2])

    return sent


def test_queries_do_not_grow_with_equal_tables(
    connection: sa.Connection, statements: list[str]
) -> None:
    counts = []
    for number in (20, 40):
        metadata = shop(number)
        metadata.create_all(connection)
        connection.commit()
        assert len(proof_of(connection, metadata).keys) == number
        del statements[:]
        context = context_of(connection, compare_server_default=True)
        script = proving.produce_migrations(context, [metadata], True)
        assert script.upgrade_ops is not None
        assert script.upgrade_ops.is_empty()
        assert script.downgrade_ops is not None
        assert script.downgrade_ops.is_empty()
        connection.rollback()
        counts.append(len([each for each in statements if "SAVEPOINT" not in each]))
        metadata.drop_all(connection)
        connection.commit()
    assert counts == [1, 1]


def test_queries_for_one_table_among_many(
    connection: sa.Connection, statements: list[str]
) -> None:
    shop(40).create_all(connection)
    connection.commit()
    metadata = changed(40, "t7")
    plain, proved = both_ways(connection, [metadata], compare_server_default=True)
    assert proved == plain
    assert plain.count("op.add_column('t7'") == 1
    assert plain.count("op.alter_column('t7'") == 2
    del statements[:]
    context = context_of(connection, compare_server_default=True)
    proving.produce_migrations(context, [metadata], True)
    assert len(statements) < 40


# What the app decides ------------------------------------------------------------


def test_filters_are_asked_about_what_is_proved(connection: sa.Connection) -> None:
    metadata = shop(3)
    metadata.create_all(connection)
    connection.commit()
    asked: list[Any] = []

    def include_name(name: Any, type_: Any, parents: Any) -> bool:
        asked.append((type_, name, tuple(sorted(parents.items()))))
        return True

    proof_of(connection, metadata, include_name=include_name)
    seen = set(asked)
    del asked[:]
    produce_migrations(context_of(connection, include_name=include_name), metadata)
    connection.rollback()
    assert seen >= set(asked)
    assert ("column", "name") in {each[:2] for each in asked}


@pytest.mark.parametrize(
    "hidden",
    ["name", "t1", "ix_t1_name", None],
)
def test_what_a_name_filter_hides_is_not_proved(
    connection: sa.Connection, hidden: str | None
) -> None:
    """Alembic sees it missing then, and adds it."""
    metadata = shop(3)
    metadata.create_all(connection)
    connection.commit()

    def include_name(name: Any, type_: Any, parents: Any) -> bool:
        table = parents.get("table_name") or name
        if hidden is None:
            return not (type_ == "foreign_key_constraint" and table == "t1")
        return not (name == hidden and table == "t1")

    options = {"compare_server_default": True, "include_name": include_name}
    proof = proof_of(connection, metadata, **options)
    assert proof.keys == {(None, "t0"), (None, "t2")}
    assert proof.busy == {None}
    plain, proved = both_ways(connection, [metadata], **options)
    assert proved == plain


def test_an_object_filter_decides_about_the_others(connection: sa.Connection) -> None:
    shop(4).create_all(connection)
    connection.commit()
    asked: list[str] = []

    def include_object(
        object: Any, name: Any, type_: Any, reflected: Any, compare_to: Any
    ) -> bool:
        if type_ == "table":
            asked.append(name)
        return not (type_ == "column" and object.table.name == "t1")

    options = {"compare_server_default": True, "include_object": include_object}
    metadata = changed(4, "t1", "t2")
    plain, proved = both_ways(connection, [metadata], **options)
    assert proved == plain
    assert "'t2'" in plain
    assert "'t1'" not in plain
    assert sorted(asked[4:]) == ["t1", "t2"]


def test_tables_on_one_side_only(connection: sa.Connection) -> None:
    shop(3).create_all(connection)
    connection.exec_driver_sql("CREATE TABLE stranger (id INTEGER)")
    connection.commit()
    metadata = shop(4)
    plain, proved = both_ways(connection, [metadata], compare_server_default=True)
    assert proved == plain
    assert "op.create_table('t3'" in plain
    assert "op.drop_table('stranger')" in plain


def test_several_metadatas_and_the_version_table(connection: sa.Connection) -> None:
    first, second = shop(2), sa.MetaData()
    sa.Table("other", second, sa.Column("id", sa.Integer, primary_key=True))
    for metadata in (first, second):
        metadata.create_all(connection)
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    connection.commit()
    proof = proof_of(connection, first, second)
    assert len(proof.keys) == 3
    assert not proof.busy
    # The same key twice is an error of Alembic's.
    context = context_of(connection)
    assert prove(context, [first, first]) is None
    with pytest.raises(ValueError, match="Duplicate table keys"):
        proving.produce_migrations(context, [first, shop(1)], True)
    connection.rollback()


def test_a_table_that_names_the_default_schema(connection: sa.Connection) -> None:
    """To Alembic it is the same as one without a schema."""
    shop(2).create_all(connection)
    connection.commit()
    default = connection.dialect.default_schema_name
    alone, both = sa.MetaData(), shop(2)
    for metadata in (alone, both):
        identity = sa.Column("id", sa.Integer, primary_key=True)
        sa.Table("t0", metadata, identity, schema=default)
    assert not proof_of(connection, alone).keys
    assert prove(context_of(connection), [both]) is None
    for metadata in (alone, both):
        plain, proved = both_ways(connection, [metadata], compare_server_default=True)
        assert proved == plain


@pytest.mark.parametrize(
    "options",
    [
        {"compare_type": lambda *arguments: None},
        {"compare_server_default": lambda *arguments: None},
        {"autogenerate_plugins": ["alembic.autogenerate.*"]},
    ],
    ids=lambda one: next(iter(one)),
)
def test_no_proof_where_something_else_compares(
    connection: sa.Connection, options: dict[str, Any]
) -> None:
    assert prove(context_of(connection), [shop(1)]) is not None
    assert prove(context_of(connection, **options), [shop(1)]) is None


def test_no_proof_where_schemas_are_translated(connection: sa.Connection) -> None:
    translated = connection.execution_options(schema_translate_map={"a": "b"})
    assert prove(context_of(translated), [shop(1)]) is None


def test_no_proof_where_tables_are_reflected_otherwise(
    connection: sa.Connection,
) -> None:
    def listener(*arguments: Any) -> None:
        pass

    sa.event.listen(sa.Table, "column_reflect", listener)
    try:
        assert prove(context_of(connection), [shop(1)]) is None
    finally:
        sa.event.remove(sa.Table, "column_reflect", listener)
    assert prove(context_of(connection), [shop(1)]) is not None


def test_a_catalog_that_cannot_be_read_leaves_the_transaction_usable(
    connection: sa.Connection, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(2).create_all(connection)
    connection.commit()
    from flask_alembic.dialects import backend_for

    catalog = backend_for(connection.dialect).catalog()
    assert catalog is not None
    module = __import__(type(catalog).__module__, fromlist=["QUERY"])
    monkeypatch.setattr(module, "QUERY", "SELECT nothing FROM nowhere")
    connection.exec_driver_sql("INSERT INTO t0 (name) VALUES ('kept')")
    metadata = changed(2, "t1")
    context = context_of(connection, compare_server_default=True)
    script = proving.produce_migrations(context, [metadata], True)
    assert script.upgrade_ops is not None
    assert "added" in render_python_code(script.upgrade_ops)
    assert connection.scalar(sa.text("SELECT name FROM t0")) == "kept"
