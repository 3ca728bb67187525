"""Another session ends a statement of a revision, or its connection.

What the run reports, what its events say, the version table and the journal have to agree
with what a second connection sees, and ``--resume`` completes the revision.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    tables,
    version_rows,
    write_revision,
)
from flask import Flask
from plugging import Implementing
from resumed_revisions import dump, execute, make, resume, upgrade, value
from sample import rounds

from flask_alembic.errors import AlembicError, MigrationFailed
from flask_alembic.hooks import RunFailure, RunResult

pytestmark = pytest.mark.costly

SESSIONS = {
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
    " AND info LIKE :text AND id <> CONNECTION_ID()",
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND state = 'active' AND query LIKE :text AND pid <> pg_backend_pid()",
}


@contextmanager
def killed(url: str, text: str, how: str) -> Iterator[None]:
    """End what runs a statement, as soon as it does.

    :param url: The database.
    :param text: How the statement begins.
    :param how: The statement that ends it, without the number of the session.
    """
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    query = sa.text(SESSIONS[engine.dialect.name])
    is_over = threading.Event()

    def watch() -> None:
        with engine.connect() as connection:
            while not is_over.is_set():
                found = connection.scalar(query, {"text": f"{text}%"})
                if found is None:
                    time.sleep(0.01)
                    continue
                time.sleep(0.1)  # in the middle of it
                connection.exec_driver_sql(how.format(found))
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        engine.dispose()


def run(app: Flask, heard: list[str]) -> RunResult:
    """Upgrade and return the result, also that of a run that failed."""
    extension_of(app).register(
        Implementing(
            revision_applied=lambda step: heard.append(f"applied {step.revision}"),
            revision_failed=lambda step: heard.append(f"failed {step.revision}"),
        )
    )
    with app.app_context():
        try:
            return extension_of(app).upgrade()
        except MigrationFailed as error:
            return result_of(error)


def result_of(error: MigrationFailed) -> RunResult:
    """Return what an error says that the run did."""
    assert error.result is not None
    return error.result


def failure_of(result: RunResult, heard: list[str], url: str) -> RunFailure:
    """Return the failure, once events and version table agree with it."""
    assert result.failure is not None
    assert result.failure.step is not None
    assert heard == ["failed a1"]
    assert set(result.heads_after["default"]) == version_rows(url) == set()
    return result.failure


def sql(text: str) -> str:
    return f"op.execute({text!r})"


WORK = {
    "update": "UPDATE t SET n = n + 10 + SLEEP(0.3)",
    "definition": "CREATE TABLE u AS SELECT id, SLEEP(0.3) AS s FROM t",
    "query": "SELECT SLEEP(2), t.* FROM t",
}
FIRST = [sql("CREATE TABLE a (id INT)"), sql("INSERT INTO a VALUES (1)")]
LAST = [sql("INSERT INTO a VALUES (2)"), sql("CREATE TABLE b (id INT)")]


@pytest.mark.sample(4)
@pytest.mark.parametrize("how", ["KILL QUERY {}", "KILL {}"])
@pytest.mark.parametrize("work", WORK)
def test_mariadb(
    work: str, how: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = make_database("mariadb")
    app = make(tmp_path / "killed", url, [*FIRST, sql(WORK[work]), *LAST])
    heard: list[str] = []
    with killed(url, WORK[work][:20], how):
        result = run(app, heard)
    failure = failure_of(result, heard, url)
    assert any("TABLE a " in each for each in failure.in_effect)
    a_row = any("INTO a " in each for each in failure.in_effect)
    assert a_row == bool(value(url, "SELECT count(*) FROM a"))
    assert not {"u", "b"} & tables(url)
    assert not any(" u " in each for each in failure.in_effect)
    assert value(url, "SELECT sum(n) FROM t") == 6
    assert not any("UPDATE" in each for each in failure.in_effect)
    assert resume(app) == ""
    whole = make_database("mariadb")
    other = make(tmp_path / "whole", whole, [*FIRST, sql(WORK[work]), *LAST])
    assert run(other, []).ok
    assert dump(url) == dump(whole)


@pytest.mark.parametrize("how", ["KILL QUERY {}", "KILL {}"])
def test_a_definition_that_waits_for_a_lock(
    how: str, mariadb_url: str, tmp_path: Path
) -> None:
    app = make(tmp_path, mariadb_url, [*FIRST, sql("ALTER TABLE t ADD x INT"), *LAST])
    engine = sa.create_engine(mariadb_url, poolclass=sa.NullPool)
    heard: list[str] = []
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT * FROM t").all()
        with killed(mariadb_url, "ALTER TABLE t", how):
            result = run(app, heard)
    failure = failure_of(result, heard, mariadb_url)
    columns = [each["name"] for each in sa.inspect(engine).get_columns("t")]
    assert "x" not in columns
    assert not any("ALTER" in each for each in failure.in_effect)
    assert value(mariadb_url, "SELECT count(*) FROM a") == 1  # it commits before it
    assert resume(app) == ""
    columns = [each["name"] for each in sa.inspect(engine).get_columns("t")]
    assert columns[-1] == "x"
    assert value(mariadb_url, "SELECT count(*) FROM a") == 2


BUSY = "command <> 'Sleep' AND info IS NOT NULL"
MANY = [
    line
    for number in range(6)
    for line in (
        sql(f"INSERT INTO log VALUES ('{number}')"),
        sql(f"ALTER TABLE t ADD c{number} INT"),
        sql("UPDATE t SET n = n + 1"),
        sql(f"SAVEPOINT s{number}"),
        sql("UPDATE t SET n = n * 2"),
        sql(f"ROLLBACK TO SAVEPOINT s{number}"),
        sql(f"CREATE TABLE u{number} AS SELECT n FROM t"),
    )
]


def assert_listed(url: str, failure: RunFailure) -> None:
    """Compare what a failure lists with what another connection sees."""
    there = tables(url)
    found = dump(url)
    columns, words = found["t"][0], found["log"][1]  # type: ignore[index]
    for number in range(6):
        seen = {
            f"TABLE u{number} ": f"u{number}" in there,
            f"ADD c{number} ": f"c{number}" in columns,
        }
        for text, is_there in seen.items():
            if any(text in each for each in failure.uncertain):
                continue
            said = any(text in each for each in failure.in_effect)
            assert said == is_there, (text, failure)
    if not failure.uncertain:
        assert sum("INTO log" in each for each in failure.in_effect) == len(words)


@pytest.mark.parametrize("seed", range(rounds(8)))
def test_queries_are_killed_at_any_moment(
    seed: int, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    """Also a statement of the run's own: of its journal, its lock, its version table."""
    chance = random.Random(seed)
    whole, url = make_database("mariadb"), make_database("mariadb")
    assert run(make(tmp_path / "whole", whole, MANY), []).ok
    app = make(tmp_path / "killed", url, MANY)
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    is_over = threading.Event()
    sessions = sa.text(SESSIONS["mysql"].replace("info LIKE :text", BUSY))

    def kill() -> None:
        with engine.connect() as connection:
            while not is_over.wait(chance.uniform(0, 0.4)):
                session = None
                while session is None and not is_over.is_set():
                    session = connection.scalar(sessions)
                with contextlib.suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql(f"KILL QUERY {session}")

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        for _ in range(8):
            try:
                upgrade(app, resume=True)
                break
            except MigrationFailed as error:
                failure = result_of(error).failure
            except AlembicError:  # to be settled by a person
                break
            assert failure is not None
            assert_listed(url, failure)
    finally:
        is_over.set()
        thread.join()
        engine.dispose()
    if not version_rows(url):
        reason = resume(app)
        assert reason == "" or "by hand" in reason
    if version_rows(url):
        assert dump(url) == dump(whole)


XA = {
    "committed": ["START {}", "END {}", "PREPARE {}", "COMMIT {}"],
    "in one phase": ["BEGIN {}", "END {}", "COMMIT {} ONE PHASE"],
    "of another session": ["COMMIT {}"],
}


@pytest.mark.sample(2)
@pytest.mark.parametrize("block", [False, True])
@pytest.mark.parametrize("name", XA)
def test_distributed_transactions_are_refused(
    name: str, block: bool, mariadb_url: str, tmp_path: Path
) -> None:
    """A prepared one would outlive the run, and keep its locks."""
    number = f"'{sa.make_url(mariadb_url).database}'"
    lines = [sql(f"/* why */ XA {text.format(number)}") for text in XA[name]]
    if len(lines) > 1:
        lines.insert(1, sql("INSERT INTO t (n) VALUES (4)"))
    if block:
        lines = [f"    {line}" for line in lines]
        lines.insert(0, "with op.get_context().autocommit_block():")
    app = make(tmp_path, mariadb_url, [*FIRST, *lines, *LAST])
    heard: list[str] = []
    failure = failure_of(run(app, heard), heard, mariadb_url)
    assert "An XA statement controls a distributed transaction" in failure.error
    said = any("INTO a " in each for each in failure.in_effect)
    assert said == bool(value(mariadb_url, "SELECT count(*) FROM a"))
    assert value(mariadb_url, "SELECT sum(n) FROM t") == 6
    engine = sa.create_engine(mariadb_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("XA RECOVER").all()
    assert number.strip("'").encode() not in [row.data for row in found]


def test_prepared_transactions_may_be_listed(mariadb_url: str, tmp_path: Path) -> None:
    app = make(tmp_path, mariadb_url, [sql("XA RECOVER"), *FIRST])
    assert run(app, []).ok


ENDS = ["SELECT pg_cancel_backend({})", "SELECT pg_terminate_backend({})"]
SLOW = "UPDATE t SET n = n + 10 WHERE pg_sleep(1) IS NOT NULL"
SLOW_INDEX = "CREATE INDEX CONCURRENTLY slow ON t (n) WHERE slowly(n) > 0"


def make_on_postgresql(folder: Path, url: str, body: list[str]) -> Flask:
    """Return an app whose one revision has this body, on a prepared database."""
    app = make_app(folder, url, models=no_models)
    write_revision(migrations_of(app), "a1", None, body)
    execute(url, "CREATE TABLE t (n int)")
    execute(url, "INSERT INTO t VALUES (1), (2), (3)")
    execute(
        url,
        "CREATE FUNCTION slowly(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_sleep(1); RETURN 1; END $$",
    )
    return app


@pytest.mark.parametrize("how", ENDS, ids=["cancel", "terminate"])
def test_postgresql_in_the_transaction(
    how: str, postgresql_url: str, tmp_path: Path
) -> None:
    app = make_on_postgresql(tmp_path, postgresql_url, [*FIRST, sql(SLOW), *LAST])
    heard: list[str] = []
    with killed(postgresql_url, SLOW[:10], how):
        failure = failure_of(run(app, heard), heard, postgresql_url)
    assert (failure.in_effect, failure.uncertain) == ((), ())
    assert tables(postgresql_url) == {"t"}
    assert value(postgresql_url, "SELECT sum(n) FROM t") == 6


@pytest.mark.parametrize("how", ENDS, ids=["cancel", "terminate"])
@pytest.mark.parametrize("slow", [SLOW, SLOW_INDEX], ids=["update", "index"])
def test_postgresql_outside_of_it(
    slow: str, how: str, postgresql_url: str, tmp_path: Path
) -> None:
    """An index that is not valid stays behind, and the report lists it."""
    block = ["with op.get_context().autocommit_block():", f"    {sql(slow)}"]
    app = make_on_postgresql(tmp_path, postgresql_url, [*FIRST, *block, *LAST])
    heard: list[str] = []
    with killed(postgresql_url, slow[:10], how):
        failure = failure_of(run(app, heard), heard, postgresql_url)
    assert tables(postgresql_url) == {"t", "a"}
    assert len(failure.in_effect) == 2
    assert value(postgresql_url, "SELECT sum(n) FROM t") == 6
    is_there = bool(
        value(postgresql_url, "SELECT count(*) FROM pg_class WHERE relname = 'slow'")
    )
    assert is_there == (slow == SLOW_INDEX)
    if is_there:
        assert failure.uncertain == (slow,)
        assert not failure.version_table_right


def test_an_index_that_is_not_unique_stays_behind(
    postgresql_url: str, tmp_path: Path
) -> None:
    unique = "CREATE UNIQUE INDEX CONCURRENTLY slow ON t ((n > 0))"
    block = ["with op.get_context().autocommit_block():", f"    {sql(unique)}"]
    app = make_on_postgresql(tmp_path, postgresql_url, block)
    heard: list[str] = []
    failure = failure_of(run(app, heard), heard, postgresql_url)
    assert value(postgresql_url, "SELECT count(*) FROM pg_class WHERE relname = 'slow'")
    assert failure.uncertain == (unique,)


def test_a_statement_without_effect_is_not_listed(
    postgresql_url: str, tmp_path: Path
) -> None:
    for wrong in ("nonsense", "VACUUM nosuch", "CREATE TABLE t (n int)"):
        block = ["with op.get_context().autocommit_block():", f"    {sql(wrong)}"]
        folder = tmp_path / wrong.split()[0]
        app = make_app(folder, postgresql_url, models=no_models)
        write_revision(migrations_of(app), "a1", None, block)
        execute(postgresql_url, "CREATE TABLE IF NOT EXISTS t (n int)")
        failure = run(app, []).failure
        assert failure is not None
        assert failure.uncertain == ()
