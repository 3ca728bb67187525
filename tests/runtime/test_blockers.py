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

from flask_alembic import Alembic, hookimpl
from flask_alembic.errors import LockNotObtained, MigrationFailed
from flask_alembic.hooks import ProgressEvent, Step
from flask_alembic.hooks.signals import revision_applied

pytestmark = pytest.mark.costly

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


def listening(alembic: Alembic) -> list[ProgressEvent]:
    """Return a list that gets every event of the extension's runs."""
    events: list[ProgressEvent] = []

    class Listening:
        @hookimpl
        def progress(self, event: ProgressEvent) -> None:
            events.append(event)

    alembic.register(Listening())
    return events


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
    events = listening(alembic)
    with app.app_context():
        alembic.upgrade("r001")
        with reader(url, table):
            with pytest.raises(MigrationFailed) as caught:
                alembic.upgrade()
        blocked = [event for event in events if event.kind == "blocked"]
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
    events = listening(alembic)
    with app.app_context():
        alembic.upgrade("r001")
        with reader(url, "t1") as connection:

            def leave() -> None:
                while not any(event.kind == "retrying" for event in events):
                    time.sleep(0.05)
                connection.rollback()

            thread = Thread(target=leave)
            thread.start()
            assert alembic.upgrade().ok
            thread.join()
    assert look(url)[1] == ["r002"]
    dispose(app)


@pytest.mark.full
@pytest.mark.parametrize("server", ["postgresql", "sqlite"])
def test_the_defaults_survive_a_lock_of_some_seconds(
    make_database: Callable[[str], str], tmp_path: Path, server: str
) -> None:
    url = make_database(server)
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    body = "op.add_column('t1', sa.Column('extra', sa.Integer))"
    write_revision(folder, "r002", "r001", body)
    app, alembic = make_app(url, folder)
    events = listening(alembic)
    with app.app_context():
        alembic.upgrade("r001")
        with reader(url, "t1") as connection:
            if server == "sqlite":
                connection.rollback()
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # what a writer holds

            def leave() -> None:
                while sum(event.kind == "retrying" for event in events) < 2:
                    time.sleep(0.05)
                connection.rollback()

            thread = Thread(target=leave)
            thread.start()
            assert alembic.upgrade().ok
            thread.join()
    assert look(url)[1] == ["r002"]
    dispose(app)


@pytest.mark.parametrize("server", SERVERS)
def test_retries_are_counted_and_end(
    make_database: Callable[[str], str], tmp_path: Path, server: str
) -> None:
    url = make_database(server)
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    body = "op.add_column('t1', sa.Column('extra', sa.Integer))"
    write_revision(folder, "r002", "r001", body)
    settings = {"ddl_lock_timeout": 0.2, "lock_retries": 2}
    app, alembic = make_app(url, folder, ALEMBIC=settings)
    events = listening(alembic)
    with app.app_context():
        alembic.upgrade("r001")
        with reader(url, "t1"):
            with pytest.raises(MigrationFailed):
                alembic.upgrade()
        assert [event.kind for event in events].count("retrying") == 2
        assert look(url)[1] == ["r001"]
        assert alembic.upgrade().ok
    dispose(app)


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_repeatable_revision_is_tried_again_after_a_commit(
    postgresql_url: str, tmp_path: Path, repeatable: bool
) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    other = "op.create_table('t2', sa.Column('id', sa.Integer))"
    write_revision(folder, "r002", "r001", other)
    body = (
        "with op.get_context().autocommit_block():\n"
        "        op.execute('CREATE TABLE IF NOT EXISTS t3 (id int)')\n"
        "        op.execute('ALTER TABLE t1 ADD COLUMN IF NOT EXISTS extra int')"
    )
    path = write_revision(folder, "r003", "r002", body)
    text = path.read_text("utf-8")
    path.write_text(f"{text}\nrepeatable = {repeatable}\n", "utf-8")
    settings = {"ddl_lock_timeout": 0.2, "lock_retries": 2}
    app, alembic = make_app(postgresql_url, folder, ALEMBIC=settings)
    held: list[sa.Connection] = []
    applied: list[str] = []

    class Releasing:
        @hookimpl
        def progress(self, event: ProgressEvent) -> None:
            if event.kind == "retrying":
                held[0].rollback()

        @hookimpl
        def revision_applied(self, step: Step) -> None:
            applied.append(step.revision)

    alembic.register(Releasing())
    with app.app_context():
        alembic.upgrade("r001")
        with reader(postgresql_url, "t1") as connection:
            held.append(connection)
            if repeatable:
                assert alembic.upgrade().ok
            else:
                with pytest.raises(MigrationFailed):
                    alembic.upgrade()
    last = "r003" if repeatable else "r002"
    assert applied == ["r001", "r002", "r003"][: int(last[-1])]
    assert look(postgresql_url)[1] == [last]
    dispose(app)


def test_a_retry_applies_each_pending_revision_once(
    postgresql_url: str, tmp_path: Path
) -> None:
    """What ran before the lock timeout was rolled back and is applied again."""
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    body = "op.create_table('t2', sa.Column('id', sa.Integer))"
    write_revision(folder, "r002", "r001", body)
    body = "op.add_column('t1', sa.Column('extra', sa.Integer))"
    write_revision(folder, "r003", "r002", body)
    app, alembic = make_app(postgresql_url, folder, ALEMBIC={"ddl_lock_timeout": 1})
    events = listening(alembic)
    notified: list[str] = []

    def notify(app: object, step: Step, **extra: object) -> None:
        notified.append(step.revision)

    with app.app_context():
        alembic.upgrade("r001")
        with reader(postgresql_url, "t1") as connection:

            def leave() -> None:
                while not any(event.kind == "retrying" for event in events):
                    time.sleep(0.05)
                connection.rollback()

            thread = Thread(target=leave)
            thread.start()
            with revision_applied.connected_to(notify, sender=app):
                result = alembic.upgrade()
            thread.join()
    retried = [event.step for event in events if event.kind == "retrying"]
    assert {step.revision for step in retried if step is not None} == {"r003"}
    assert [each.step.revision for each in result.applied] == ["r002", "r003"]
    assert notified == ["r002", "r003"]
    assert look(postgresql_url)[1] == ["r003"]
    dispose(app)


def test_a_dry_run_is_not_retried(postgresql_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    body = "op.add_column('t1', sa.Column('extra', sa.Integer))"
    write_revision(folder, "r002", "r001", body)
    app, alembic = make_app(postgresql_url, folder, ALEMBIC={"ddl_lock_timeout": 1})
    events = listening(alembic)
    with app.app_context():
        alembic.upgrade("r001")
        with reader(postgresql_url, "t1"):
            with pytest.raises(MigrationFailed):
                alembic.upgrade(mode="dry-run")
    assert "retrying" not in {event.kind for event in events}
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
    events = listening(alembic)
    with holder_app.app_context():
        environment = holder.environment_for(holder_app)
        from flask_alembic.plugins.lock import session_lock

        engine = environment.databases()["default"].engine
        with engine.connect() as connection:
            lock = session_lock(holder_app, "default", connection)
            assert lock is not None
            with lock, app.app_context():
                with pytest.raises(LockNotObtained) as caught:
                    alembic.upgrade()
    assert caught.value.exit_code == 4
    assert [event.kind for event in events if event.kind == "waiting"]
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
        from flask_alembic.plugins.lock import session_lock

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
        from flask_alembic.plugins.lock import session_lock

        engine = alembic.environment_for(app).databases()["default"].engine
        with engine.connect() as connection, caplog.at_level(logging.WARNING):
            lock = session_lock(app, "default", connection)
            assert lock is not None
            with lock, pytest.raises(LockNotObtained):
                alembic.upgrade()
    assert "Waiting for the migration lock of 'default'" in caplog.text
    dispose(app)
