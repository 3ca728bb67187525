"""Transactions of SQLite are real: DDL rolls back, readers and writers behave."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from backends import backend_for
from sqlalchemy.ext.asyncio import create_async_engine

from flask_alembic.backends.base import Backend
from flask_alembic.errors import DatabaseError
from flask_alembic.runtime.connections import roll_back

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY)"


def plain(url: str) -> sa.Engine:
    return sa.create_engine(url)


def with_foreign_keys(url: str) -> sa.Engine:
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def connect(dbapi: Any, record: object) -> None:
        dbapi.execute("PRAGMA foreign_keys = ON")

    return engine


def with_own_begin(url: str) -> sa.Engine:
    """Give an engine after the recipe in SQLAlchemy's documentation."""
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def connect(dbapi: Any, record: object) -> None:
        dbapi.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def in_autocommit(url: str) -> sa.Engine:
    return sa.create_engine(url, isolation_level="AUTOCOMMIT")


def in_autocommit_by_an_option(url: str) -> sa.Engine:
    return sa.create_engine(url).execution_options(isolation_level="AUTOCOMMIT")


def in_autocommit_without_rollback(url: str) -> sa.Engine:
    options = {}
    if sa.__version__.split(".")[:2] >= ["2", "1"]:
        options["skip_autocommit_rollback"] = True
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", **options)


class AlwaysInside(sqlite3.Connection):
    """Does what ``autocommit=False`` does from Python 3.12 on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute("BEGIN")

    def commit(self) -> None:
        self.execute("COMMIT")
        self.execute("BEGIN")

    def rollback(self) -> None:
        self.execute("ROLLBACK")
        self.execute("BEGIN")


def after_pep_249(url: str) -> sa.Engine:
    if hasattr(sqlite3, "LEGACY_TRANSACTION_CONTROL"):
        return sa.create_engine(url, connect_args={"autocommit": False})
    return sa.create_engine(url, connect_args={"factory": AlwaysInside})


def in_memory(url: str) -> sa.Engine:
    return sa.create_engine("sqlite://", poolclass=sa.StaticPool)


ENGINES = (
    plain,
    with_foreign_keys,
    with_own_begin,
    in_autocommit,
    in_autocommit_by_an_option,
    in_autocommit_without_rollback,
    after_pep_249,
    in_memory,
)


@pytest.fixture(params=ENGINES, ids=lambda make: make.__name__)
def engine(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[sa.Engine]:
    engine = request.param(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def backend(engine: sa.Engine) -> Backend:
    return backend_for(engine.dialect)


def tables(connection: sa.Connection) -> list[str]:
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    )
    found = [row[0] for row in names]
    connection.rollback()
    return found


def foreign_keys(connection: sa.Connection) -> int:
    value = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
    connection.rollback()
    return int(value or 0)


class Failure(Exception):
    """What the tests raise to end a transaction."""


def ended_by_failure() -> AbstractContextManager[object, bool]:
    """Expect that the block gets to the point where it raises."""
    return pytest.raises(Failure)


def test_a_rollback_undoes_ddl(connection: sa.Connection, backend: Backend) -> None:
    with backend.transaction(connection):
        with ended_by_failure():
            with connection.begin():
                connection.exec_driver_sql(TABLE)
                connection.exec_driver_sql("INSERT INTO t VALUES (1)")
                connection.exec_driver_sql("ALTER TABLE t ADD COLUMN name TEXT")
                raise Failure
        assert tables(connection) == []
        with connection.begin():
            connection.exec_driver_sql(TABLE)
        with ended_by_failure():
            with connection.begin():
                connection.exec_driver_sql("DROP TABLE t")
                raise Failure
    assert tables(connection) == ["t"]


def test_a_failure_after_a_commit_of_the_revision_is_what_is_raised(
    connection: sa.Connection, backend: Backend
) -> None:
    with ended_by_failure():
        with backend.transaction(connection), connection.begin():
            connection.exec_driver_sql("CREATE TABLE kept (id INTEGER)")
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
            connection.exec_driver_sql("CREATE TABLE later (id INTEGER)")
            raise Failure
    assert tables(connection) == ["kept", "later"]


@pytest.mark.parametrize("end", ["invalidate", "close"])
def test_a_failure_after_the_connection_ended_is_what_is_raised(
    connection: sa.Connection, backend: Backend, end: str
) -> None:
    with ended_by_failure():
        with backend.transaction(connection), connection.begin():
            connection.exec_driver_sql("CREATE TABLE gone (id INTEGER)")
            getattr(connection, end)()
            raise Failure


def test_the_driver_is_as_it_was_afterwards(
    connection: sa.Connection, backend: Backend
) -> None:
    driver: Any = connection.connection.dbapi_connection

    def state() -> tuple[object, ...]:
        return (
            driver.isolation_level,
            driver.in_transaction,
            getattr(driver, "autocommit", None),
            connection.get_execution_options().get("isolation_level"),
            foreign_keys(connection),
        )

    before = state()
    with backend.transaction(connection):
        with connection.begin():
            connection.exec_driver_sql(TABLE)
    assert state() == before
    with ended_by_failure():
        with backend.transaction(connection):
            connection.exec_driver_sql("INSERT INTO t VALUES (7)")
            raise Failure
    assert not connection.in_transaction()
    assert state() == before
    with connection.begin():
        connection.exec_driver_sql("INSERT INTO t VALUES (8)")
    assert connection.exec_driver_sql("SELECT id FROM t").scalars().all() == [8]
    connection.rollback()
    assert state() == before


def test_nothing_of_it_stays_on_the_connection(
    connection: sa.Connection, backend: Backend
) -> None:
    before = dict(connection.info)
    with ended_by_failure():
        with backend.transaction(connection), connection.begin():
            connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
            assert backend.in_transaction(connection)
            raise Failure
    assert connection.info == before


def test_the_driver_begins_nothing_by_itself_inside(
    connection: sa.Connection, backend: Backend
) -> None:
    driver: Any = connection.connection.dbapi_connection
    with backend.transaction(connection), connection.begin():
        assert driver.isolation_level is None


def test_a_transaction_that_is_another_one_is_noticed(
    connection: sa.Connection, backend: Backend
) -> None:
    driver: Any = connection.connection.driver_connection
    same = backend.is_same_transaction
    assert same(connection) is None
    with backend.transaction(connection):
        with connection.begin():
            assert same(connection) is True
            connection.exec_driver_sql(TABLE)
            assert same(connection) is True
            connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
            assert same(connection) is None
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
            assert same(connection) is True
        with connection.begin():
            driver.execute("COMMIT")
            assert same(connection) is None
            driver.execute("BEGIN")
            assert same(connection) is False
        connection.execution_options(isolation_level="AUTOCOMMIT")
        with connection.begin():
            driver.execute("BEGIN")
            assert same(connection) is None
            driver.execute("COMMIT")
    assert tables(connection) == ["t"]


def test_an_error_that_says_nothing_about_the_transaction_is_raised(
    connection: sa.Connection, backend: Backend
) -> None:
    driver: Any = connection.connection.driver_connection
    with backend.transaction(connection), connection.begin():
        driver.set_progress_handler(lambda: 1, 1)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            backend.is_same_transaction(connection)
        driver.set_progress_handler(None, 1)
        assert backend.is_same_transaction(connection) is True


def test_the_write_lock_is_taken_at_the_beginning(sqlite_url: str) -> None:
    engine, other = plain(sqlite_url), sqlite3.connect(sqlite_url[10:], timeout=0)
    with engine.connect() as connection:
        with backend_for(engine.dialect).transaction(connection):
            with connection.begin():
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("BEGIN IMMEDIATE")
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
    other.close()
    engine.dispose()


def test_another_writer_is_a_lock_timeout_at_the_beginning(sqlite_url: str) -> None:
    engine, other = plain(sqlite_url), sqlite3.connect(sqlite_url[10:])
    backend = backend_for(engine.dialect)
    other.execute("BEGIN IMMEDIATE")
    with engine.connect() as connection:
        with backend.timeouts(connection, ddl_lock=0.1):
            with backend.transaction(connection):
                with pytest.raises(sa.exc.OperationalError) as caught:
                    connection.begin()
    assert backend.is_lock_timeout(caught.value)
    other.close()
    engine.dispose()


def test_alembics_autocommit_block(connection: sa.Connection, backend: Backend) -> None:
    options = {"transactional_ddl": True}
    context = MigrationContext.configure(connection, opts=options)
    driver: Any = connection.connection.driver_connection
    with backend.transaction(connection):
        with ended_by_failure():
            with context.begin_transaction():
                connection.exec_driver_sql("CREATE TABLE before (id INTEGER)")
                with context.autocommit_block():
                    assert not driver.in_transaction
                    connection.exec_driver_sql("CREATE TABLE inside (id INTEGER)")
                    connection.exec_driver_sql("VACUUM")
                assert driver.in_transaction
                connection.exec_driver_sql("CREATE TABLE after (id INTEGER)")
                raise Failure
    assert tables(connection) == ["before", "inside"]


def test_savepoints_work(connection: sa.Connection, backend: Backend) -> None:
    with backend.transaction(connection):
        with connection.begin():
            connection.exec_driver_sql(TABLE)
            with ended_by_failure():
                with connection.begin_nested():
                    connection.exec_driver_sql("DROP TABLE t")
                    raise Failure
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    assert tables(connection) == ["t"]


def in_next(connection: sa.Connection, backend: Backend, *statements: str) -> int:
    """Execute statements as a run does, which begins again where it has to.

    :return: How many transactions were begun.
    """
    for number in (1, 2):
        try:
            with connection.begin():
                for sql in statements:
                    connection.exec_driver_sql(sql)
            return number
        except Exception as error:
            if number == 2 or not backend.must_begin_again(error):
                raise
    raise AssertionError


def test_a_pragma_that_turns_foreign_keys_off_takes_effect(sqlite_url: str) -> None:
    engine = with_foreign_keys(sqlite_url)
    commits: list[str] = []
    inside: list[Any] = []

    def look(conn: Any, cursor: Any, sql: str, *rest: Any) -> None:
        if sql.startswith("CREATE TABLE u"):
            inside.append(conn.exec_driver_sql("PRAGMA foreign_keys").scalar())

    with engine.connect() as connection:
        backend = backend_for(engine.dialect)
        sa.event.listen(connection, "before_cursor_execute", look)
        with backend.transaction(
            connection, on_commit=lambda: commits.append("commit")
        ):
            begun = in_next(
                connection,
                backend,
                TABLE,
                "PRAGMA foreign_keys=OFF",
                "CREATE TABLE u (id INTEGER)",
            )
        assert begun == 2
        assert inside == [0]
        assert commits == []
        assert foreign_keys(connection) == 1
        assert tables(connection) == ["t", "u"]
    engine.dispose()


def test_the_text_of_the_revisions_tells_that_they_are_off(sqlite_url: str) -> None:
    engine = with_foreign_keys(sqlite_url)
    with engine.connect() as connection:
        backend = backend_for(engine.dialect)
        text = "def upgrade():\n    op.execute('PRAGMA foreign_keys=OFF')"
        with backend.transaction(connection, sources=lambda: ["", text]):
            assert in_next(connection, backend, TABLE, "PRAGMA foreign_keys = OFF") == 1
        assert foreign_keys(connection) == 1
        assert tables(connection) == ["t"]
    engine.dispose()


@pytest.mark.parametrize(
    "text",
    [
        "op.create_table('t')",
        "op.execute('PRAGMA foreign_keys=ON')",
        "relationship(foreign_keys=[owner_id])",
    ],
)
def test_other_texts_leave_them_on(sqlite_url: str, text: str) -> None:
    engine = with_foreign_keys(sqlite_url)
    with engine.connect() as connection:
        backend = backend_for(engine.dialect)
        with backend.transaction(connection, sources=lambda: [text]):
            with connection.begin():
                inside = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
                assert inside == 1
    engine.dispose()


@pytest.mark.parametrize(
    "on", ["PRAGMA foreign_keys=ON", "pragma main.foreign_keys(1) -- again"]
)
def test_turning_them_on_again_keeps_the_transaction_whole(
    sqlite_url: str, on: str
) -> None:
    engine = with_foreign_keys(sqlite_url)
    commits: list[str] = []
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version TEXT)")
        connection.commit()
        backend = backend_for(engine.dialect)
        with ended_by_failure():
            with backend.transaction(
                connection,
                on_commit=lambda: commits.append("commit"),
                sources=lambda: ["PRAGMA foreign_keys = off"],
            ):
                with connection.begin():
                    connection.exec_driver_sql("PRAGMA foreign_keys = off")
                    connection.exec_driver_sql(TABLE)
                    connection.exec_driver_sql(on)
                    version = "INSERT INTO alembic_version VALUES ('a')"
                    connection.exec_driver_sql(version)
                    connection.exec_driver_sql("CREATE TABLE u (id INTEGER)")
                    connection.exec_driver_sql("INSERT INTO t VALUES (1)")
                    inside = connection.exec_driver_sql("PRAGMA foreign_keys")
                    assert inside.scalar() == 0
                    raise Failure
        assert commits == []
        assert tables(connection) == ["alembic_version"]
        assert foreign_keys(connection) == 1
    engine.dispose()


def test_turned_on_at_the_end_they_are_on_in_the_next_transaction(
    sqlite_url: str,
) -> None:
    engine = plain(sqlite_url)
    with engine.connect() as connection:
        with backend_for(engine.dialect).transaction(connection):
            with connection.begin():
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            with connection.begin():
                inside = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
                assert inside == 1
        assert foreign_keys(connection) == 0
    engine.dispose()


def test_turned_on_before_a_change_they_are_on_from_the_beginning(
    sqlite_url: str,
) -> None:
    engine = plain(sqlite_url)
    with engine.connect() as connection:
        family(connection, "ON DELETE CASCADE")
        backend = backend_for(engine.dialect)
        with backend.transaction(connection):
            begun = in_next(
                connection,
                backend,
                TABLE,
                "PRAGMA foreign_keys = ON",
                "DELETE FROM parent WHERE id = 1",
            )
        assert begun == 2
        assert children(connection) == [(2, 2), (3, None)]
        assert foreign_keys(connection) == 0
    engine.dispose()


def test_statements_that_need_to_be_outside(
    connection: sa.Connection, engine: sa.Engine, backend: Backend
) -> None:
    commits: list[str] = []
    with backend.transaction(connection, on_commit=lambda: commits.append("commit")):
        with ended_by_failure():
            with connection.begin():
                connection.exec_driver_sql(TABLE)
                mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar()
                connection.exec_driver_sql("CREATE TABLE u (id INTEGER)")
                connection.exec_driver_sql("/* now */ vacuum")
                connection.exec_driver_sql("CREATE TABLE gone (id INTEGER)")
                raise Failure
        with connection.begin():
            connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
    assert len(commits) == 3
    assert mode == ("memory" if str(engine.url) == "sqlite://" else "wal")
    assert tables(connection) == ["t", "u"]


def test_after_one_that_failed_the_transaction_goes_on(
    connection: sa.Connection, backend: Backend
) -> None:
    with backend.transaction(connection):
        with ended_by_failure():
            with connection.begin():
                connection.exec_driver_sql(TABLE)
                with pytest.raises(sa.exc.OperationalError):
                    connection.exec_driver_sql("DETACH no_such_database")
                connection.exec_driver_sql("CREATE TABLE gone (id INTEGER)")
                raise Failure
    assert tables(connection) == ["t"]


def test_in_a_savepoint_they_are_off_as_well(sqlite_url: str) -> None:
    engine = with_foreign_keys(sqlite_url)
    with engine.connect() as connection:
        backend = backend_for(engine.dialect)
        with backend.transaction(connection):
            with pytest.raises(DatabaseError, match="foreign keys to be off"):
                with connection.begin(), connection.begin_nested():
                    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            with connection.begin(), connection.begin_nested():
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                inside = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
                assert inside == 0
                connection.exec_driver_sql(TABLE)
        assert tables(connection) == ["t"]
        assert foreign_keys(connection) == 1
    engine.dispose()


def test_a_revision_cannot_catch_that_they_were_not_off(sqlite_url: str) -> None:
    engine = with_foreign_keys(sqlite_url)
    with engine.connect() as connection:
        family(connection, "ON DELETE CASCADE")
        copy = "CREATE TABLE _alembic_tmp_parent (id INTEGER PRIMARY KEY, name TEXT)"
        with backend_for(engine.dialect).transaction(connection):
            transaction = connection.begin()
            for sql in (copy, "DROP TABLE parent"):
                with suppress(DatabaseError):
                    connection.exec_driver_sql(sql)
            with pytest.raises(DatabaseError, match="foreign keys to be off"):
                transaction.commit()
            transaction.rollback()
            roll_back(connection)
        assert children(connection) == WHOLE
        assert tables(connection) == ["child", "parent"]
    engine.dispose()


def test_a_script_that_commits_and_begins_by_itself(sqlite_url: str) -> None:
    engine = with_foreign_keys(sqlite_url)
    with engine.connect() as connection:
        with backend_for(engine.dialect).transaction(connection):
            with connection.begin():
                connection.exec_driver_sql(TABLE)
                for sql in ("COMMIT", "PRAGMA foreign_keys=OFF", "BEGIN"):
                    connection.exec_driver_sql(sql)
                inside = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
                assert inside == 0
                connection.exec_driver_sql("CREATE TABLE u (id INTEGER)")
        assert tables(connection) == ["t", "u"]
        assert foreign_keys(connection) == 1
    engine.dispose()


def family(connection: sa.Connection, rule: str) -> None:
    """Make a parent with a child whose foreign key points at it, and rows in both."""
    for sql in (
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER"
        f" REFERENCES parent (id) {rule})",
        "INSERT INTO parent VALUES (1, 'a'), (2, 'b')",
        "INSERT INTO child VALUES (1, 1), (2, 2), (3, NULL)",
    ):
        connection.exec_driver_sql(sql)
    connection.commit()


def children(connection: sa.Connection) -> list[tuple[Any, ...]]:
    rows = connection.exec_driver_sql("SELECT id, parent_id FROM child ORDER BY id")
    found = [tuple(row) for row in rows]
    connection.rollback()
    return found


WHOLE = [(1, 1), (2, 2), (3, None)]
RULES = ["ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE RESTRICT", ""]


def recreate(op: Operations) -> None:
    with op.batch_alter_table("parent", recreate="always") as batch:
        batch.alter_column("name", nullable=False)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("pragma", [True, False], ids=["pragma", "no pragma"])
def test_a_recreated_table_loses_no_children(
    sqlite_url: str, rule: str, pragma: bool
) -> None:
    engine = with_foreign_keys(sqlite_url)
    with engine.connect() as connection:
        family(connection, rule)
        options = {"transactional_ddl": True}
        context = MigrationContext.configure(connection, opts=options)
        op = Operations(context)
        sources = ["with op.batch_alter_table('parent') as batch:"]
        backend = backend_for(engine.dialect)
        with backend.transaction(connection, sources=lambda: sources):
            with context.begin_transaction():
                if pragma:
                    op.execute("PRAGMA foreign_keys=OFF")
                recreate(op)
                if pragma:
                    op.execute("PRAGMA foreign_keys=ON")
        assert children(connection) == WHOLE
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert foreign_keys(connection) == 1
        connection.rollback()
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO parent VALUES (3, 'c')")
            with pytest.raises(sa.exc.IntegrityError):
                connection.exec_driver_sql("INSERT INTO child VALUES (9, 9)")
    engine.dispose()


async def asynchronously(url: str, work: Callable[[sa.Connection], None]) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


@pytest.mark.parametrize("file", [True, False], ids=["file", "memory"])
def test_all_of_it_with_aiosqlite(tmp_path: Path, file: bool) -> None:
    path = f"/{tmp_path / 'app.db'}" if file else ""

    def work(connection: sa.Connection) -> None:
        backend = backend_for(connection.dialect)
        options = {"transactional_ddl": True}
        context = MigrationContext.configure(connection, opts=options)
        driver: Any = connection.connection.dbapi_connection
        before = driver.isolation_level
        with backend.transaction(connection):
            with ended_by_failure():
                with context.begin_transaction():
                    connection.exec_driver_sql(TABLE)
                    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
                    with context.autocommit_block():
                        connection.exec_driver_sql("VACUUM")
                    connection.exec_driver_sql("CREATE TABLE u (id INTEGER)")
                    raise Failure
        assert tables(connection) == ["t"]
        assert driver.isolation_level == before
        assert backend.server_version(connection).startswith("SQLite 3")

    asyncio.run(asynchronously(f"sqlite+aiosqlite://{path}", work))
