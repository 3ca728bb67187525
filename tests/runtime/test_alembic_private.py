"""The underscored names of Alembic that are used are there and do what is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from projects import write_chain

from flask_alembic.runtime import alembic_private as private


@pytest.fixture
def script(tmp_path: Path) -> ScriptDirectory:
    folder = tmp_path / "migrations"
    write_chain(folder, 3)
    return ScriptDirectory(str(folder), version_locations=[str(folder)])


def test_stamp_steps(script: ScriptDirectory) -> None:
    (step,) = private.stamp_steps(script, "r002", ("r003",))
    assert step.from_revisions == ("r003",)
    assert step.to_revisions == ("r002",)
    assert not step.is_upgrade


def test_version_table() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        options = {"version_table": "v", "version_table_schema": "s"}
        context = MigrationContext.configure(connection, opts=options)
        table = private.version_table(context)
    assert (table.name, table.schema) == ("v", "s")
    assert list(table.columns.keys()) == ["version_num"]
    engine.dispose()


@pytest.mark.parametrize("transactional", [True, False])
@pytest.mark.parametrize("per_migration", [True, False])
def test_transaction(transactional: bool, per_migration: bool) -> None:
    """A transaction begins exactly where Alembic's own loop would begin one."""
    engine = sa.create_engine("sqlite://")
    options = {
        "transactional_ddl": transactional,
        "transaction_per_migration": per_migration,
    }
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        ours = per_migration or not transactional
        with private.transaction(context, per_migration=ours):
            assert connection.in_transaction()
        assert not connection.in_transaction()
    engine.dispose()


def test_transaction_is_known_to_autocommit_blocks() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"transactional_ddl": True}
        )
        with private.transaction(context, per_migration=False):
            with context.autocommit_block():
                assert connection.get_execution_options()["isolation_level"]
            assert connection.in_transaction()
    engine.dispose()


def context_with(**options: Any) -> MigrationContext:
    return MigrationContext.configure(dialect_name="sqlite", opts=options)


def test_other_comparators() -> None:
    from alembic.autogenerate import comparators

    assert not private.has_other_comparators(context_with())
    named = context_with(autogenerate_plugins=["alembic.autogenerate.*"])
    assert private.has_other_comparators(named)

    def compare(*arguments: Any) -> None:
        pass

    comparators.dispatch_for("table")(compare)
    try:
        assert private.has_other_comparators(context_with())
    finally:
        for functions in comparators._registry.values():
            functions[:] = [
                each
                for each in functions
                if (each[0] if isinstance(each, tuple) else each) is not compare
            ]
    assert not private.has_other_comparators(context_with())


def test_alembic_has_comparators() -> None:
    """Else nothing would be found to be other than Alembic's, for nothing is found."""
    from alembic.autogenerate.api import AutogenContext

    context = AutogenContext(context_with(), metadata=sa.MetaData())
    registry = getattr(context, "comparators", None)
    if registry is None:  # before 1.18
        from alembic.autogenerate import comparators as registry
    assert sum(len(functions) for functions in registry._registry.values()) > 5


def test_reflection_listeners() -> None:
    def listener(*arguments: Any) -> None:
        pass

    for target in (sa.Table, sa.MetaData):
        assert not private.has_reflection_listeners()
        sa.event.listen(target, "column_reflect", listener)
        try:
            assert private.has_reflection_listeners()
        finally:
            sa.event.remove(target, "column_reflect", listener)
    assert not private.has_reflection_listeners()


def test_own_ddl() -> None:
    from sqlalchemy.ext.compiler import compiles, deregister

    assert not private.has_own_ddl()
    compiles(sa.schema.CreateTable, "sqlite")(lambda *arguments, **options: "")
    try:
        assert private.has_own_ddl()
        assert private.has_own_ddl(sa.schema.CreateTable)
        assert not private.has_own_ddl(sa.Column)
    finally:
        deregister(sa.schema.CreateTable)
    assert not private.has_own_ddl()


def test_prefixes() -> None:
    metadata = sa.MetaData()
    assert not private.has_prefixes(sa.Table("a", metadata))
    assert private.has_prefixes(sa.Table("b", metadata, prefixes=["UNLOGGED"]))
