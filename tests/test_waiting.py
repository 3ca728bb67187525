"""Runs that meet somebody else's lock, and what they say while they wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from projects import dispose, look, make_app, write_chain, write_revision

from flask_alembic.environment.progress import Progress, observing
from flask_alembic.errors import LockNotObtained, MigrationFailed

SERVERS = ["postgresql", "mariadb"]


@contextmanager
def reader(url: str, table: str) -> Iterator[sa.Connection]:
    """Another session that has read a table and not ended its transaction."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.execute(sa.text(f"SELECT * FROM {table}")).all()
        yield connection
        connection.rollback()
    engine.dispose()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("table", ["t1", "alembic_version"])
def test_open_transaction_of_another_session(
    make_database: Callable[[str], str], tmp_path: Path, server: str, table: str
) -> None:
    url = make_database(server)
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    body = f"op.add_column({table!r}, sa.Column('extra', sa.Integer))"
    write_revision(folder, "r002", "r001", body)
    settings = {"ddl_lock_timeout": 4, "lock_retries": 0}
    app, alembic = make_app(url, folder, ALEMBIC=settings)
    moments: list[Progress] = []
    with app.app_context():
        alembic.upgrade("r001")
        with reader(url, table), observing(moments.append):
            with pytest.raises(MigrationFailed) as caught:
                alembic.upgrade()
        blocked = [moment for moment in moments if moment.moment == "blocked"]
        assert blocked
        assert blocked[0].text in str(caught.value)
        assert "session" in blocked[0].text
        assert look(url)[1] == ["r001"]
        assert alembic.upgrade().ok
    dispose(app)


@pytest.mark.parametrize("server", SERVERS)
def test_retry_succeeds_when_the_lock_is_free(
    make_database: Callable[[str], str], tmp_path: Path, server: str
) -> None:
    url = make_database(server)
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    body = "op.add_column('t1', sa.Column('extra', sa.Integer))"
    write_revision(folder, "r002", "r001", body)
    app, alembic = make_app(url, folder, ALEMBIC={"ddl_lock_timeout": 1})
    moments: list[Progress] = []
    with app.app_context():
        alembic.upgrade("r001")
        with reader(url, "t1") as connection:

            def leave() -> None:
                while not any(m.moment == "retrying" for m in moments):
                    time.sleep(0.05)
                connection.rollback()

            thread = Thread(target=leave)
            thread.start()
            with observing(moments.append):
                assert alembic.upgrade().ok
            thread.join()
    assert look(url)[1] == ["r002"]
    dispose(app)


@pytest.mark.parametrize("server", SERVERS)
def test_timeouts_of_a_revision(
    make_database: Callable[[str], str], tmp_path: Path, server: str
) -> None:
    url = make_database(server)
    folder = tmp_path / "migrations"
    folder.mkdir()
    sleep = {"postgresql": "SELECT pg_sleep(20)", "mariadb": "SELECT SLEEP(20)"}[server]
    path = write_revision(folder, "r001", None, f"op.execute({sleep!r})")
    path.write_text(path.read_text() + "\n\nstatement_timeout = 1\n")
    write_revision(folder, "r002", "r001", "op.execute('SELECT 1')")
    app, alembic = make_app(url, folder)
    with app.app_context():
        with pytest.raises(MigrationFailed) as caught:
            alembic.upgrade()
        assert caught.value.result.failure.step.revision == "r001"
        path.write_text(path.read_text().replace("(20)", "(0)"))
        assert alembic.upgrade().ok
    dispose(app)


def test_holder_never_leaves(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    holder_app, holder = make_app(database_url, folder)
    app, alembic = make_app(database_url, folder, ALEMBIC={"lock_timeout": 2})
    moments: list[Progress] = []
    with holder_app.app_context():
        environment = holder.environment_for(holder_app)
        from flask_alembic.environment.locking import session_lock

        engine = environment.databases()["default"].engine
        with engine.connect() as connection:
            lock = session_lock(holder_app, "default", connection)
            assert lock is not None
            with lock, app.app_context(), observing(moments.append):
                with pytest.raises(LockNotObtained) as caught:
                    alembic.upgrade()
    assert caught.value.exit_code == 4
    assert [moment.moment for moment in moments if moment.moment == "waiting"]
    assert look(database_url) == (set(), [])
    with app.app_context():
        assert alembic.upgrade().ok
    dispose(app)
    dispose(holder_app)


def test_no_lock_at_head(database_url: str, tmp_path: Path) -> None:
    """A run with nothing to do does not wait for a run that is at work."""
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    app, alembic = make_app(database_url, folder, ALEMBIC={"lock_timeout": 0})
    other, other_alembic = make_app(database_url, folder)
    with app.app_context():
        alembic.upgrade()
    with other.app_context():
        from flask_alembic.environment.locking import session_lock

        engine = other_alembic.environment_for(other).databases()["default"].engine
        with engine.connect() as connection:
            lock = session_lock(other, "default", connection)
            assert lock is not None
            with lock, app.app_context():
                assert alembic.upgrade().applied == ()
    dispose(app)
    dispose(other)


def test_logger_says_who_is_waited_for(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    app, alembic = make_app(database_url, folder, ALEMBIC={"lock_timeout": 2})
    with app.app_context():
        from flask_alembic.environment.locking import session_lock

        engine = alembic.environment_for(app).databases()["default"].engine
        with engine.connect() as connection, caplog.at_level(logging.WARNING):
            lock = session_lock(app, "default", connection)
            assert lock is not None
            with lock, pytest.raises(LockNotObtained):
                alembic.upgrade()
    assert "Waiting for the migration lock of 'default'" in caplog.text
    dispose(app)
