"""The migration lock on real databases, between connections, threads and processes."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import backend_for
from databases import MakeDatabase

from flask_alembic.backends import LockKey, Session
from flask_alembic.backends.base import Backend
from flask_alembic.errors import DatabaseError, LockNotObtained

pytestmark = pytest.mark.costly

KEY = LockKey("main")
ROOT = Path(__file__).parents[2]

HOLDER = (
    f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r})"
    + """
import sys, time, pathlib
import sqlalchemy as sa
from flask_alembic.backends import LockKey
from backends import backend_for

url, seconds, log = sys.argv[1], float(sys.argv[2]), pathlib.Path(sys.argv[3])
engine = sa.create_engine(url)
backend = backend_for(engine.dialect)

def note(word):
    with log.open("a") as file:
        file.write(word + "\\n")

with backend.connect(engine, 10) as connection:
    with backend.lock(connection, LockKey("main"), 60, lambda who, waited: None):
        note("in")
        print("held", flush=True)
        time.sleep(seconds)
        note("out")
engine.dispose()
"""
)


def nobody(sessions: tuple[Session, ...], waited: float) -> None:
    """Take no notice of the waiting."""


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def backend(engine: sa.Engine) -> Backend:
    return backend_for(engine.dialect)


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that takes the lock, and see to it that it ends."""
    started: list[subprocess.Popen[str]] = []

    def start(
        url: str, seconds: float = 60, wait: bool = True
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, url, str(seconds), str(tmp_path / "log")],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        started.append(process)
        if wait:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def is_free(backend: Backend, engine: sa.Engine, key: LockKey = KEY) -> bool:
    with engine.connect() as connection:
        try:
            with backend.lock(connection, key, 0, nobody):
                return True
        except LockNotObtained:
            return False


def test_only_one_has_it(engine: sa.Engine, backend: Backend) -> None:
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 0, nobody):
            assert not connection.in_transaction()
            assert not is_free(backend, engine)
        assert is_free(backend, engine)


def test_the_wait_ends_with_an_error_that_names_who_has_it(
    database_url: str,
    engine: sa.Engine,
    backend: Backend,
    hold: Callable[..., subprocess.Popen[str]],
) -> None:
    holder = hold(database_url)
    waits: list[tuple[tuple[Session, ...], float]] = []
    with engine.connect() as connection:
        with pytest.raises(LockNotObtained) as caught:
            with backend.lock(connection, KEY, 1.5, lambda *a: waits.append(a)):
                pass
        assert not connection.in_transaction()
    assert len(waits) == 1
    (sessions, waited) = waits[0]
    assert waited >= 1
    assert len(sessions) == 1
    assert sessions[0].age is not None
    assert sessions[0].application
    assert f"session {sessions[0].id}" in str(caught.value)
    assert "within 1.5 seconds" in str(caught.value)
    assert caught.value.exit_code == 4
    if backend.name != "MariaDB":
        assert f"process {holder.pid}" in str(caught.value)


def test_zero_tries_once(engine: sa.Engine, backend: Backend) -> None:
    waits: list[object] = []
    with engine.connect() as holder, engine.connect() as other:
        with backend.lock(holder, KEY, 0, nobody):
            with pytest.raises(LockNotObtained, match="at once"):
                with backend.lock(other, KEY, 0, lambda *a: waits.append(a)):
                    pass
    assert waits == []


@pytest.mark.one_database
def test_less_than_zero_waits_until_it_is_free(
    database_url: str,
    engine: sa.Engine,
    backend: Backend,
    hold: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    hold(database_url, seconds=1)
    with engine.connect() as connection:
        with backend.lock(connection, KEY, -1, nobody):
            assert (tmp_path / "log").read_text().split() == ["in", "out"]


def test_it_survives_all_kinds_of_transactions(
    engine: sa.Engine, backend: Backend
) -> None:
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 0, nobody):
            with connection.begin():
                connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
            assert not is_free(backend, engine)
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
            connection.rollback()
            assert not is_free(backend, engine)
            level = connection.get_isolation_level()
            connection.execution_options(isolation_level="AUTOCOMMIT")
            with connection.begin():
                connection.exec_driver_sql("INSERT INTO t VALUES (1)")
            connection.execution_options(isolation_level=level)
            assert not is_free(backend, engine)
        assert is_free(backend, engine)


def test_an_exception_in_a_transaction_releases_it(
    engine: sa.Engine, backend: Backend
) -> None:
    with engine.connect() as connection:
        with pytest.raises(sa.exc.DBAPIError):
            with backend.lock(connection, KEY, 0, nobody):
                connection.exec_driver_sql("SELECT no_such_column FROM no_such_table")
        assert is_free(backend, engine)
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_each_version_table_has_its_own(engine: sa.Engine, backend: Backend) -> None:
    if backend.name == "SQLite":
        pytest.skip("SQLite: one writer a file, one lock a file")
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 0, nobody):
            assert is_free(backend, engine, LockKey("main", None, "other_version"))
            assert is_free(backend, engine, LockKey("main", "other_schema"))


def test_the_default_schema_is_the_same_with_and_without_its_name(
    engine: sa.Engine, backend: Backend
) -> None:
    schema = sa.inspect(engine).default_schema_name
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 0, nobody):
            assert not is_free(backend, engine, LockKey("main", schema))


def test_each_database_has_its_own(
    database_url: str,
    make_database: MakeDatabase,
    engine: sa.Engine,
    backend: Backend,
) -> None:
    kind = {"SQLite": "sqlite", "PostgreSQL": "postgresql"}.get(backend.name, "mariadb")
    other = sa.create_engine(make_database(kind))
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 0, nobody):
            assert is_free(backend_for(other.dialect), other)
    other.dispose()


def test_a_killed_process_leaves_it_free(
    database_url: str,
    engine: sa.Engine,
    backend: Backend,
    hold: Callable[..., subprocess.Popen[str]],
) -> None:
    holder = hold(database_url)
    assert not is_free(backend, engine)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 20, nobody):
            assert not connection.in_transaction()


@pytest.mark.one_database
def test_processes_take_turns_though_one_of_them_is_killed(
    database_url: str,
    hold: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    first = hold(database_url)
    others = [hold(database_url, 0.05, wait=False) for _ in range(4)]
    time.sleep(0.5)
    first.kill()
    assert [process.wait(timeout=60) for process in others] == [0, 0, 0, 0]
    assert (tmp_path / "log").read_text().split() == ["in"] + ["in", "out"] * 4


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_session_ended_by_the_server_is_no_error_of_the_lock(
    kind: str, make_database: MakeDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    engine = sa.create_engine(make_database(kind))
    backend = backend_for(engine.dialect)
    end = "SELECT pg_terminate_backend({})" if kind == "postgresql" else "KILL {}"
    with engine.connect() as connection:
        session = backend.session_id(connection)
        with caplog.at_level(logging.WARNING, "flask_alembic.backends"):
            with backend.lock(connection, KEY, 0, nobody):
                with engine.connect() as other:
                    other.exec_driver_sql(end.format(session))
                with pytest.raises(sa.exc.DBAPIError) as caught:
                    connection.exec_driver_sql("SELECT 1")
    assert backend.is_disconnect(caught.value)
    assert is_free(backend, engine)
    assert len(caplog.records) == 1
    engine.dispose()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_replaced_connection_is_noticed(
    kind: str, make_database: MakeDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    engine = sa.create_engine(make_database(kind))
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        with caplog.at_level(logging.WARNING, "flask_alembic.backends"):
            with backend.lock(connection, KEY, 0, nobody):
                connection.invalidate()
                connection.rollback()
                connection.exec_driver_sql("SELECT 1")
    assert "was lost during the run" in caplog.text
    engine.dispose()


def test_nothing_is_left_on_a_pooled_connection(database_url: str) -> None:
    engine = sa.create_engine(database_url, pool_size=1, max_overflow=0)
    backend = backend_for(engine.dialect)
    show = "SHOW application_name"
    for _ in range(3):
        with engine.connect() as connection:
            with backend.lock(connection, KEY, 0, nobody):
                pass
            if backend.name == "PostgreSQL":
                assert connection.scalar(sa.text(show)) == ""
    other = sa.create_engine(database_url)
    assert is_free(backend, other)
    other.dispose()
    engine.dispose()


def test_postgresql_keeps_the_name_that_the_app_gave(postgresql_url: str) -> None:
    arguments = {"application_name": "shop"}
    engine = sa.create_engine(postgresql_url, connect_args=arguments)
    backend = backend_for(engine.dialect)
    seen: list[tuple[Session, ...]] = []
    with engine.connect() as connection, engine.connect() as other:
        with backend.lock(connection, KEY, 0, nobody):
            with pytest.raises(LockNotObtained, match=r"\(shop\)"):
                with backend.lock(other, KEY, 1.2, lambda who, _: seen.append(who)):
                    pass
        session = backend.session_id(connection)
    assert [session.application for session in seen[0]] == ["shop"]
    assert seen[0][0].id == session
    engine.dispose()


def test_a_removed_lock_file_is_noticed(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = sa.create_engine(sqlite_url)
    database = Path(str(engine.url.database))
    with engine.connect() as connection:
        with caplog.at_level(logging.WARNING, "flask_alembic.backends"):
            with backend_for(engine.dialect).lock(connection, KEY, 0, nobody):
                database.with_name(f".{database.name}.migration.lock").unlink()
    assert "was lost during the run" in caplog.text
    engine.dispose()


def test_the_name_of_the_holder_goes_with_the_lock(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    folder = Path(str(engine.url.database)).parent
    with engine.connect() as connection:
        with backend_for(engine.dialect).lock(connection, KEY, 0, nobody):
            assert len(list(folder.glob(".*.lock"))) == 2
    assert [path.name.endswith(".migration.lock") for path in folder.glob(".*")] == [
        True
    ]
    engine.dispose()


def test_a_folder_without_room_for_the_lock_file_is_an_error(tmp_path: Path) -> None:
    name = "d" * 250  # room for the file, but not for a longer name beside it
    engine = sa.create_engine(f"sqlite:///{tmp_path / name}")
    with engine.connect() as connection:
        with pytest.raises(DatabaseError, match="lock file"):
            with backend_for(engine.dialect).lock(connection, KEY, 0, nobody):
                pass
    engine.dispose()


def test_one_sqlite_file_has_one_lock_whatever_its_url(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    plain = sa.create_engine(f"sqlite:///{path}")
    uri = sa.create_engine(f"sqlite:///file:{path}?uri=true")
    with plain.connect() as connection:
        with backend_for(plain.dialect).lock(connection, KEY, 0, nobody):
            assert not is_free(backend_for(uri.dialect), uri)
    plain.dispose()
    uri.dispose()


def test_threads_share_the_lock_of_a_database_in_memory() -> None:
    arguments = {"check_same_thread": False}
    engine = sa.create_engine(
        "sqlite://", poolclass=sa.StaticPool, connect_args=arguments
    )
    backend = backend_for(engine.dialect)
    free: list[bool] = []
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 0, nobody):
            look = threading.Thread(
                target=lambda: free.append(is_free(backend, engine))
            )
            look.start()
            look.join()
        free.append(is_free(backend, engine))
    assert free == [False, True]
    engine.dispose()


def test_a_database_without_special_support_has_no_lock() -> None:
    engine = sa.create_engine("sqlite://")
    backend = Backend(engine.dialect)
    with engine.connect() as connection, engine.connect() as other:
        with backend.lock(connection, KEY, 0, nobody):
            with backend.lock(other, KEY, 0, nobody):
                assert backend.blockers(other, "1") == ()
    engine.dispose()


def test_a_callers_own_transaction_is_left_alone(
    engine: sa.Engine, backend: Backend
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        with backend.lock(connection, KEY, 0, nobody):
            with backend.timeouts(connection, ddl_lock=5):
                connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        assert transaction.is_active
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM t")) == 2
    assert is_free(backend, engine)


def test_who_holds_it_can_be_asked_at_any_time(
    database_url: str,
    engine: sa.Engine,
    backend: Backend,
    hold: Callable[..., subprocess.Popen[str]],
) -> None:
    with engine.connect() as connection:
        assert backend.lock_holders(connection, KEY) == ()
        holder = hold(database_url)
        holders = backend.lock_holders(connection, KEY)
        assert not connection.in_transaction()
        assert len(holders) == 1
        if backend.name == "SQLite":
            assert holders[0].id == str(holder.pid)
        holder.kill()
        holder.wait()
        with backend.lock(connection, KEY, 20, nobody):
            pass
        assert backend.lock_holders(connection, KEY) == ()
