"""The journal tells the truth about a revision, also after a process was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa
from backends import backend_for

from flask_alembic.backends import LockKey
from flask_alembic.backends.journal import Journal, Record
from flask_alembic.backends.mysql.journal import error_text, journal_table_name
from flask_alembic.errors import DatabaseError

KEY = LockKey("main")
ROOT = Path(__file__).parents[3]

CREATE_A = "CREATE TABLE a (id INTEGER PRIMARY KEY)"
INSERT_1 = "INSERT INTO a VALUES (1)"
CREATE_B = "CREATE TABLE b (id INTEGER PRIMARY KEY)"
INSERT_2 = "INSERT INTO a VALUES (2)"
SCRIPT = (CREATE_A, INSERT_1, CREATE_B, INSERT_2)

# A run that kills itself at the point that is asked for.
RUNNER = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
import sqlalchemy as sa
from flask_alembic.backends import LockKey
from backends import backend_for

url, point = sys.argv[1:]
engine = sa.create_engine(url)
backend = backend_for(engine.dialect)

def reached(here):
    if here == point:
        os.kill(os.getpid(), signal.SIGKILL)

with engine.connect() as connection:
    journal = backend.journal(connection, LockKey("main"))
    journal.begin("run", "a1", "upgrade", "checksum")
    transaction = connection.begin()
    for ordinal, sql in enumerate({SCRIPT!r}, 1):
        reached(f"before started {{ordinal}}")
        journal.started(ordinal, sql)
        reached(f"after started {{ordinal}}")
        connection.exec_driver_sql(sql)
        reached(f"before done {{ordinal}}")
        journal.done(ordinal)
        reached(f"after done {{ordinal}}")
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'a1'")
    reached("before finish")
    journal.finish()
    reached("before commit")
    transaction.commit()
    reached("after commit")
    journal.close()
engine.dispose()
"""


@pytest.fixture
def engine(mariadb_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(mariadb_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (version_num VARCHAR(32))"
        )
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('base')")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def journal(engine: sa.Engine, connection: sa.Connection) -> Iterator[Journal]:
    journal = backend_for(engine.dialect).journal(connection, KEY)
    assert journal is not None
    yield journal
    journal.close()


def what_is_there(engine: sa.Engine) -> list[str]:
    """Return those statements of the script whose effect is there to be seen."""
    names = sa.inspect(engine).get_table_names()
    there = []
    with engine.connect() as connection:
        rows: list[int] = []
        if "a" in names:
            there.append(CREATE_A)
            rows = list(connection.scalars(sa.text("SELECT id FROM a")))
    there += [INSERT_1] if 1 in rows else []
    there += [CREATE_B] if "b" in names else []
    return there + ([INSERT_2] if 2 in rows else [])


def version(engine: sa.Engine) -> object:
    with engine.connect() as connection:
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


POINTS = [
    f"{when} {ordinal}"
    for ordinal in range(1, 5)
    for when in ("before started", "after started", "before done", "after done")
] + ["before finish", "before commit", "after commit"]


@pytest.mark.sample(5)
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_process_leaves_the_truth(
    mariadb_url: str, engine: sa.Engine, journal: Journal, point: str
) -> None:
    command = [sys.executable, "-c", RUNNER, mariadb_url, point]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    wait_for_sessions_to_end(engine)
    unfinished = journal.unfinished()
    there = what_is_there(engine)
    if unfinished is None:
        assert (there, version(engine)) in (
            ([], "base"),
            (list(SCRIPT), "a1"),
        )
        return
    assert version(engine) == "base"
    in_effect = [SCRIPT[record.ordinal - 1] for record in unfinished.in_effect]
    uncertain = unfinished.uncertain
    if uncertain is None:
        assert in_effect == there
    else:
        assert point in (
            f"after started {uncertain.ordinal}",
            f"before done {uncertain.ordinal}",
        )
        assert [sql for sql in there if sql != SCRIPT[uncertain.ordinal - 1]] == (
            in_effect
        )
    assert (unfinished.revision, unfinished.direction) == ("a1", "upgrade")
    assert (unfinished.run_id, unfinished.checksum) == ("run", "checksum")
    resume(engine, journal, there)


def wait_for_sessions_to_end(engine: sa.Engine) -> None:
    """Wait until the server has noticed that the process is gone."""
    working = sa.text(
        "SELECT count(*) FROM information_schema.processlist p"
        " LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id"
        " WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()"
        " AND (p.command <> 'Sleep' OR t.trx_id IS NOT NULL)"
    )
    with engine.connect() as connection:
        for _ in range(50):
            left = connection.scalar(working)
            connection.rollback()
            if not left:
                return
            time.sleep(0.2)
    raise AssertionError("the killed process is still there")


def resume(engine: sa.Engine, journal: Journal, there: list[str]) -> None:
    """Bring the revision to its end as a resumed run does."""
    found = journal.unfinished()
    assert found is not None
    if found.uncertain is not None:
        happened = SCRIPT[found.uncertain.ordinal - 1] in there
        journal.settle(found.uncertain.ordinal, happened)
    with engine.connect() as connection:
        again = backend_for(engine.dialect).journal(connection, KEY)
        assert again is not None
        again.begin("run 2", "a1", "upgrade", "checksum", resume=True)
        with connection.begin():
            for ordinal, sql in enumerate(SCRIPT, 1):
                if not again.in_effect(ordinal, sql):
                    again.started(ordinal, sql)
                    connection.exec_driver_sql(sql)
                    again.done(ordinal)
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'a1'")
            again.finish()
        assert again.unfinished() is None
        again.close()
    assert what_is_there(engine) == list(SCRIPT)
    assert version(engine) == "a1"


def run(journal: Journal, connection: sa.Connection, ordinal: int, sql: str) -> None:
    journal.started(ordinal, sql)
    connection.exec_driver_sql(sql)
    journal.done(ordinal)


def test_there_is_no_table_before_it_is_needed(
    engine: sa.Engine, journal: Journal
) -> None:
    assert journal.unfinished() is None
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    journal.begin("run", "a1", "upgrade", "x")
    ours = backend_for(engine.dialect).own_tables(KEY)
    assert ours == {"alembic_version_journal"}
    names = set(sa.inspect(engine).get_table_names())
    assert names == {"alembic_version"} | ours


def test_the_next_revision_needs_no_look_at_what_the_last_one_left(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    """Unless it is the same one: its end was rolled back then."""
    for revision, sql in (("a1", CREATE_A), ("b2", CREATE_B)):
        journal.begin("run", revision, "upgrade", "checksum")
        with connection.begin():
            journal.started(1, sql)
            connection.exec_driver_sql(sql)
            journal.done(1)
            journal.finish()
        assert journal.unfinished() is None
    assert what_is_there(engine) == [CREATE_A, CREATE_B]

    journal.begin("run", "c3", "upgrade", "checksum")
    transaction = connection.begin()
    drop = "DROP TABLE b"
    journal.started(1, drop)
    connection.exec_driver_sql(drop)
    journal.done(1)
    journal.finish()
    transaction.rollback()
    with pytest.raises(DatabaseError, match="'c3' is partially applied"):
        journal.begin("run", "c3", "upgrade", "checksum")


def test_a_failed_statement_is_not_in_effect(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    run(journal, connection, 2, INSERT_1)
    journal.started(3, CREATE_A)
    with pytest.raises(sa.exc.DBAPIError) as caught:
        connection.exec_driver_sql(CREATE_A)
    connection.rollback()
    journal.failed(3, caught.value)
    found = journal.unfinished()
    assert found is not None
    assert [record.state for record in found.statements] == ["done", "done", "failed"]
    assert found.uncertain is None
    assert what_is_there(engine) == [CREATE_A, INSERT_1]


def test_a_rollback_takes_the_rows_and_their_records(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    run(journal, connection, 2, INSERT_1)
    connection.rollback()
    found = journal.unfinished()
    assert found is not None
    assert [record.ordinal for record in found.in_effect] == [1]
    assert what_is_there(engine) == [CREATE_A]


def test_an_autocommit_block_is_in_effect_at_once(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    with connection.begin():
        run(journal, connection, 1, CREATE_A)
    level = connection.get_isolation_level()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    transaction = connection.begin()
    run(journal, connection, 2, INSERT_1)
    transaction.rollback()
    connection.execution_options(isolation_level=level)
    found = journal.unfinished()
    assert found is not None
    assert [record.ordinal for record in found.in_effect] == [1, 2]
    assert what_is_there(engine) == [CREATE_A, INSERT_1]


def test_an_engine_in_autocommit_is_known(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        journal = backend_for(engine.dialect).journal(connection, KEY)
        assert journal is not None
        journal.begin("run", "a1", "upgrade", "x")
        run(journal, connection, 1, CREATE_A)
        journal.started(2, INSERT_1)
        connection.exec_driver_sql(INSERT_1)
        connection.invalidate()  # as if the process had ended here
        journal.close()
    with engine.connect() as connection:
        journal = backend_for(engine.dialect).journal(connection, KEY)
        assert journal is not None
        found = journal.unfinished()
    assert found is not None
    assert found.uncertain is not None
    assert found.uncertain.ordinal == 2
    engine.dispose()


def test_a_lost_connection_leaves_the_statement_uncertain(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    backend = backend_for(engine.dialect)
    session = backend.session_id(connection)
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    journal.started(1, CREATE_A)
    connection.exec_driver_sql(CREATE_A)
    with engine.connect() as other:
        other.exec_driver_sql(f"KILL {session}")
    with pytest.raises(sa.exc.DBAPIError) as caught:
        connection.exec_driver_sql(CREATE_A)
    journal.failed(1, caught.value)
    found = journal.unfinished()
    assert found is not None
    assert found.uncertain is not None
    assert found.session_id == session
    connection.rollback()


def test_nothing_in_effect_is_nothing_unfinished(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    journal.started(1, "CREATE TABLE t (id no_type)")
    with pytest.raises(sa.exc.DBAPIError) as caught:
        connection.exec_driver_sql("CREATE TABLE t (id no_type)")
    connection.rollback()
    journal.failed(1, caught.value)
    assert journal.unfinished() is None
    journal.begin("run 2", "a1", "upgrade", "changed")
    run(journal, connection, 1, CREATE_A)
    found = journal.unfinished()
    assert found is not None
    assert (found.run_id, found.checksum) == ("run 2", "changed")


@pytest.mark.parametrize(
    ("arguments", "resume", "message"),
    [
        (("a1", "upgrade", "x"), False, "is partially applied"),
        (("b2", "upgrade", "x"), True, "'b2' cannot begin"),
        (("a1", "downgrade", "x"), True, "downgrade of 'a1' cannot begin"),
        (("a1", "upgrade", "y"), True, "its file has changed"),
    ],
)
def test_nothing_else_begins_before_it_is_resumed(
    connection: sa.Connection,
    journal: Journal,
    arguments: tuple[str, str, str],
    resume: bool,
    message: str,
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    run(journal, connection, 1, CREATE_A)
    connection.rollback()
    with pytest.raises(DatabaseError, match=message):
        journal.begin("run 2", *arguments, resume=resume)
    journal.discard()
    journal.begin("run 2", *arguments, resume=resume)


def test_an_uncertain_statement_must_be_settled(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    journal.started(1, CREATE_A)
    connection.exec_driver_sql(CREATE_A)
    connection.rollback()
    with pytest.raises(DatabaseError, match="not known whether") as caught:
        journal.begin("run 2", "a1", "upgrade", "x", resume=True)
    assert CREATE_A in str(caught.value).replace("?", "1")
    journal.settle(1, happened=True)
    journal.begin("run 2", "a1", "upgrade", "x", resume=True)
    assert journal.in_effect(1, CREATE_A)
    assert not journal.in_effect(2, INSERT_1)


def test_another_statement_in_its_place_is_refused(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    run(journal, connection, 1, CREATE_A)
    connection.rollback()
    journal.begin("run 2", "a1", "upgrade", "x", resume=True)
    with pytest.raises(DatabaseError, match="not the one"):
        journal.in_effect(1, CREATE_B)
    with pytest.raises(DatabaseError, match="not the one"):
        journal.in_effect(1, CREATE_A, "other parameters")


def test_a_retried_statement_is_recorded_again(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    journal.started(1, CREATE_A)
    connection.rollback()
    journal.failed(1)
    run(journal, connection, 1, CREATE_A)
    found = journal.unfinished()
    assert found is not None
    assert [record.state for record in found.statements] == ["done"]


def test_no_secret_is_written_down(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    secret = "CREATE TABLE s (id INTEGER) COMMENT 'secret' /* \"secret\" */"
    journal.begin("run", "a1", "upgrade", "x")
    run(journal, connection, 1, secret)
    with engine.connect() as other:
        rows = other.exec_driver_sql("SELECT * FROM alembic_version_journal").all()
    assert len(rows) == 1
    assert "secret" not in repr(rows)
    assert "CREATE TABLE s (id INTEGER) COMMENT" in repr(rows)


def test_it_needs_no_room_in_the_pool(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url, pool_size=1, max_overflow=0, pool_timeout=1)
    with engine.connect() as connection:
        journal = backend_for(engine.dialect).journal(connection, KEY)
        assert journal is not None
        journal.begin("run", "a1", "upgrade", "x")
        with connection.begin():
            run(journal, connection, 1, CREATE_A)
            journal.finish()
        assert journal.unfinished() is None
        journal.close()
    engine.dispose()


def test_a_long_name_is_cut(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url)
    key = LockKey("main", None, "v" * 64)
    other = LockKey("main", None, "v" * 63 + "w")
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        journal = backend.journal(connection, key)
        assert journal is not None
        journal.begin("run", "a1", "upgrade", "x")
        journal.close()
    names = sa.inspect(engine).get_table_names()
    assert set(names) == backend.own_tables(key)
    assert backend.own_tables(key) != backend.own_tables(other)
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_where_ddl_is_transactional_there_is_none(
    kind: str, request: pytest.FixtureRequest
) -> None:
    engine = sa.create_engine(request.getfixturevalue(f"{kind}_url"))
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        assert backend.transactional_ddl
        assert backend.journal(connection, KEY) is None
        assert backend.own_tables(KEY) == frozenset()
    engine.dispose()


def test_a_connection_that_was_cut_off_is_opened_again(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    """An administrator who ends the sessions of a run ends that of the journal too."""
    journal.begin("run", "a1", "upgrade", "checksum")
    with connection.begin():
        journal.started(1, CREATE_A)
    with engine.connect() as other:
        query = (
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() "
            "AND id <> CONNECTION_ID()"
        )
        sessions = other.exec_driver_sql(query).scalars().all()
        assert len(sessions) == 2
        for session in sessions:
            other.exec_driver_sql(f"KILL {session}")
    connection.invalidate()
    found = journal.unfinished()
    assert found is not None
    assert found.uncertain is not None
    assert found.uncertain.sql == CREATE_A


# What a revision does besides ------------------------------------------------------


def records(journal: Journal) -> list[Record]:
    """Return what another run would find."""
    found = journal.unfinished()
    return list(found.statements) if found is not None else []


def states(journal: Journal) -> list[str]:
    return [record.state for record in records(journal)]


def fail(connection: sa.Connection, sql: str) -> sa.exc.DBAPIError:
    """Execute a statement that fails, and return the error."""
    with pytest.raises(sa.exc.DBAPIError) as caught:
        connection.exec_driver_sql(sql)
    return caught.value


def test_a_refused_statement_is_recorded_when_the_revision_continues(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    run(journal, connection, 2, INSERT_1)
    journal.started(3, INSERT_1)
    journal.refused(3, fail(connection, INSERT_1))
    run(journal, connection, 4, INSERT_2)
    connection.commit()
    assert states(journal) == ["done", "done", "refused", "done"]
    assert records(journal)[2].error == "23000 1062 Duplicate entry ? for key ?"
    journal.begin("run 2", "a1", "upgrade", "x", resume=True)
    assert [record.ordinal for record in journal.recorded] == [1, 2, 3, 4]
    again = fail(connection, journal.replacement(3, INSERT_1))
    assert getattr(again.orig, "args", ())[0] == 1062
    assert journal.replacement(1, CREATE_A) == "COMMIT"
    assert journal.replacement(2, INSERT_1) == "DO 0"


def test_a_lost_connection_refuses_nothing(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    journal.started(1, CREATE_A)
    connection.exec_driver_sql(CREATE_A)
    journal.refused(1, pymysql.err.OperationalError(2013, "Lost connection"))
    journal.refused(2, ValueError())  # it was never sent
    journal.flush()
    assert states(journal) == ["started"]


def test_what_a_savepoint_takes_back_is_recorded(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    run(journal, connection, 2, INSERT_1)
    for sql in ("SAVEPOINT here", INSERT_2, "ROLLBACK TO SAVEPOINT here"):
        if sql == INSERT_2:
            run(journal, connection, 3, sql)
        else:
            connection.exec_driver_sql(sql)
            journal.session_statement(sql)
    run(journal, connection, 4, "INSERT INTO a VALUES (4)")
    journal.session_statement("SET @x = 1")
    connection.commit()
    journal.committed()
    assert states(journal) == ["done", "done", "rolled_back", "done"]
    journal.begin("run 2", "a1", "upgrade", "x", resume=True)
    assert [journal.in_effect(3, INSERT_2), journal.in_effect(5, "x")] == [True, False]


def test_a_rollback_that_the_revision_sends_is_recorded(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    run(journal, connection, 2, INSERT_1)
    connection.exec_driver_sql("ROLLBACK")
    journal.session_statement("ROLLBACK")
    run(journal, connection, 3, INSERT_2)
    connection.commit()
    assert states(journal) == ["done", "rolled_back", "done"]


def test_while_tables_are_locked_statements_are_uncertain(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    connection.exec_driver_sql("LOCK TABLES a WRITE")
    journal.session_statement("LOCK TABLES a WRITE")
    run(journal, connection, 2, INSERT_1)
    assert states(journal) == ["done", "started"]
    connection.exec_driver_sql("UNLOCK TABLES")
    journal.session_statement("UNLOCK TABLES")
    assert states(journal) == ["done", "done"]
    run(journal, connection, 3, INSERT_2)
    connection.commit()
    assert states(journal) == ["done", "done", "done"]


def test_a_failure_while_tables_are_locked_takes_their_records(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    connection.exec_driver_sql("LOCK TABLES a WRITE")
    journal.session_statement("LOCK TABLES a WRITE")
    run(journal, connection, 2, INSERT_1)
    journal.started(3, INSERT_1)
    error = fail(connection, INSERT_1)
    connection.rollback()
    journal.failed(3, error)
    assert states(journal) == ["done"]


def test_a_step_is_recorded_as_a_whole(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    journal.step_started(2, "fill", "!random")
    connection.exec_driver_sql(INSERT_1)
    connection.rollback()
    journal.failed(2, ValueError())
    assert states(journal) == ["done"]
    assert what_is_there(engine) == [CREATE_A]
    connection.begin()
    journal.step_started(2, "fill")
    connection.exec_driver_sql(INSERT_1)
    journal.step_done(2)
    connection.rollback()
    step = records(journal)[1]
    assert (step.sql, step.state, step.is_step) == ("fill", "done", True)
    assert what_is_there(engine) == [CREATE_A, INSERT_1]


def test_an_answer_is_about_statements_only(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    journal.step_started(1, "fill")
    journal.started(2, CREATE_A)
    connection.exec_driver_sql(CREATE_A)
    connection.rollback()
    journal.settle(1, happened=False)
    assert states(journal) == ["started", "started"]
    journal.settle(2, happened=False)
    assert states(journal) == ["started", "failed"]


def test_a_session_that_the_revision_has_changed_is_asked_again(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    connection.exec_driver_sql("SET autocommit = 1")
    journal.look_again()
    connection.rollback()
    journal.started(2, INSERT_1)
    connection.rollback()
    assert states(journal) == ["done", "started"]


def test_what_was_read_before_must_be_the_same(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    journal.started(1, CREATE_A, "parameters", "read")
    connection.exec_driver_sql(CREATE_A)
    journal.done(1, returned_rows=True)
    assert records(journal)[0].returned_rows is True
    journal.begin("run 2", "a1", "upgrade", "x", resume=True)
    assert journal.in_effect(1, CREATE_A, "parameters", "read") is True
    with pytest.raises(DatabaseError, match="reads or sets something else") as caught:
        journal.in_effect(1, CREATE_A, "parameters", "other")
    assert "Finish or revert it by hand" in caught.value.advice


def test_what_cannot_be_repeated_is_not_resumed(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    journal.started(1, CREATE_A, context="!it reads the time")
    connection.exec_driver_sql(CREATE_A)
    journal.done(1)
    with pytest.raises(DatabaseError, match="cannot be resumed: it reads the time"):
        journal.begin("run 2", "a1", "upgrade", "x", resume=True)


def test_what_an_earlier_attempt_had_refused_comes_again(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    connection.begin()
    run(journal, connection, 1, CREATE_A)
    journal.started(2, CREATE_A)
    error = fail(connection, CREATE_A)
    connection.rollback()
    journal.failed(2, error)
    assert states(journal) == ["done", "failed"]
    journal.begin("run 2", "a1", "upgrade", "x", resume=True)
    assert [record.ordinal for record in journal.recorded] == [1]
    connection.begin()
    run(journal, connection, 3, CREATE_B)
    assert [record.ordinal for record in records(journal)] == [1, 2, 3]
    journal.finish()
    connection.commit()
    assert journal.recorded == ()
    assert records(journal) == []


def test_a_stored_function_may_change_data(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    # A function of the name in any database counts, also in that of another test.
    name = f"f_{uuid.uuid4().hex}"
    create = f"CREATE FUNCTION {name}() RETURNS INT DETERMINISTIC RETURN 1"
    journal.begin("run", "a1", "upgrade", "x")
    assert not journal.classify(f"SELECT {name}()").changes
    connection.begin()
    run(journal, connection, 1, create)
    assert journal.classify(f"SELECT {name}()").changes


def test_the_table_is_dropped_where_nothing_is_unfinished(
    engine: sa.Engine, connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    run(journal, connection, 1, CREATE_A)
    connection.rollback()
    journal.remove()
    assert sa.inspect(engine).has_table("alembic_version_journal")
    journal.discard()
    assert journal.unfinished() is None
    journal.remove()
    assert not sa.inspect(engine).has_table("alembic_version_journal")
    assert journal.unfinished() is None
    journal.close()
    journal.close()
    journal.begin("run", "a1", "upgrade", "x")


def test_a_revision_without_changes_needs_no_statement_at_its_end(
    connection: sa.Connection, journal: Journal
) -> None:
    journal.begin("run", "a1", "upgrade", "x")
    sent: list[str] = []
    connection.begin()
    sa.event.listen(
        connection, "before_cursor_execute", lambda *given: sent.append(given[2])
    )
    journal.finish()
    assert sent == []
    journal.begin("run", "b2", "upgrade", "x")
    journal.started(1, INSERT_1)
    journal.finish()
    assert [sql.split()[0] for sql in sent] == ["INSERT", "DELETE"]


@pytest.mark.parametrize(
    ("number", "state"),
    [
        *((1062, "23000"), (1048, "23000"), (1451, "23000"), (1452, "23000")),
        *((1146, "42S02"), (1000, "HY000"), (1999, "HY000"), (2100, "HY000")),
        *((65534, "HY000"), (999, ""), (2000, ""), (2099, ""), (65535, ""), (0, "")),
    ],
)
def test_only_what_the_server_said_is_said_again(number: int, state: str) -> None:
    error = pymysql.err.OperationalError(number, "all% of: 'secret' \\ text")
    expected = f"{state} {number} all of ?  text" if state else ""
    assert error_text(error) == expected


def test_an_error_may_be_without_a_text() -> None:
    assert error_text(pymysql.err.OperationalError(1146)) == "42S02 1146 "
    assert error_text(pymysql.err.OperationalError(1146, "")) == "42S02 1146 "
    assert error_text(ValueError("no")) == ""
    long = error_text(pymysql.err.OperationalError(1000, "x" * 500))
    assert 120 <= len(long) - len("HY000 1000 ") <= 121


@pytest.mark.parametrize(("length", "is_cut"), [(1, False), (56, False), (57, True)])
def test_the_name_of_the_table(length: int, is_cut: bool) -> None:
    name = journal_table_name(LockKey("main", None, "v" * length))
    assert len(name) <= 64
    assert name.endswith("_journal")
    assert (name == "v" * length + "_journal") is not is_cut
    assert name != journal_table_name(LockKey("main", None, "v" * (length - 1) + "w"))


def test_the_columns_stay_as_they_are(engine: sa.Engine, journal: Journal) -> None:
    """Another version of this package may read what an interrupted run has left."""
    journal.begin("run", "a1", "upgrade", "x")
    inspector = sa.inspect(engine)
    columns = inspector.get_columns("alembic_version_journal")
    widths = {
        column["name"]: (getattr(column["type"], "length", None), column["nullable"])
        for column in columns
    }
    assert {name: width for name, width in widths.items() if width[0]} == {
        "run_id": (64, False),
        "revision": (255, False),
        "direction": (16, False),
        "checksum": (128, False),
        "session_id": (32, True),
        "statement_hash": (64, False),
        "context_hash": (255, False),
        "error": (255, True),
        "state": (16, False),
    }
    nullable = {name for name, (_, is_nullable) in widths.items() if is_nullable}
    assert nullable == {"session_id", "error", "started_at", "ended_at"}
    key = inspector.get_pk_constraint("alembic_version_journal")
    assert key["constrained_columns"] == ["ordinal"]
    (ordinal,) = [column for column in columns if column["name"] == "ordinal"]
    assert not ordinal["autoincrement"]
