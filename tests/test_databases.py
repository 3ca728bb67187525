"""The test databases themselves: fresh, empty, separate, gone afterwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from databases import KINDS, MakeDatabase


def tables(url: str) -> list[str]:
    engine = sa.create_engine(url)
    try:
        return sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_a_database_is_empty_and_can_be_written(database_url: str) -> None:
    assert tables(database_url) == []
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    engine.dispose()
    assert tables(database_url) == ["t"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_test_may_have_several_databases(
    kind: str, make_database: MakeDatabase
) -> None:
    first, second = make_database(kind), make_database(kind)
    engine = sa.create_engine(first)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    engine.dispose()
    assert first != second
    assert tables(second) == []


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_session_left_open_does_not_keep_a_database(
    kind: str, make_database: MakeDatabase, request: pytest.FixtureRequest
) -> None:
    from databases import admin_connection, drop_mariadb, drop_postgresql

    url = sa.make_url(make_database(kind))
    server: sa.URL = request.getfixturevalue(f"{kind}_server")
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        drop = drop_postgresql if kind == "postgresql" else drop_mariadb
        drop(server, str(url.database))
        connection.invalidate()
    engine.dispose()
    schemas = sa.text("SELECT count(*) FROM information_schema.schemata")
    with admin_connection(server) as admin:
        if kind == "mariadb":
            named = " WHERE schema_name = :name"
            left = admin.scalar(sa.text(f"{schemas}{named}"), {"name": url.database})
        else:
            databases = "SELECT count(*) FROM pg_database WHERE datname = :name"
            left = admin.scalar(sa.text(databases), {"name": url.database})
    assert left == 0
