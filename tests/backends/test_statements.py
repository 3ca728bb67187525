"""Which statements commit by themselves, and what of a statement may be shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from backends import backend_for
from databases import MakeDatabase

from flask_alembic.backends import Session
from flask_alembic.backends.base import Backend
from flask_alembic.backends.statements import INTERNAL, is_internal, mask, run

COMMITS = [
    "CREATE TABLE n (id INTEGER)",
    "create or replace table n (id INTEGER)",
    "/* why */ ALTER TABLE t ADD COLUMN c INTEGER",
    "-- why\nCREATE INDEX i ON t (id)",
    "DROP TABLE IF EXISTS n",
    "RENAME TABLE t TO t2",
    "TRUNCATE TABLE t",
    "CREATE VIEW v AS SELECT 1 AS one",
    "CREATE SEQUENCE s",
    "CREATE PROCEDURE p() SELECT 1",
    "CREATE DATABASE IF NOT EXISTS test",
    "LOCK TABLES t WRITE",
    "START TRANSACTION",
    "begin",
    "COMMIT",
    "SET autocommit = 1",
    "ANALYZE TABLE t",
    "OPTIMIZE TABLE t",
    "CHECK TABLE t",
    "REPAIR TABLE t",
    "FLUSH TABLES t",
    "/*!50000 CREATE TABLE n (id INTEGER) */",
    "/*M! CREATE TABLE n (id INTEGER) */",
    "SET STATEMENT max_statement_time = 10 FOR CREATE TABLE n (id INTEGER)",
    "GRANT SELECT ON t TO CURRENT_USER",
]
DOES_NOT_COMMIT = [
    "INSERT INTO t VALUES (2)",
    "UPDATE t SET id = 2 /* ALTER TABLE */",
    "DELETE FROM t WHERE id = 5",
    "REPLACE INTO t VALUES (3)",
    "SELECT 'CREATE TABLE n'",
    "WITH c AS (SELECT 1) SELECT * FROM c",
    "CREATE TEMPORARY TABLE n (id INTEGER)",
    "CREATE OR REPLACE TEMPORARY TABLE n (id INTEGER)",
    "DROP TEMPORARY TABLE IF EXISTS n",
    "SET @x = 1",
    "SET SESSION lock_wait_timeout = 5",
    "SAVEPOINT s",
    "SHOW TABLES",
    "ANALYZE SELECT 1",
    "SET STATEMENT max_statement_time = 10 FOR INSERT INTO t VALUES (9)",
    "DO 1",
]


@pytest.fixture
def engine(mariadb_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(mariadb_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE seen (id INTEGER)")
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    yield engine
    engine.dispose()


def really_commits(engine: sa.Engine, statement: str) -> bool:
    """Ask the server itself: execute it between an INSERT and a ROLLBACK."""
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO seen VALUES (1)")
        connection.exec_driver_sql(statement)
        connection.rollback()
        connection.invalidate()
    with engine.connect() as connection:
        return bool(connection.scalar(sa.text("SELECT count(*) FROM seen")))


@pytest.mark.sample(6)
@pytest.mark.parametrize("statement", COMMITS)
def test_mariadb_commits_by_itself(engine: sa.Engine, statement: str) -> None:
    assert backend_for(engine.dialect).commits_implicitly(statement)
    assert really_commits(engine, statement)


@pytest.mark.sample(4)
@pytest.mark.parametrize("statement", DOES_NOT_COMMIT)
def test_mariadb_does_not_commit(engine: sa.Engine, statement: str) -> None:
    assert not backend_for(engine.dialect).commits_implicitly(statement)
    assert not really_commits(engine, statement)


def test_what_only_the_server_knows_counts_as_committing(engine: sa.Engine) -> None:
    backend = backend_for(engine.dialect)
    assert backend.commits_implicitly("CALL whatever()")
    assert backend.commits_implicitly("EXECUTE IMMEDIATE 'SELECT 1'")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_elsewhere_nothing_does(kind: str, make_database: MakeDatabase) -> None:
    engine = sa.create_engine(make_database(kind))
    backend = backend_for(engine.dialect)
    assert not any(backend.commits_implicitly(statement) for statement in COMMITS)
    assert not Backend(engine.dialect).commits_implicitly("CREATE TABLE n (id INTEGER)")


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        (None, None),
        ("  ", None),
        ("SELECT 1", "SELECT ?"),
        ("ALTER ROLE a PASSWORD 'secret'", "ALTER ROLE a PASSWORD ?"),
        ("ALTER ROLE a PASSWORD 'sec''ret'", "ALTER ROLE a PASSWORD ?"),
        ("ALTER ROLE a PASSWORD E'sec\\'ret'", "ALTER ROLE a PASSWORD ?"),
        ("ALTER ROLE a PASSWORD 'secr", "ALTER ROLE a PASSWORD ?"),
        ("DO $body$ secret $body$", "DO ?"),
        ("DO $$ secret", "DO ?"),
        ("ALTER TABLE t ADD c VARCHAR(40)", "ALTER TABLE t ADD c VARCHAR(40)"),
        ("-- secret\nUPDATE t1 SET x = 4711", "UPDATE t1 SET x = ?"),
        ("INSERT INTO t\n  VALUES (4711, 'secret')", "INSERT INTO t VALUES (?, ?)"),
        ('UPDATE t SET x = "secret"', "UPDATE t SET x = ?"),
        ("SELECT " + "x, " * 200, "SELECT " + ("x, " * 200)[:190] + "..."),
    ],
)
def test_what_may_be_shown(sql: str | None, shown: str | None) -> None:
    assert mask(sql, quotes="'\"") == shown


def test_double_quotes_are_names_on_other_databases() -> None:
    assert mask('DROP TABLE "user"') == 'DROP TABLE "user"'


def test_a_session_in_words() -> None:
    assert str(Session("7")) == "session 7"
    full = Session("7", 61.4, "web", "ALTER TABLE t", "active")
    assert str(full) == "session 7 (web) for 61 s [active] running 'ALTER TABLE t'"


def test_our_own_statements_are_known_to_listeners(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    seen: list[tuple[str, bool]] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def listen(
        connection: object, cursor: object, sql: str, parameters: object, *rest: object
    ) -> None:
        seen.append((sql, is_internal(rest[0])))  # type: ignore[arg-type]

    with engine.connect() as connection:
        with backend_for(engine.dialect).transaction(connection), connection.begin():
            run(connection, "SELECT :value", {"value": 1})
            connection.exec_driver_sql("SELECT 2")
            connection.exec_driver_sql("SELECT 3", execution_options=INTERNAL)
    assert seen == [
        ("BEGIN IMMEDIATE", True),
        ("SELECT ?", True),
        ("SELECT 2", False),
        ("SELECT 3", True),
    ]
    engine.dispose()


def test_an_unknown_database_gets_the_base() -> None:
    from sqlalchemy.dialects import mssql, oracle

    dialects = (mssql.dialect(), oracle.dialect())  # type: ignore[no-untyped-call]
    for dialect, transactional in zip(dialects, (True, False), strict=True):
        backend = backend_for(dialect)
        assert type(backend) is Backend
        assert backend.name == dialect.name
        assert backend.transactional_ddl is transactional
        assert not backend.renders_as_batch
        assert backend.connect_args(5) == {}


def test_two_phase_needs_room_on_the_server(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        slots = connection.scalar(sa.text("SHOW max_prepared_transactions"))
    assert backend.two_phase(engine) == (int(slots or 0) > 0)
    connection = engine.connect()
    transaction = connection.begin_twophase()
    connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    if backend.two_phase(engine):
        transaction.prepare()
        transaction.rollback()
    else:
        with pytest.raises(sa.exc.DBAPIError, match="prepared transactions"):
            transaction.prepare()
        connection.invalidate()
    connection.close()
    engine.dispose()


def test_two_phase_is_of_no_use_where_ddl_commits(engine: sa.Engine) -> None:
    assert not backend_for(engine.dialect).two_phase(engine)
    with engine.connect() as connection:
        transaction = connection.begin_twophase()
        with pytest.raises(sa.exc.DBAPIError, match="XAER_RMFAIL"):
            connection.exec_driver_sql("CREATE TABLE x (id INTEGER)")
        transaction.rollback()
