"""Comparing catalogs finds what Alembic's own comparison finds, whatever differs."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from proving_cases import both_ways, connection, kind, proof_of
from proving_kinds import KINDS, TYPES
from proving_pairs import ROUNDS, build, make, pairs

pytestmark = pytest.mark.costly

__all__ = ["connection", "kind"]

PAIRS = 40
OPTIONS: list[dict[str, Any]] = [
    {"compare_server_default": True},
    {"compare_server_default": False},
    {"compare_type": False},
]


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
        sa.Table("new", models, sa.Column("id", sa.Integer), schema=schema)
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
    assert {name for _, name in proof.keys} == set(metadata.tables)
    assert not proof.busy


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_each_type_is_proved(connection: sa.Connection, kind: str, type_: str) -> None:
    if type_ not in KINDS[kind].types:
        return  # this database has no such type
    metadata = sa.MetaData()
    column: Any = sa.Column("c", TYPES[type_]())
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), column)
    metadata.create_all(connection)
    connection.commit()
    assert proof_of(connection, metadata).keys == {(None, "t")}
    plain, proved = both_ways(connection, [metadata])
    assert proved == plain
    assert "op." not in plain
