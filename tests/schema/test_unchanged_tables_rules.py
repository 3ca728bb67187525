"""What the proof leaves to Alembic, what it asks the app, and how many queries it sends."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from proving_cases import (
    both_ways,
    changed,
    connection,
    context_of,
    kind,
    produced,
    proof_of,
    prove,
    shop,
)

pytestmark = pytest.mark.costly

__all__ = ["connection", "kind"]


@pytest.fixture
def statements(connection: sa.Connection) -> list[str]:
    """What is sent to the database, in order."""
    sent: list[str] = []

    @sa.event.listens_for(connection, "before_cursor_execute")
    def heard(*arguments: Any) -> None:
        sent.append(arguments[2])

    return sent


def test_queries_do_not_grow_with_equal_tables(
    connection: sa.Connection, kind: str, statements: list[str]
) -> None:
    counts = []
    for number in (20, 40):
        metadata = shop(number)
        metadata.create_all(connection)
        connection.commit()
        assert len(proof_of(connection, metadata).keys) == number
        del statements[:]
        context = context_of(connection, compare_server_default=True)
        script = produced(context, [metadata])
        assert script.upgrade_ops is not None
        assert script.upgrade_ops.is_empty()
        assert script.downgrade_ops is not None
        assert script.downgrade_ops.is_empty()
        connection.rollback()
        counts.append(len([each for each in statements if "SAVEPOINT" not in each]))
        metadata.drop_all(connection)
        connection.commit()
    # On a server, the second one asks what else decides how it makes a table.
    assert counts == ([1, 1] if kind == "sqlite" else [2, 2])


def test_queries_for_one_table_among_many(
    connection: sa.Connection, statements: list[str]
) -> None:
    shop(40).create_all(connection)
    connection.commit()
    metadata = changed(40, "t7")
    options = {"compare_server_default": True}
    plain, proved = both_ways(connection, [metadata], **options)
    assert proved == plain
    assert plain.count("op.add_column('t7'") == 1
    assert plain.count("op.alter_column('t7'") == 2
    counts = []
    for way in (True, False):
        del statements[:]
        produced(context_of(connection, **options), [metadata], way)
        connection.rollback()
        counts.append(len(statements))
    # Before 1.18 Alembic reads what foreign keys of a table lead to as well.
    assert counts[0] < counts[1] / 2


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
    # Alembic alone has asked about four before, and will for a database just made.
    # What Alembic does not compare asks once more.
    assert sorted(asked[4:-4]) == ["t1", "t1", "t2", "t2"]


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
        produced(context, [first, shop(1)])
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
    from backends import backend_for

    catalog = backend_for(connection.dialect).catalog()
    assert catalog is not None
    module = __import__(type(catalog).__module__, fromlist=["QUERY"])
    monkeypatch.setattr(module, "QUERY", "SELECT nothing FROM nowhere")
    connection.exec_driver_sql("INSERT INTO t0 (name) VALUES ('kept')")
    metadata = changed(2, "t1")
    context = context_of(connection, compare_server_default=True)
    script = produced(context, [metadata])
    assert script.upgrade_ops is not None
    assert "added" in render_python_code(script.upgrade_ops)
    assert connection.scalar(sa.text("SELECT name FROM t0")) == "kept"
