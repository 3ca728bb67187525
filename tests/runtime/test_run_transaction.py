"""``flask_alembic.runtime.run_transaction``: is it still the one that the run began?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from backends import backend_for
from sqlalchemy.pool import NullPool

from flask_alembic.errors import DatabaseError, TransactionEnded
from flask_alembic.runtime import alembic_private as private
from flask_alembic.runtime.connections import roll_back
from flask_alembic.runtime.run_transaction import RunTransaction, transactional
from flask_alembic.runtime.statement_log import StatementLog

pytestmark = pytest.mark.costly

ENDED = "the transaction of the run was ended by a revision or a plugin"
ADVICE = (
    "Leave COMMIT and ROLLBACK to the run; put statements that must not be in a "
    "transaction into: with op.get_context().autocommit_block()."
)


@dataclass
class Open:
    """A transaction as a run begins it."""

    connection: sa.Connection
    context: MigrationContext
    log: StatementLog
    transaction: RunTransaction

    def send(self, sql: str) -> None:
        """Execute a statement as the function of a revision does."""
        with self.log.recording():
            self.connection.exec_driver_sql(sql)

    @property
    def driver(self) -> Any:
        """The driver's connection."""
        return self.connection.connection.dbapi_connection

    def replace(self) -> None:
        """Commit past SQLAlchemy and begin another transaction."""
        cursor = self.driver.cursor()
        cursor.execute("COMMIT")
        cursor.execute("BEGIN")
        cursor.close()

    def number(self) -> str | None:
        """Ask the server for the number of its transaction."""
        return backend_for(self.connection.dialect).transaction_id(self.connection)


@contextmanager
def opened(url: str, *, real: bool = True) -> Iterator[Open]:
    engine = sa.create_engine(url, poolclass=NullPool)
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"transactional_ddl": True}
        )
        log = StatementLog(connection, backend)
        database_run: Any = SimpleNamespace(connection=connection, backend=backend)
        transaction = RunTransaction(database_run, context, log, real)
        with backend.transaction(connection), log.attached():
            begun = private.transaction(context, per_migration=False)
            begun.__enter__()
            try:
                with transaction.guarded():
                    transaction.begun()
                    yield Open(connection, context, log, transaction)
            finally:
                roll_back(connection)


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Open]:
    with opened(postgresql_url) as run:
        yield run


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Open]:
    with opened(sqlite_url) as run:
        yield run


@pytest.fixture(params=["postgresql", "sqlite"])
def run(request: pytest.FixtureRequest) -> Open:
    run: Open = request.getfixturevalue(request.param)
    return run


def test_before_it_begins_nothing_is_known(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        backend = backend_for(engine.dialect)
        log = StatementLog(connection, backend)
        database_run: Any = SimpleNamespace(connection=connection, backend=backend)
        transaction = RunTransaction(database_run, context, log, True)
        assert (transaction.id, transaction.number, transaction.expected) == (None,) * 3
        assert not transaction.is_replaced
        assert not transaction.is_released
        assert not transaction.is_ending
        assert not transaction.is_intact()
    engine.dispose()


def test_it_is_intact_as_long_as_it_is_open(run: Open) -> None:
    assert run.transaction.is_intact() is True
    run.send("CREATE TABLE t (id INTEGER)")
    run.transaction.check()
    assert run.transaction.was_intact(ValueError()) is True
    assert not run.transaction.is_replaced


def test_the_server_numbers_it(postgresql: Open, sqlite_url: str) -> None:
    assert postgresql.transaction.number == postgresql.number()
    with opened(sqlite_url) as other:
        assert other.transaction.number is None


def test_a_statement_that_would_end_it_is_not_sent(run: Open) -> None:
    for sql in ("ROLLBACK", "/* now */ commit;", "END"):
        with pytest.raises(TransactionEnded) as caught:
            run.connection.exec_driver_sql(sql)
        word = sql.removeprefix("/* now */ ").rstrip(";").upper()
        assert caught.value.message == (
            f"The statement {word} would end the transaction of the run, so it was "
            "not sent"
        )
        assert caught.value.advice == ADVICE
        assert caught.value.refused is True
        assert run.transaction.was_intact(caught.value) is True
    run.send("SAVEPOINT here")
    run.send("ROLLBACK TO SAVEPOINT here")
    run.transaction.check()


def test_a_commit_of_sqlalchemy_is_refused(run: Open) -> None:
    with pytest.raises(TransactionEnded, match=r"commit\(\) was called") as caught:
        run.connection.commit()
    assert caught.value.refused is True
    assert caught.value.advice == ADVICE


def test_the_end_past_sqlalchemy_is_noticed(run: Open) -> None:
    run.driver.commit()
    assert run.transaction.is_intact() is False
    for ended in (
        run.transaction.check,
        lambda: run.connection.exec_driver_sql("SELECT 1"),
        lambda: run.context.autocommit_block().__enter__(),
    ):
        with pytest.raises(TransactionEnded, match=ENDED) as caught:
            ended()
        assert caught.value.refused is False
        assert caught.value.advice == ADVICE
    assert run.transaction.was_intact(caught.value) is False
    assert run.transaction.is_replaced is False


def test_a_rollback_of_sqlalchemy_is_noticed(run: Open) -> None:
    run.connection.rollback()
    assert run.transaction.is_intact() is False
    run.connection.begin()
    assert run.transaction.is_intact() is False
    assert run.transaction.was_intact(ValueError()) is False
    # psycopg sends BEGIN with the first statement.
    is_sqlite = run.connection.dialect.name == "sqlite"
    assert run.transaction.is_replaced is is_sqlite


def test_another_transaction_in_its_place_is_noticed(run: Open) -> None:
    run.replace()
    with pytest.raises(TransactionEnded, match=ENDED) as caught:
        run.transaction.check()
    assert run.transaction.was_intact(caught.value) is False
    assert run.transaction.is_replaced is True


def test_a_commit_is_not_sent_in_another_transaction(postgresql: Open) -> None:
    postgresql.replace()
    with pytest.raises(TransactionEnded, match=ENDED):
        postgresql.send("COMMIT")
    assert postgresql.log.commits == 0


def test_what_somebody_else_has_begun_is_another_one(run: Open) -> None:
    run.transaction.expected = run.connection.get_transaction()
    assert run.transaction.is_intact() is True
    run.transaction.expected = run.connection.begin_nested()
    assert run.transaction.is_intact() is False


@pytest.mark.parametrize("end", ["invalidate", "close"])
def test_it_may_end_with_the_session(run: Open, end: str) -> None:
    getattr(run.connection, end)()
    assert run.transaction.is_intact() is True
    assert run.transaction.was_intact(ValueError()) is True
    run.log.failed = "CREATE TABLE t (id INTEGER)"
    error = sa.exc.DBAPIError("", {}, Exception())
    assert run.transaction.was_intact(error) is True


def test_where_a_rollback_reverts_no_ddl_it_may_end(sqlite_url: str) -> None:
    with opened(sqlite_url, real=False) as run:
        run.transaction.before_statement("COMMIT")
        run.driver.commit()
        run.transaction.check()
        run.transaction.before_statement("SELECT 1")
        assert run.transaction.is_intact() is True


def test_a_database_may_be_without_numbers(postgresql_url: str) -> None:
    with opened(postgresql_url, real=False) as run:
        assert run.transaction.id is None


# A COMMIT that a revision sends ----------------------------------------------------


def test_a_revision_may_commit_where_the_server_numbers_it(postgresql: Open) -> None:
    transaction, log = postgresql.transaction, postgresql.log
    postgresql.send("CREATE TABLE before (id INTEGER)")
    assert (transaction.is_released, log.commits) == (False, 0)
    postgresql.send("COMMIT")
    assert (transaction.is_released, log.commits) == (True, 1)
    assert transaction.number is None
    postgresql.send("CREATE TABLE after (id INTEGER)")
    assert log.commits == 1
    transaction.check()
    assert transaction.is_intact() is True
    with pytest.raises(TransactionEnded, match="statement ROLLBACK would end"):
        postgresql.send("ROLLBACK")
    postgresql.send("COMMIT")
    assert log.commits == 2
    transaction.begun()
    assert not transaction.is_released
    assert transaction.number == postgresql.number()


def test_what_was_sent_after_a_commit_may_be_durable(postgresql: Open) -> None:
    transaction = postgresql.transaction
    assert transaction.after_statement("COMMIT") is False
    postgresql.send("COMMIT")
    postgresql.send("SELECT 1")
    assert transaction.after_statement("SELECT 1") is False
    assert transaction.after_statement("-- now\nCOMMIT") is True
    postgresql.driver.commit()
    assert transaction.after_statement("VACUUM") is True


def refused(run: Open) -> None:
    """Expect that a COMMIT of the revision is not sent."""
    with pytest.raises(TransactionEnded, match="so it was not sent"):
        run.send("COMMIT")
    assert not run.transaction.is_released


def test_a_commit_is_refused_where_it_cannot_be_asked_for(sqlite: Open) -> None:
    refused(sqlite)


def test_a_commit_is_refused_where_it_is_forbidden(postgresql: Open) -> None:
    postgresql.log.forbid_commit = ValueError
    refused(postgresql)


def test_a_commit_is_refused_where_databases_commit_together(postgresql: Open) -> None:
    postgresql.transaction.expected = postgresql.connection.get_transaction()
    refused(postgresql)


def test_only_a_plain_commit_is_allowed(postgresql: Open) -> None:
    with pytest.raises(TransactionEnded, match="statement COMMIT would end"):
        postgresql.send("COMMIT AND CHAIN")


def test_it_is_ending_while_a_commit_is_not_answered(postgresql: Open) -> None:
    transaction, log = postgresql.transaction, postgresql.log
    log.failed = "COMMIT"
    assert transaction.is_ending is False  # it was refused
    transaction.is_released = True
    assert transaction.is_ending is True
    log.failed = "/* all */ SELECT 1"
    assert transaction.is_ending is False
    log.is_committing = True
    assert transaction.is_ending is True


# What SQLite does by itself ---------------------------------------------------------


def test_sqlite_itself_may_roll_back(sqlite: Open) -> None:
    sqlite.send("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    sqlite.send("INSERT INTO t VALUES (1)")
    with pytest.raises(sa.exc.IntegrityError) as caught:
        sqlite.send("INSERT OR ROLLBACK INTO t VALUES (1)")
    assert not sqlite.driver.in_transaction
    transaction = sqlite.transaction
    assert transaction.was_intact(caught.value) is True
    # Not what the revision, or nobody, has executed.
    assert transaction.was_intact(ValueError()) is False
    sqlite.log.failed = None
    assert transaction.was_intact(caught.value) is False
    sqlite.log.failed = "INSERT"
    transaction.is_real = False
    assert transaction.was_intact(caught.value) is True


def test_a_failed_statement_in_another_transaction_is_noticed(run: Open) -> None:
    run.replace()
    run.log.failed = "SELECT 1"
    error = sa.exc.DBAPIError("", {}, Exception())
    assert run.transaction.was_intact(error) is (run.transaction.id is not None)
    run.driver.rollback()
    assert run.transaction.was_intact(error) is (run.transaction.id is None)


# Autocommit blocks ------------------------------------------------------------------


def test_an_autocommit_block_commits_and_begins_again(run: Open) -> None:
    before = run.transaction.id
    with run.context.autocommit_block():
        assert run.log.commits == 1
        assert run.transaction.id is None
        run.send("CREATE TABLE inside (id INTEGER)")
    run.send("CREATE TABLE after (id INTEGER)")
    run.transaction.check()
    assert run.transaction.id == run.number()
    assert run.transaction.id is None or run.transaction.id != before
    run.replace()
    with pytest.raises(TransactionEnded, match=ENDED):
        run.transaction.check()


def test_what_an_autocommit_block_raises_is_raised(run: Open) -> None:
    error = ValueError("no")
    with pytest.raises(ValueError, match="no") as caught:
        with run.context.autocommit_block():
            raise error
    assert caught.value is error
    assert run.transaction.is_intact() is True
    assert run.transaction.id == run.number()


def test_a_connection_that_is_lost_inside_is_the_failure(postgresql: Open) -> None:
    """And not what a dead connection says when the block ends."""
    raised: list[BaseException] = []

    def lose_it() -> None:
        with postgresql.context.autocommit_block():
            try:
                postgresql.send("SELECT pg_terminate_backend(pg_backend_pid())")
            except sa.exc.DBAPIError as error:
                raised.append(error)
                raise

    with pytest.raises(sa.exc.DBAPIError) as caught:
        lose_it()
    assert raised == [caught.value]
    assert caught.value.__suppress_context__
    assert postgresql.connection.invalidated


def test_a_block_after_which_nothing_can_begin_is_a_failure(
    sqlite: Open, sqlite_url: str
) -> None:
    sqlite.send("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    with pytest.raises(sa.exc.OperationalError, match="locked"):
        with sqlite.context.autocommit_block():
            other.execute("BEGIN IMMEDIATE")
    other.close()


def test_the_context_is_as_it_was_afterwards(sqlite_url: str) -> None:
    with opened(sqlite_url) as run:
        assert "autocommit_block" in vars(run.context)
        assert run.log.guard is run.transaction
    assert "autocommit_block" not in vars(run.context)
    assert run.log.guard is None


# Engines in autocommit --------------------------------------------------------------


def run_of(connection: sa.Connection) -> Any:
    """Return what is asked of the run in a database."""
    backend = backend_for(connection.dialect)
    return SimpleNamespace(connection=connection, backend=backend, name="main")


@contextmanager
def connected(url: str, **options: Any) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, **options)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def level_of(connection: sa.Connection) -> object:
    return connection.get_execution_options().get("isolation_level")


def test_an_engine_with_transactions_is_left_alone(sqlite_url: str) -> None:
    with connected(sqlite_url) as connection:
        with transactional(run_of(connection)):
            assert level_of(connection) is None
            connection.begin()
        assert connection.in_transaction()


def test_an_engine_in_autocommit_has_the_usual_transactions(
    postgresql_url: str,
) -> None:
    with connected(postgresql_url, isolation_level="AUTOCOMMIT") as connection:

        def fail() -> None:
            with transactional(run_of(connection)):
                assert level_of(connection) == "READ COMMITTED"
                connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
                raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            fail()
        assert level_of(connection) == "AUTOCOMMIT"
        assert not sa.inspect(connection).has_table("t")


def test_a_dialect_without_a_usual_level_is_serializable(sqlite_url: str) -> None:
    with connected(sqlite_url, isolation_level="AUTOCOMMIT") as connection:
        connection.dialect.default_isolation_level = None  # type: ignore[assignment]
        with transactional(run_of(connection)):
            assert level_of(connection) == "SERIALIZABLE"


@pytest.mark.parametrize("end", ["invalidate", "close"])
def test_a_connection_that_ended_needs_no_level(sqlite_url: str, end: str) -> None:
    with connected(sqlite_url, isolation_level="AUTOCOMMIT") as connection:
        with transactional(run_of(connection)):
            getattr(connection, end)()
        if end == "invalidate":
            assert connection.invalidated


def test_an_engine_that_stays_in_autocommit_is_refused(sqlite_url: str) -> None:
    with connected(sqlite_url, isolation_level="AUTOCOMMIT") as connection:
        connection.begin()
        with pytest.raises(DatabaseError) as caught:
            with transactional(run_of(connection)):
                pytest.fail("it began")
    assert caught.value.message == (
        "The engine of database 'main' is in AUTOCOMMIT, and a run needs transactions."
    )
    assert caught.value.advice == (
        "Give migrations an engine with another isolation_level."
    )
