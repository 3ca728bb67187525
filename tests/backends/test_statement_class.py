"""What a statement does, as its text tells, is what the server does.

Each table has one kind of database. A row is inserted in a transaction, then the statement
is sent, and the server is asked whether the transaction is still open, and another
connection whether it sees the row.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sample import is_full

from flask_alembic.backends import Control, Effect, StatementClass
from flask_alembic.backends.classifier import classify

POSTGRESQL = (
    "SELECT 1",
    "TABLE probe",
    "VALUES (1)",
    "SHOW search_path",
    "SELECT count(*) FROM probe",
    "SELECT * FROM probe FOR UPDATE",
    "SELECT pg_advisory_lock(7)",
    "WITH q AS (SELECT 1) SELECT * FROM q",
    "WITH q AS (INSERT INTO probe VALUES (7) RETURNING id) SELECT * FROM q",
    "WITH q AS (UPDATE probe SET id = 3 RETURNING id) SELECT * FROM q",
    "WITH q AS (SELECT 1) UPDATE probe SET id = 4",
    "SELECT * INTO made FROM probe",
    "SELECT makes()",
    "SELECT nextval('seq')",
    "SELECT public.makes()",
    "SELECT lower('A'), now(), version(), current_schema(), EXISTS (SELECT 1)",
    "EXPLAIN INSERT INTO probe VALUES (6)",
    "EXPLAIN ANALYZE INSERT INTO probe VALUES (6)",
    "EXPLAIN (ANALYZE, COSTS off) INSERT INTO probe VALUES (6)",
    "EXPLAIN (ANALYZE) SELECT makes()",
    "EXPLAIN ANALYSE VERBOSE SELECT 1",
    "INSERT INTO probe VALUES (5)",
    "INSERT INTO probe VALUES (5) RETURNING id",
    "UPDATE probe SET id = 5",
    "DELETE FROM probe",
    "MERGE INTO probe p USING (SELECT 1 AS i) s ON p.id = s.i WHEN MATCHED THEN DELETE",
    "TRUNCATE probe",
    "CREATE TABLE other (id int)",
    "CREATE TABLE other AS SELECT 1",
    "CREATE UNIQUE INDEX i ON probe (id)",
    "CREATE INDEX CONCURRENTLY i ON probe (id)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON probe (id)",
    "DROP INDEX CONCURRENTLY IF EXISTS nosuch",
    "REINDEX TABLE probe",
    "REINDEX TABLE CONCURRENTLY probe",
    "REINDEX (CONCURRENTLY) TABLE probe",
    "REINDEX SCHEMA public",
    "CREATE DATABASE fa_never",
    "DROP DATABASE IF EXISTS fa_never",
    "ALTER SYSTEM SET work_mem = '4MB'",
    "VACUUM",
    "vacuum analyze probe",
    "VACUUM (FULL) probe",
    "ANALYZE probe",
    "CLUSTER",
    "DISCARD ALL",
    "DISCARD PLANS",
    "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'new'",
    "COMMENT ON TABLE probe IS 'x; COMMIT'",
    "GRANT SELECT ON probe TO CURRENT_USER",
    "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $$ SELECT 1; COMMIT; $$",
    "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $a$ $$; COMMIT; $$ SELECT 1 $a$",
    "CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; "
    "SELECT CASE WHEN true THEN 1 ELSE 2 END; END",
    "CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; COMMIT",
    "CREATE OR REPLACE PROCEDURE q() LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
    "DO $$ BEGIN NULL; END $$",
    "DO $$ BEGIN COMMIT; END $$",
    "DO 'BEGIN INSERT INTO probe VALUES (8); END'",
    "CALL commits()",
    "CALL inserts()",
    "PREPARE p AS INSERT INTO probe VALUES (9)",
    "PREPARE p AS SELECT 1; EXECUTE p",
    "DEALLOCATE ALL",
    "DECLARE c CURSOR FOR SELECT * FROM probe",
    "LOCK TABLE probe",
    "LOCK probe IN SHARE MODE",
    "SET work_mem = '8MB'",
    "SET LOCAL work_mem = '8MB'",
    "SET ROLE NONE",
    "RESET ALL",
    "SET TRANSACTION READ ONLY",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET CONSTRAINTS ALL DEFERRED",
    "LISTEN a",
    "NOTIFY a",
    "UNLISTEN *",
    "CHECKPOINT",
    "LOAD 'plpgsql'",
    "COPY probe TO '/dev/null'",
    "BEGIN",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "START TRANSACTION",
    "SAVEPOINT s",
    "SAVEPOINT s; ROLLBACK TO s",
    "SAVEPOINT s; ROLLBACK WORK TO SAVEPOINT s; RELEASE s",
    "SAVEPOINT s; ROLLBACK TRANSACTION TO s",
    'SAVEPOINT "TO"; ROLLBACK TO "TO"',
    "COMMIT",
    "commit;",
    " \n COMMIT WORK ; ; ",
    "COMMIT TRANSACTION",
    "COMMIT AND CHAIN",
    "COMMIT AND NO CHAIN",
    "END",
    "END TRANSACTION",
    "END AND CHAIN",
    "ABORT",
    "ABORT WORK",
    "ABORT AND CHAIN",
    "ROLLBACK",
    "ROLLBACK AND CHAIN",
    "ROLLBACK TRANSACTION AND NO CHAIN",
    "COMMIT PREPARED 'nosuch'",
    "ROLLBACK PREPARED 'nosuch'",
    "PREPARE TRANSACTION 'fa_never'",
    "-- why\nCOMMIT",
    "-- why\rCOMMIT",
    "-- why\r\nCOMMIT",
    "-- COMMIT",
    "/* a */ COMMIT",
    "/* a /* nested */ still */ COMMIT",
    "/* a /* nested */ still */ COMMIT /* end */",
    "/**/COMMIT/**/",
    "COMMIT -- done",
    "/* COMMIT */ SELECT 1",
    ";COMMIT",
    ";;/* */;COMMIT",
    "COMMIT; SELECT 1",
    "SELECT 1; COMMIT",
    "SELECT 1; COMMIT; BEGIN",
    "SELECT 1;\nCOMMIT;\n-- end",
    "INSERT INTO probe VALUES (5); ROLLBACK",
    "BEGIN; INSERT INTO probe VALUES (5); COMMIT",
    "SELECT 'it''s; COMMIT; '",
    "SELECT 'a\\'; COMMIT; --'",
    "SELECT E'it\\'s; COMMIT; '",
    "SELECT e'\\\\'; COMMIT",
    "SELECT 1 AS e, ';'; COMMIT",
    "SELECT ';' AS \"a;COMMIT;b\"",
    'SELECT 1 AS "x"" ; COMMIT ; "',
    "SELECT $$; COMMIT; $$",
    "SELECT $tag$; COMMIT; $$ $tag$",
    "SELECT $$a$$; COMMIT",
    "SELECT 1 AS a$b; COMMIT; SELECT 2 AS c$b",
    "SELECT 1 AS a$$; COMMIT; SELECT 2 AS b$$",
    "SELECT U&'d\\0061t; COMMIT'",
    "SELECT 1 -- '\n; COMMIT -- '",
    "SELECT 1 /* ' */; COMMIT /* ' */",
    "SELECT 'unclosed; COMMIT",
    "nonsense",
    "",
)

MARIADB = (
    "SELECT 1",
    "SELECT * FROM probe FOR UPDATE",
    "SELECT counted()",
    "SELECT 1 INTO @a",
    "SHOW TABLES",
    "DO 0",
    "INSERT INTO probe VALUES (5)",
    "INSERT INTO probe VALUES (5) RETURNING id",
    "UPDATE probe SET id = 5",
    "DELETE FROM probe",
    "REPLACE INTO probe VALUES (3)",
    "WITH q AS (SELECT 1 AS i) SELECT i FROM q",
    "CREATE TABLE other (id INT)",
    "CREATE OR REPLACE TABLE probe2 (id INT)",
    "CREATE TEMPORARY TABLE passing (id INT)",
    "DROP TEMPORARY TABLE IF EXISTS passing",
    "DROP TABLE IF EXISTS nosuch",
    "CREATE INDEX i ON probe (id)",
    "ALTER TABLE probe COMMENT 'x'",
    "RENAME TABLE probe2 TO probe3",
    "TRUNCATE probe2",
    "ANALYZE TABLE probe",
    "ANALYZE SELECT 1",
    "ANALYZE FORMAT=JSON UPDATE probe SET id = 3",
    "CHECK TABLE probe",
    "OPTIMIZE TABLE probe",
    "FLUSH TABLES",
    "FLUSH STATUS",
    "CACHE INDEX probe IN other",
    "RESET QUERY CACHE",
    "CREATE PROCEDURE q() BEGIN COMMIT; END",
    "CALL commits()",
    "CALL inserts()",
    "BEGIN",
    "BEGIN WORK",
    "BEGIN NOT ATOMIC INSERT INTO probe VALUES (6); END",
    "BEGIN NOT ATOMIC COMMIT; END",
    "IF 1 = 1 THEN COMMIT; END IF",
    "FOR i IN 1..2 DO COMMIT; END FOR",
    "START TRANSACTION",
    "START TRANSACTION READ ONLY",
    "COMMIT",
    "commit work;",
    "COMMIT AND CHAIN",
    "COMMIT AND NO CHAIN NO RELEASE",
    "ROLLBACK",
    "ROLLBACK WORK",
    "ROLLBACK AND CHAIN",
    "SAVEPOINT s",
    "ROLLBACK TO SAVEPOINT s",
    "RELEASE SAVEPOINT s",
    "SET autocommit = 1",
    "SET autocommit = 0",
    "SET SESSION autocommit = 1",
    "SET @@autocommit = ON",
    "SET @@session.autocommit := 1",
    "SET @a = 1, autocommit = 1",
    "SET `autocommit` = 1",
    "SET @@`autocommit` = 1",
    "SET /*!40101 autocommit = */ /*M! 1 */",
    "SET @a = 'autocommit'",
    "SET NAMES utf8mb4",
    "SET sql_mode = ''",
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET STATEMENT lock_wait_timeout = 9 FOR COMMIT",
    "SET STATEMENT lock_wait_timeout = 9 FOR ALTER TABLE probe COMMENT 'y'",
    "SET STATEMENT lock_wait_timeout = 9 FOR INSERT INTO probe VALUES (7)",
    "SET ROLE NONE",
    "SET DEFAULT ROLE NONE",
    "LOCK TABLES probe WRITE",
    "UNLOCK TABLES",
    "HANDLER probe OPEN",
    "PREPARE p FROM 'COMMIT'",
    "EXECUTE IMMEDIATE 'COMMIT'",
    "EXECUTE IMMEDIATE 'INSERT INTO probe VALUES (8)'",
    "DEALLOCATE PREPARE p",
    "XA START 'fa'",
    "XA BEGIN 'fa'",
    "XA END 'fa'",
    "XA PREPARE 'fa'",
    "XA COMMIT 'fa'",
    "XA ROLLBACK 'fa'",
    "XA RECOVER",
    "USE mysql",
    "GRANT SELECT ON probe TO CURRENT_USER",
    "-- why\nCOMMIT",
    "-- why\rCOMMIT",
    "--COMMIT",
    "# why\nCOMMIT",
    "# COMMIT",
    "/* a */ COMMIT",
    "/*!40101 COMMIT */",
    "/*M! COMMIT */",
    "/*!99999 COMMIT */",
    "/* COMMIT */ SELECT 1",
    "/*! CREATE */ TABLE other (id INT)",
    ";COMMIT",
    "SELECT 1; COMMIT",
    "INSERT INTO probe VALUES (5); COMMIT; SELECT 1",
    "SELECT '; COMMIT'",
    "SELECT 'it\\'s; COMMIT'",
    "SELECT `id` AS `a;COMMIT` FROM probe",
    "KILL QUERY 0",
    "nonsense",
    "",
)

SQLITE = (
    "SELECT 1",
    "VALUES (1)",
    "EXPLAIN COMMIT",
    "EXPLAIN QUERY PLAN SELECT 1",
    "WITH q AS (SELECT 1) SELECT * FROM q",
    "WITH q AS (SELECT 1) INSERT INTO probe SELECT * FROM q",
    "INSERT INTO probe VALUES (5)",
    "INSERT OR ROLLBACK INTO probe VALUES (5)",
    "REPLACE INTO probe VALUES (1)",
    "UPDATE probe SET id = 5",
    "DELETE FROM probe",
    "CREATE TABLE other (id INTEGER)",
    "CREATE TEMP TABLE passing (id INTEGER)",
    "CREATE TRIGGER r AFTER INSERT ON probe BEGIN SELECT 1; SELECT 2; END",
    "ALTER TABLE probe ADD COLUMN x",
    "DROP TABLE IF EXISTS nosuch",
    "CREATE INDEX i ON probe (id)",
    "ANALYZE",
    "REINDEX",
    "VACUUM",
    "-- why\nVACUUM",
    "VACUUM INTO '/dev/null/nosuch'",
    "ATTACH ':memory:' AS beside",
    "DETACH main",
    "DETACH DATABASE attached",
    "PRAGMA journal_mode",
    "PRAGMA journal_mode = WAL",
    "PRAGMA journal_mode = MEMORY",
    "PRAGMA main.journal_mode(WAL)",
    'PRAGMA "main".journal_mode = WAL',
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA foreign_keys",
    "PRAGMA table_info(probe)",
    "PRAGMA user_version",
    "PRAGMA user_version = 5",
    "PRAGMA application_id(7)",
    "PRAGMA auto_vacuum = FULL",
    "PRAGMA incremental_vacuum",
    "PRAGMA wal_checkpoint",
    "PRAGMA optimize",
    "PRAGMA writable_schema = ON",
    "PRAGMA nosuch = 1",
    "BEGIN",
    "BEGIN IMMEDIATE",
    "SAVEPOINT s",
    "SAVEPOINT 'a b'",
    "ROLLBACK TO nosuch",
    "ROLLBACK TRANSACTION TO probed",
    "ROLLBACK TO SAVEPOINT probed",
    "ROLLBACK TRANSACTION 'x' TO probed",
    "RELEASE probed",
    "COMMIT",
    "commit;",
    "COMMIT TRANSACTION",
    "COMMIT TRANSACTION x",
    "END",
    "END TRANSACTION 'x'",
    "ROLLBACK",
    "ROLLBACK TRANSACTION",
    "ROLLBACK TRANSACTION x",
    "-- why\nCOMMIT",
    "-- why\rCOMMIT",
    "/* a */ COMMIT",
    "/* a /* b */ COMMIT",
    "COMMIT /* left open",
    "/* COMMIT",
    ";COMMIT",
    ";;--x\n;COMMIT",
    "\ufeffCOMMIT",
    "\ufeff COMMIT; -- done",
    "\x0cCOMMIT",
    "SELECT 1; COMMIT",
    "COMMIT; SELECT 1",
    "SELECT '; COMMIT'",
    "SELECT 1 AS [a;COMMIT]",
    "nonsense",
    "",
)


@contextmanager
def postgresql(url: str) -> Iterator[Any]:
    """Give a connection of the driver that begins nothing by itself."""
    psycopg = pytest.importorskip("psycopg")
    plain = sa.make_url(url).set(drivername="postgresql")
    address = plain.render_as_string(hide_password=False)
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        yield connection


def some(statements: tuple[str, ...]) -> tuple[str, ...]:
    """Return all statements in a full run, every third one in a sample."""
    return statements if is_full() else statements[::3]


def value(connection: Any, sql: str) -> Any:
    """Return the first value of a query."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


PREPARE_POSTGRESQL = """
CREATE TABLE probe (id int); CREATE SEQUENCE seq; CREATE TYPE mood AS ENUM ('old');
CREATE FUNCTION makes() RETURNS int LANGUAGE sql
    AS $$ INSERT INTO probe VALUES (10); SELECT 1 $$;
CREATE PROCEDURE inserts() LANGUAGE sql AS $$ INSERT INTO probe VALUES (11) $$;
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
"""
ASSIGNED = "SELECT pg_current_xact_id_if_assigned()::text"
ACTIVE_SQL_TRANSACTION = "25001"


def wrong_on_postgresql(
    url: str, other: Any, sql: str, found: StatementClass
) -> list[str]:
    """Return what the server says otherwise."""
    wrong, state = [], ""
    with postgresql(url) as connection:
        before = value(other, "SELECT count(*) FROM probe")
        connection.execute("BEGIN; INSERT INTO probe VALUES (1)")
        number = value(connection, ASSIGNED)
        try:
            connection.execute(sql)
        except Exception as error:
            state = getattr(error, "sqlstate", None) or "?"
        status = int(connection.info.transaction_status)
        is_over = status == 0 or (status == 2 and value(connection, ASSIGNED) != number)
        if is_over and not (found.commits or found.ends_transaction):
            wrong.append("the transaction is over")
        if not state and found.ends_transaction and not is_over:
            wrong.append("the transaction is still open")
        if is_over and value(other, "SELECT count(*) FROM probe") != before:
            wrong += [] if found.commits else ["the row is committed"]
        if found.needs_autocommit != (state == ACTIVE_SQL_TRANSACTION):
            is_other = found.control is Control.BEGIN or "TRANSACTION" in sql
            wrong += [] if is_other else [f"in a transaction: {state or 'executed'}"]
    with postgresql(url) as connection:
        connection.execute("BEGIN")
        with contextlib.suppress(Exception):
            connection.execute(sql)
            is_open = int(connection.info.transaction_status) == 2
            if is_open and value(connection, ASSIGNED) and found.effect is Effect.READ:
                wrong.append("it changes something")
    return wrong


def test_postgresql(postgresql_url: str) -> None:
    with postgresql(postgresql_url) as other:
        other.execute(PREPARE_POSTGRESQL)
        results = {
            sql: wrong_on_postgresql(
                postgresql_url, other, sql, classify(sql, "postgresql")
            )
            for sql in some(POSTGRESQL)
        }
    assert {sql: wrong for sql, wrong in results.items() if wrong} == {}


PREPARE_MARIADB = (
    "CREATE TABLE probe (id INT) ENGINE=InnoDB",
    "CREATE TABLE probe2 (id INT)",
    "CREATE FUNCTION counted() RETURNS INT MODIFIES SQL DATA"
    " BEGIN INSERT INTO probe VALUES (9); RETURN 1; END",
    "CREATE PROCEDURE inserts() INSERT INTO probe VALUES (11)",
    "CREATE PROCEDURE commits() COMMIT",
)


@contextmanager
def mariadb(url: str) -> Iterator[Any]:
    """Give a connection of the driver that may send several statements at once."""
    import pymysql
    from pymysql.constants import CLIENT

    parts = sa.make_url(url)
    connection = pymysql.connect(
        host=parts.host,
        port=parts.port or 3306,
        user=parts.username,
        password=str(parts.password or ""),
        database=parts.database,
        client_flag=CLIENT.MULTI_STATEMENTS,
    )
    try:
        yield connection
    finally:
        with contextlib.suppress(Exception):
            connection.rollback()
        connection.close()


def send(connection: Any, sql: str) -> None:
    """Send a text, and read all that comes back."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        while cursor.nextset():
            pass


def wrong_on_mariadb(
    url: str, other: Any, sql: str, found: StatementClass
) -> list[str]:
    """Return what the server says otherwise."""
    wrong = []
    with mariadb(url) as connection:
        rows = "SELECT count(*) FROM probe WHERE id = 1"
        before = value(other, rows)
        for text in (
            "START TRANSACTION",
            "INSERT INTO probe VALUES (1)",
            "SAVEPOINT s",
        ):
            send(connection, text)
        is_refused = False
        try:
            send(connection, sql)
        except Exception:
            is_refused = True
        is_open = bool(value(connection, "SELECT @@in_transaction"))
        with contextlib.suppress(Exception):  # the table may be locked
            if value(other, rows) != before and not found.commits:
                wrong.append("the row is committed")
        if not is_open and not (found.commits or found.ends_transaction):
            wrong.append("the transaction is over")
        if found.control is Control.ROLLBACK and is_open and not is_refused:
            wrong.append("the transaction is still open")
    return wrong


def test_mariadb(mariadb_url: str) -> None:
    with mariadb(mariadb_url) as other:
        for sql in (*PREPARE_MARIADB, "SET autocommit = 1, lock_wait_timeout = 1"):
            send(other, sql)
        results = {
            sql: wrong_on_mariadb(mariadb_url, other, sql, classify(sql, "mysql"))
            for sql in some(MARIADB)
        }
    assert {sql: wrong for sql, wrong in results.items() if wrong} == {}


def wrong_on_sqlite(path: str, sql: str, found: StatementClass) -> list[str]:
    """Return what SQLite says otherwise."""
    wrong, message = [], ""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ATTACH ':memory:' AS attached")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO probe VALUES (1)")
        connection.execute("SAVEPOINT probed")
        try:
            connection.execute(sql).fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            message = str(error)
        is_over = not connection.in_transaction
        if is_over and not (found.commits or found.ends_transaction):
            wrong.append("the transaction is over")
        if not message and found.ends_transaction and not is_over:
            wrong.append("the transaction is still open")
        if is_over and found.control is not Control.ROLLBACK and not found.commits:
            wrong.append("it may be committed")
        refused = ("transaction" in message and "within" in message) or (
            "inside a transaction" in message
        )
        if refused and not found.needs_autocommit and found.control is None:
            wrong.append(f"in a transaction: {message}")
    return wrong


def test_sqlite(sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE probe (id INTEGER)")
    results = {
        sql: wrong_on_sqlite(path, sql, classify(sql, "sqlite")) for sql in SQLITE
    }
    assert {sql: wrong for sql, wrong in results.items() if wrong} == {}


STANDARD = {
    "SELECT a FROM t": (Effect.READ, False, None),
    "SELECT replace(a, 'x', 'y') FROM t": (Effect.READ, False, None),
    "SELECT a INTO b FROM t": (Effect.CHANGE, False, None),
    "WITH q AS (SELECT 1) INSERT INTO a SELECT * FROM q": (Effect.CHANGE, False, None),
    "UPDATE t SET a = 1": (Effect.CHANGE, False, None),
    "DROP TABLE t": (Effect.CHANGE, True, None),
    "whatever": (Effect.CHANGE, True, None),
    "SELECT 'never closed": (Effect.CHANGE, True, None),
    "SET a = 1": (Effect.SESSION, False, None),
    "-- a\nCOMMIT": (Effect.SESSION, True, Control.COMMIT),
    "SELECT 1; ROLLBACK": (Effect.SESSION, False, Control.END),
    "/* COMMIT */": (Effect.READ, False, None),
}


@pytest.mark.parametrize("sql", STANDARD)
def test_a_database_of_which_nothing_is_known(sql: str) -> None:
    found = classify(sql, "nosuch")
    assert (found.effect, found.commits, found.control) == STANDARD[sql]
