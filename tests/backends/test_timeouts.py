"""Timeouts that are put back, the errors they end in, and who was in the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from backends import backend_for
from databases import MakeDatabase

from flask_alembic.backends import Session
from flask_alembic.backends.base import Backend

SHOW = {
    "PostgreSQL": ("SHOW lock_timeout", "SHOW statement_timeout"),
    "MariaDB": (
        "SELECT @@lock_wait_timeout",
        "SELECT @@innodb_lock_wait_timeout",
        "SELECT @@max_statement_time",
    ),
    "SQLite": ("PRAGMA busy_timeout",),
}
WANTED = {
    "PostgreSQL": ("1500ms", "20s"),
    "MariaDB": (2, 2, 20),
    "SQLite": (1500,),
}


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    yield engine
    engine.dispose()


@pytest.fixture
def backend(engine: sa.Engine) -> Backend:
    return backend_for(engine.dialect)


def settings(backend: Backend, connection: sa.Connection) -> tuple[object, ...]:
    values = tuple(connection.scalar(sa.text(show)) for show in SHOW[backend.name])
    connection.rollback()
    return values


def test_they_hold_after_commit_and_rollback_and_are_put_back(
    engine: sa.Engine, backend: Backend
) -> None:
    with engine.connect() as connection:
        before = settings(backend, connection)
        with backend.timeouts(connection, ddl_lock=1.5, statement=20):
            assert not connection.in_transaction()
            assert settings(backend, connection) == WANTED[backend.name]
            with connection.begin():
                connection.exec_driver_sql("UPDATE t SET id = 2")
            connection.exec_driver_sql("UPDATE t SET id = 3")
            connection.rollback()
            assert settings(backend, connection) == WANTED[backend.name]
        assert before != WANTED[backend.name]
        assert settings(backend, connection) == before


def test_they_are_put_back_after_an_error(engine: sa.Engine, backend: Backend) -> None:
    with engine.connect() as connection:
        before = settings(backend, connection)
        with pytest.raises(sa.exc.DBAPIError):
            with backend.timeouts(connection, ddl_lock=1.5, statement=20):
                connection.exec_driver_sql("SELECT x FROM no_such_table")
        connection.rollback()
        assert settings(backend, connection) == before


def test_what_is_not_given_stays_and_zero_is_for_ever(
    engine: sa.Engine, backend: Backend
) -> None:
    with engine.connect() as connection:
        before = settings(backend, connection)
        with backend.timeouts(connection):
            assert settings(backend, connection) == before
        with backend.timeouts(connection, ddl_lock=0):
            for_ever = settings(backend, connection)
    if backend.name == "PostgreSQL":
        assert for_ever == ("0", before[1])
    elif backend.name == "MariaDB":
        assert for_ever == (31536000, 100000000, before[2])
    else:
        assert for_ever == (2**31 - 1,)


def test_what_the_app_has_set_itself_comes_back(postgresql_url: str) -> None:
    engine = sa.create_engine(
        postgresql_url, connect_args={"options": "-c lock_timeout=7s"}
    )
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = '90s'")
        connection.commit()
        with backend.timeouts(connection, ddl_lock=1, statement=1):
            assert settings(backend, connection) == ("1s", "1s")
        assert settings(backend, connection) == ("7s", "90s")
    engine.dispose()


BLOCKED = {
    "PostgreSQL": "ALTER TABLE t ADD COLUMN c INTEGER",
    "MariaDB": "ALTER TABLE t ADD COLUMN c INTEGER",
    "SQLite": "INSERT INTO t VALUES (2)",
}


@contextmanager
def in_the_way(engine: sa.Engine, backend: Backend) -> Iterator[sa.Connection]:
    """Hold what keeps others from changing the table: here, merely having read it."""
    with engine.connect() as connection:
        if backend.name == "SQLite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("SELECT id FROM t WHERE 'secret' = 'secret'").all()
        yield connection
        connection.rollback()


def test_a_lock_that_is_not_free_in_time(engine: sa.Engine, backend: Backend) -> None:
    with in_the_way(engine, backend), engine.connect() as connection:
        with backend.timeouts(connection, ddl_lock=1):
            with pytest.raises(sa.exc.DBAPIError) as caught:
                connection.exec_driver_sql(BLOCKED[backend.name])
    error = caught.value
    assert backend.is_lock_timeout(error)
    assert not backend.is_statement_timeout(error)
    assert not backend.is_deadlock(error)
    assert not backend.is_disconnect(error)


def test_a_row_that_is_not_free_in_time(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url)
    backend = backend_for(engine.dialect)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE r (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO r VALUES (1)")
    with engine.connect() as first, engine.connect() as second:
        first.exec_driver_sql("UPDATE r SET id = 2 WHERE id = 1")
        with backend.timeouts(second, ddl_lock=1):
            with pytest.raises(sa.exc.DBAPIError) as caught:
                second.exec_driver_sql("DELETE FROM r WHERE id = 1")
    assert backend.is_lock_timeout(caught.value)
    engine.dispose()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_statement_that_takes_too_long(
    kind: str, make_database: MakeDatabase
) -> None:
    engine = sa.create_engine(make_database(kind))
    backend = backend_for(engine.dialect)
    endless = "SELECT pg_sleep(30)"
    if kind == "mariadb":
        many = "seq_1_to_1000000"
        endless = f"CREATE TABLE t AS SELECT max(a.seq * b.seq) FROM {many} a, {many} b"
    with engine.connect() as connection:
        with backend.timeouts(connection, statement=0.5):
            with pytest.raises(sa.exc.DBAPIError) as caught:
                connection.exec_driver_sql(endless)
    assert backend.is_statement_timeout(caught.value)
    assert not backend.is_lock_timeout(caught.value)
    engine.dispose()


def test_a_person_who_cancels_is_no_timeout(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    backend = backend_for(engine.dialect)
    with engine.connect() as connection, engine.connect() as other:
        session = backend.session_id(connection)
        cancel = threading.Timer(
            0.3, other.exec_driver_sql, [f"SELECT pg_cancel_backend({session})"]
        )
        cancel.start()
        with pytest.raises(sa.exc.DBAPIError) as caught:
            connection.exec_driver_sql("SELECT pg_sleep(30)")
        cancel.join()
    assert not backend.is_statement_timeout(caught.value)
    engine.dispose()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_deadlock(kind: str, make_database: MakeDatabase) -> None:
    engine = sa.create_engine(make_database(kind))
    backend = backend_for(engine.dialect)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE d (id INTEGER PRIMARY KEY, n INTEGER)")
        connection.exec_driver_sql("INSERT INTO d VALUES (1, 0), (2, 0)")
    errors: list[BaseException] = []
    barrier = threading.Barrier(2)

    def cross(first: int, second: int) -> None:
        update = "UPDATE d SET n = n + 1 WHERE id = {}"
        with engine.connect() as connection:
            connection.exec_driver_sql(update.format(first))
            barrier.wait()
            try:
                connection.exec_driver_sql(update.format(second))
            except sa.exc.DBAPIError as error:
                errors.append(error)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [backend.is_deadlock(error) for error in errors] == [True]
    assert not backend.is_lock_timeout(errors[0])
    engine.dispose()


@contextmanager
def waiting(
    engine: sa.Engine, backend: Backend, sql: str
) -> Iterator[tuple[str, sa.Connection]]:
    """Execute a statement in a thread; give its session, and a free connection."""
    with engine.connect() as connection, engine.connect() as observer:
        session = backend.session_id(connection)
        assert session is not None

        def work() -> None:
            with backend.timeouts(connection, ddl_lock=8):
                try:
                    connection.exec_driver_sql(sql)
                except sa.exc.DBAPIError:
                    pass
                connection.rollback()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield session, observer
        finally:
            thread.join()


def blockers(
    backend: Backend, observer: sa.Connection, session: str
) -> tuple[Session, ...]:
    """Return who blocks, as soon as the other thread's statement waits."""
    for _ in range(20):
        # InnoDB shows a copy of its tables that it renews only after 0.1 s of rest.
        time.sleep(0.3)
        found = backend.blockers(observer, session)
        assert not observer.in_transaction()
        if found:
            return found
    return ()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_who_has_read_the_table_is_named(
    kind: str, make_database: MakeDatabase
) -> None:
    engine = sa.create_engine(make_database(kind))
    backend = backend_for(engine.dialect)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    with engine.connect() as idle, in_the_way(engine, backend) as reader:
        idle.exec_driver_sql("SELECT 1")
        reader_id = str(number(backend, reader))
        with waiting(engine, backend, BLOCKED[backend.name]) as (session, observer):
            found = blockers(backend, observer, session)
            reader.rollback()
    assert [one.id for one in found] == [reader_id]
    assert found[0].age is not None
    assert "secret" not in str(found[0])
    if kind == "postgresql":
        assert found[0].state == "idle in transaction"
        assert found[0].statement == "SELECT pg_backend_pid()"
    engine.dispose()


def number(backend: Backend, connection: sa.Connection) -> object:
    """Return the session's number from within its transaction."""
    name = "pg_backend_pid" if backend.name == "PostgreSQL" else "connection_id"
    return connection.scalar(sa.text(f"SELECT {name}()"))


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_who_holds_the_row_is_named(kind: str, make_database: MakeDatabase) -> None:
    engine = sa.create_engine(make_database(kind))
    backend = backend_for(engine.dialect)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE r (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO r VALUES (1)")
    update = "UPDATE r SET id = 2 WHERE id = 1"
    with engine.connect() as bystander, engine.connect() as holder:
        bystander.exec_driver_sql("SELECT * FROM r").all()
        holder.exec_driver_sql(update)
        holder_id = str(number(backend, holder))
        with waiting(engine, backend, update) as (session, observer):
            found = blockers(backend, observer, session)
            holder.rollback()
    assert [one.id for one in found] == [holder_id]
    engine.dispose()


def test_who_has_locked_the_tables_is_named(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url)
    backend = backend_for(engine.dialect)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    with engine.connect() as holder:
        holder.exec_driver_sql("LOCK TABLES t WRITE")
        holder_id = str(number(backend, holder))
        with waiting(engine, backend, "INSERT INTO t VALUES (1)") as (session, seer):
            found = blockers(backend, seer, session)
            holder.exec_driver_sql("UNLOCK TABLES")
    assert holder_id in [one.id for one in found]
    engine.dispose()


def test_nobody_blocks_who_does_not_wait(engine: sa.Engine, backend: Backend) -> None:
    with engine.connect() as connection, engine.connect() as observer:
        session = backend.session_id(connection) or "1"
        assert backend.blockers(observer, session) == ()


def test_a_read_only_database_is_neither_a_timeout_nor_a_disconnect(
    sqlite_url: str,
) -> None:
    engine = sa.create_engine(sqlite_url)
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(sa.exc.OperationalError) as caught:
            connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    assert not backend.is_lock_timeout(caught.value)
    assert not backend.is_disconnect(caught.value)
    assert not backend.is_disconnect(ValueError("no"))
    engine.dispose()


def test_versions_and_sessions(engine: sa.Engine, backend: Backend) -> None:
    with engine.connect() as connection:
        version = backend.server_version(connection)
        session = backend.session_id(connection)
        assert not connection.in_transaction()
    name, number_ = version.split()
    assert name == backend.name
    assert [part.isdigit() for part in number_.split(".")][:2] == [True, True]
    assert (session is None) == (backend.name == "SQLite")
