"""What a run says is what another connection sees, whoever ended its transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask
from plugging import Implementing, Wrapper
from sqlalchemy.pool import NullPool

from flask_alembic.errors import AlembicError, MigrationFailed
from flask_alembic.hooks import RunResult

pytestmark = pytest.mark.costly

TABLE = "op.create_table({!r}, sa.Column('id', sa.Integer))"


def app_of(folder: Path, url: str, **config: Any) -> Flask:
    """Return an app without models."""
    return make_app(folder, url, models=no_models, **config)


def run(app: Flask, heard: list[str] | None = None, **options: Any) -> RunResult:
    """Upgrade and return the result, also that of a run that failed.

    :param app: The application.
    :param heard: Gets ``applied ID`` and ``failed ID`` as the events say.
    """
    if heard is not None:
        extension_of(app).register(
            Implementing(
                revision_applied=lambda step: heard.append(f"applied {step.revision}"),
                revision_failed=lambda step: heard.append(f"failed {step.revision}"),
            )
        )
    with app.app_context():
        try:
            result = extension_of(app).upgrade(**options)
        except MigrationFailed as error:
            return result_of(error)
    return result


def result_of(error: BaseException) -> RunResult:
    """Return what an error says that the run did."""
    result = getattr(error, "result", None)
    assert isinstance(result, RunResult)
    return result


def assert_true(url: str, result: RunResult, heard: list[str]) -> None:
    """Compare what a run says with what the database holds.

    Each revision ``x`` of the test creates the tables ``t_x`` and ``t_x_later``.

    :param url: The database.
    :param result: What the run says.
    :param heard: What the events said.
    """
    there = tables(url)
    assert set(result.heads_after["default"]) == version_rows(url)
    applied = {each.step.revision for each in result.applied}
    assert {f"applied {revision}" for revision in applied} == {
        event for event in heard if event.startswith("applied")
    }
    for revision in applied:
        assert {f"t_{revision}", f"t_{revision}_later"} <= there
    failure = result.failure
    if failure is None:
        return
    absent = {step.revision for step in failure.rolled_back}
    if failure.step is not None:
        assert failure.step.revision not in applied
        if not failure.uncertain:
            for table in (
                f"t_{failure.step.revision}",
                f"t_{failure.step.revision}_later",
            ):
                said = any(f"TABLE {table} " in sql for sql in failure.in_effect)
                assert said == (table in there), table
    absent |= {step.revision for step in result.not_started}
    for revision in absent:
        assert not {f"t_{revision}", f"t_{revision}_later"} & there


ENDINGS = {
    "commit": "op.get_bind().commit()",
    "rollback": "op.get_bind().rollback()",
    "commit and begin": "op.get_bind().commit(); op.get_bind().begin()",
    "swallowed": "import contextlib\nwith contextlib.suppress(Exception):\n"
    "    op.get_bind().commit()",
    "text": "op.execute('COMMIT')",
    "text of rollback": "op.execute('ROLLBACK')",
    "driver": "op.get_bind().connection.dbapi_connection.commit()",
    "driver's rollback": "op.get_bind().connection.dbapi_connection.rollback()",
    "driver's cursor": "op.get_bind().connection.cursor().execute('COMMIT')",
    "driver's cursor, begun again": "cursor = op.get_bind().connection.cursor()\n"
    "cursor.execute('COMMIT')\ncursor.execute('BEGIN')",
    "driver's cursor, rolled back and begun again": "cursor = op.get_bind().connection.cursor()\n"
    "cursor.execute('ROLLBACK')\ncursor.execute('BEGIN')",
    "session": "from sqlalchemy.orm import Session\n"
    "session = Session(op.get_bind(), join_transaction_mode='rollback_only')\n"
    "session.connection()\nsession.rollback()",
}


@pytest.mark.parametrize("last", [False, True], ids=["in the middle", "at the end"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_revision_ends_the_transaction(
    ending: str, last: bool, tmp_path: Path, database_url: str
) -> None:
    app = app_of(tmp_path, database_url)
    folder = migrations_of(app)
    write_revision(
        folder, "a1", None, [TABLE.format("t_a1"), TABLE.format("t_a1_later")]
    )
    body = [TABLE.format("t_a2"), TABLE.format("t_a2_later")]
    body.insert(2 if last else 1, ENDINGS[ending])
    write_revision(folder, "a2", "a1", "\n".join(body))
    write_revision(
        folder, "a3", "a2", [TABLE.format("t_a3"), TABLE.format("t_a3_later")]
    )
    heard: list[str] = []
    result = run(app, heard)
    assert_true(database_url, result, heard)
    if ending == "text" and database_url.startswith("postgresql"):
        assert result.ok, result.failure
    elif not database_url.startswith("mysql"):
        assert result.failure is not None
        assert result.failure.step is not None
        assert result.failure.step.revision == "a2"


@pytest.mark.parametrize("statement", ["COMMIT", "commit;", "END", "COMMIT WORK"])
def test_a_commit_that_a_revision_sends_is_honored_on_postgresql(
    statement: str, tmp_path: Path, postgresql_url: str
) -> None:
    """Real histories send it before ALTER TYPE and CREATE INDEX CONCURRENTLY."""
    app = app_of(tmp_path, postgresql_url)
    folder = migrations_of(app)
    write_revision(
        folder, "a1", None, [TABLE.format("t_a1"), TABLE.format("t_a1_later")]
    )
    body = [
        TABLE.format("t_a2"),
        f"op.execute({statement!r})",
        TABLE.format("t_a2_later"),
    ]
    write_revision(folder, "a2", "a1", "\n".join(body))
    write_revision(
        folder, "a3", "a2", [TABLE.format("t_a3"), TABLE.format("t_a3_later")]
    )
    heard: list[str] = []
    result = run(app, heard)
    assert_true(postgresql_url, result, heard)
    assert result.ok, result.failure
    assert result.heads_after == {"default": ("a3",)}


@pytest.mark.parametrize(
    "statement",
    [
        "ROLLBACK",
        "ABORT",
        "COMMIT AND CHAIN",
        "PREPARE TRANSACTION 'fa_never'",
        "-- why\rROLLBACK",
        "/* a /* nested */ comment */ ROLLBACK",
        "SELECT 1; COMMIT",
        "BEGIN; SELECT '; '; COMMIT; SELECT 1",
    ],
)
def test_other_ends_of_the_transaction_are_refused_on_postgresql(
    statement: str, tmp_path: Path, postgresql_url: str
) -> None:
    app = app_of(tmp_path, postgresql_url)
    write_revision(migrations_of(app), "a1", None, f"op.execute({statement!r})")
    result = run(app)
    assert result.failure is not None
    assert "would end the transaction of the run" in result.failure.error


def test_what_follows_a_commit_and_fails_is_reported_as_it_is(
    tmp_path: Path, postgresql_url: str
) -> None:
    app = app_of(tmp_path, postgresql_url)
    folder = migrations_of(app)
    write_revision(
        folder, "a1", None, [TABLE.format("t_a1"), TABLE.format("t_a1_later")]
    )
    body = [
        TABLE.format("t_a2"),
        "op.execute('COMMIT')",
        TABLE.format("t_a2_later"),
        "op.execute('SELECT 1 / 0')",
    ]
    write_revision(folder, "a2", "a1", "\n".join(body))
    heard: list[str] = []
    result = run(app, heard)
    assert_true(postgresql_url, result, heard)
    assert result.failure is not None
    assert result.heads_after == {"default": ("a1",)}
    assert any("TABLE t_a2 " in sql for sql in result.failure.in_effect)


def test_a_dry_run_refuses_a_commit(tmp_path: Path, postgresql_url: str) -> None:
    app = app_of(tmp_path, postgresql_url)
    body = [TABLE.format("t_a1"), "op.execute('COMMIT')"]
    write_revision(migrations_of(app), "a1", None, "\n".join(body))
    result = run(app, mode="dry-run")
    assert result.failure is not None
    engine = sa.create_engine(postgresql_url)
    with engine.connect() as connection:
        assert not sa.inspect(connection).has_table("t_a1")
    engine.dispose()


@pytest.mark.parametrize(
    "statement", ["\ufeffCOMMIT", "COMMIT TRANSACTION x", "/* a */ END"]
)
def test_a_commit_is_refused_on_sqlite(
    statement: str, tmp_path: Path, sqlite_url: str
) -> None:
    app = app_of(tmp_path, sqlite_url)
    body = [TABLE.format("t_a1"), f"op.execute({statement!r})"]
    write_revision(migrations_of(app), "a1", None, body)
    failure = run(app).failure
    assert failure is not None
    assert "would end the transaction of the run" in failure.error
    assert tables(sqlite_url) == set()


def test_texts_with_semicolons_are_sent(tmp_path: Path, postgresql_url: str) -> None:
    app = app_of(tmp_path, postgresql_url)
    texts = [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
        "CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; RETURN 1; END $$",
        "COMMENT ON FUNCTION g IS 'x; COMMIT'",
        "DO $$ BEGIN PERFORM 1; END $$",
    ]
    body = [f"op.execute({text!r})" for text in texts]
    write_revision(migrations_of(app), "a1", None, body)
    assert run(app).ok


@pytest.mark.parametrize("per_revision", [False, True])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("method", ["commit", "rollback"])
def test_a_wrapper_ends_the_transaction(
    method: str, before: bool, per_revision: bool, tmp_path: Path, database_url: str
) -> None:
    def apply_revision(step: Any, connection: sa.Connection) -> Wrapper:
        if before and step.revision == "a2":
            getattr(connection, method)()
        answer = yield
        if not before and step.revision == "a2":
            getattr(connection, method)()
        return answer

    app = app_of(
        tmp_path,
        database_url,
        ALEMBIC_CONTEXT={"transaction_per_migration": per_revision},
    )
    folder = migrations_of(app)
    write_revision(
        folder, "a1", None, [TABLE.format("t_a1"), TABLE.format("t_a1_later")]
    )
    write_revision(
        folder, "a2", "a1", [TABLE.format("t_a2"), TABLE.format("t_a2_later")]
    )
    extension_of(app).register(Implementing({"apply_revision": apply_revision}))
    heard: list[str] = []
    result = run(app, heard)
    assert_true(database_url, result, heard)
    assert result.failure is not None


AUTOCOMMIT = {
    "engine option": {"isolation_level": "AUTOCOMMIT"},
    "execution option": {"execution_options": {"isolation_level": "AUTOCOMMIT"}},
}


@pytest.mark.parametrize("option", AUTOCOMMIT)
def test_an_engine_in_autocommit_has_transactions(
    option: str, tmp_path: Path, database_url: str
) -> None:
    options = {"poolclass": NullPool, **AUTOCOMMIT[option]}
    app = app_of(tmp_path, database_url, SQLALCHEMY_ENGINE_OPTIONS=options)
    write_table_revision(migrations_of(app), "a1")
    path = write_revision(
        migrations_of(app), "a2", "a1", [TABLE.format("t_a2"), "op.execute('nonsense')"]
    )
    result = run(app)
    assert result.failure is not None
    assert set(result.heads_after["default"]) == version_rows(database_url)
    if database_url.startswith("mysql"):
        assert result.failure.in_effect
        return
    assert tables(database_url) == set()
    path.write_text(path.read_text().replace("op.execute('nonsense')", "pass"))
    assert run_db(app, "upgrade", "--dry-run").exit_code == 0
    assert tables(database_url) == set()
    assert run(app).ok
    assert tables(database_url) == {"t_a1", "t_a2"}
    assert version_rows(database_url) == {"a2"}


def test_an_engine_in_autocommit_stays_so_outside_runs(
    tmp_path: Path, database_url: str
) -> None:
    options = {"isolation_level": "AUTOCOMMIT"}
    app = app_of(tmp_path, database_url, SQLALCHEMY_ENGINE_OPTIONS=options)
    write_table_revision(migrations_of(app), "a1")
    assert run(app).ok
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE TABLE of_the_app (id INTEGER)"))
        engine.dispose()
    assert tables(database_url) == {"t_a1", "of_the_app"}


@pytest.mark.parametrize(
    "ending", ["commit", "text", "driver's rollback", "driver's cursor"]
)
def test_a_dry_run_says_whether_anything_stays(
    ending: str, tmp_path: Path, postgresql_url: str
) -> None:
    app = app_of(tmp_path, postgresql_url)
    write_revision(
        migrations_of(app), "a1", None, [TABLE.format("t_a1"), ENDINGS[ending]]
    )
    result = run(app, mode="dry-run")
    assert result.failure is not None
    stays = any("t_a1" in sql for sql in result.failure.in_effect)
    assert ("t_a1" in tables(postgresql_url)) == stays


def test_autocommit_block_is_committed_with_its_version_row(
    tmp_path: Path, database_url: str
) -> None:
    app = app_of(tmp_path, database_url)
    folder = migrations_of(app)
    write_revision(
        folder, "a1", None, [TABLE.format("t_a1"), TABLE.format("t_a1_later")]
    )
    write_revision(
        folder,
        "a2",
        "a1",
        [
            TABLE.format("t_a2"),
            "with op.get_context().autocommit_block():",
            "    " + TABLE.format("t_a2_later"),
        ],
    )
    write_revision(folder, "a3", "a2", [TABLE.format("t_a3"), "op.execute('nonsense')"])
    heard: list[str] = []
    result = run(app, heard)
    assert_true(database_url, result, heard)
    assert heard == ["applied a1", "applied a2", "failed a3"]
    assert version_rows(database_url) == {"a2"}


def test_a_failure_after_a_commit_past_sqlalchemy(
    tmp_path: Path, sqlite_url: str
) -> None:
    """``executescript()`` commits in the driver; nothing after it is rolled back."""
    app = app_of(tmp_path, sqlite_url)
    script = "CREATE TABLE t_script (id INTEGER)"
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            TABLE.format("t_a1"),
            f"op.get_bind().connection.executescript({script!r})",
            "raise ValueError('no')",
        ],
    )
    printed = run_db(app, "upgrade").output
    assert "Rolled back: nothing" in printed
    assert "revision that may be applied:\n  1. CREATE TABLE t_a1" in printed
    assert "Version table: not known whether it matches" in printed
    assert tables(sqlite_url) == {"t_a1", "t_script"}


def test_commit_fails_for_a_deferred_constraint(
    tmp_path: Path, postgresql_url: str
) -> None:
    app = app_of(tmp_path, postgresql_url)
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            "op.execute('CREATE TABLE t_a1 (id int primary key, a1 int REFERENCES t_a1 '"
            "'DEFERRABLE INITIALLY DEFERRED)')",
            "op.execute('INSERT INTO t_a1 VALUES (1, 2)')",
        ],
    )
    heard: list[str] = []
    result = run(app, heard)
    assert_true(postgresql_url, result, heard)
    assert heard == ["failed a1"]
    assert result.failure is not None
    assert result.failure.step is not None
    assert "COMMIT failed: ForeignKeyViolation" in result.failure.error
    assert tables(postgresql_url) == set()


def test_commit_fails_for_a_reader(tmp_path: Path, sqlite_url: str) -> None:
    """A writer of SQLite needs the readers out of its way at COMMIT."""
    settings = {"ddl_lock_timeout": 0.2, "lock_retries": 0}
    app = app_of(tmp_path, sqlite_url, ALEMBIC=settings)
    write_table_revision(migrations_of(app), "a1")
    heard: list[str] = []
    assert run(app, heard).ok
    heard.clear()
    write_table_revision(migrations_of(app), "a2", "a1")
    engine = sa.create_engine(sqlite_url, poolclass=NullPool)
    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM t_a1").all()
        with app.app_context(), pytest.raises(AlembicError) as caught:
            extension_of(app).upgrade()
    result = result_of(caught.value)
    assert "COMMIT failed: OperationalError: database is locked" in str(caught.value)
    assert "ddl_lock_timeout" in caught.value.advice
    assert heard == ["failed a2"]
    assert set(result.heads_after["default"]) == version_rows(sqlite_url) == {"a1"}
    assert tables(sqlite_url) == {"t_a1"}
    assert run(app).ok
