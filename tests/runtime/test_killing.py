"""Runs that are killed, terminated, interrupted or cut off from their server."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from processes import start, until, wait
from projects import count_rows, dispose, look, make_app, write_chain

from flask_alembic.errors import AlembicError, MigrationFailed

COUNT = 5
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]


def write_waiting(folder: Path, at: int, mark: Path) -> None:
    """Write a chain of which one revision waits in the middle of its work."""
    write_chain(folder, COUNT)
    path = folder / f"r{at:03d}.py"
    path.write_text(
        path.read_text().replace(
            "time.sleep(0)",
            f"import os, pathlib\n"
            f"    if not pathlib.Path({str(mark)!r}).exists():\n"
            f"        pathlib.Path({str(mark)!r}).touch()\n"
            f"        time.sleep(60)",
        )
    )


def upgrade(url: str, folder: Path, per_revision: bool, **options: object) -> None:
    context = {"transaction_per_migration": per_revision}
    app, alembic = make_app(url, folder, ALEMBIC_CONTEXT=context)
    with app.app_context():
        alembic.upgrade(**options)
    dispose(app)


def finish(url: str, folder: Path, per_revision: bool) -> None:
    """Do what the messages say until the database is at head."""
    try:
        upgrade(url, folder, per_revision)
    except AlembicError as error:
        if "--resume" not in error.advice:
            raise
        text = str(error)
        options: dict[str, object] = {"resume": True}
        unknown = re.search(r"not known whether this one was applied: (.*)", text)
        if unknown:
            # The statement at work was the sleep's neighbour: look as a person would.
            table = re.search(r"CREATE TABLE (\w+)", unknown[1])
            tables, _ = look(url)
            options["last_statement_applied"] = bool(table) and table[1] in tables
        upgrade(url, folder, per_revision, **options)


def assert_at_head(url: str) -> None:
    tables, rows = look(url)
    assert tables == {f"t{number}" for number in range(1, COUNT + 1)}
    assert rows == [f"r{COUNT:03d}"]
    assert [count_rows(url, table) for table in sorted(tables)] == [3] * COUNT


@pytest.mark.parametrize("per_revision", [False, True], ids=["one", "each"])
@pytest.mark.parametrize("at", [1, 3, COUNT])
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_stopped_by_a_signal(
    database_url: str,
    tmp_path: Path,
    number: signal.Signals,
    at: int,
    per_revision: bool,
) -> None:
    folder, mark = tmp_path / "migrations", tmp_path / "mark"
    write_waiting(folder, at, mark)
    log = tmp_path / "log"
    pid = start(lambda: upgrade(database_url, folder, per_revision), log)
    until(mark.exists)
    os.kill(pid, number)
    code = wait(pid)
    expected = {signal.SIGKILL: -9, signal.SIGTERM: 3, signal.SIGINT: 130}
    assert code == expected[number], log.read_text()
    if number is not signal.SIGKILL:
        said = log.read_text()
        assert f"r{at:03d}" in said
        assert {"terminated by SIGTERM", "interrupted from the keyboard"} & set(
            re.findall("terminated by SIGTERM|interrupted from the keyboard", said)
        )
    finish(database_url, folder, per_revision)
    assert_at_head(database_url)


KILLS = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": None,
}


def kill_sessions(url: str) -> None:
    """End every other session of the database, as an administrator would."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text(KILLS["postgresql"]))
        else:
            query = (
                "SELECT id FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            for id_ in connection.execute(sa.text(query)).scalars().all():
                connection.execute(sa.text(f"KILL {id_}"))
    engine.dispose()


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
@pytest.mark.parametrize("per_revision", [False, True], ids=["one", "each"])
def test_server_ends_the_connection(
    make_database: Callable[[str], str],
    tmp_path: Path,
    server: str,
    per_revision: bool,
) -> None:
    url = make_database(server)
    folder, mark = tmp_path / "migrations", tmp_path / "mark"
    write_waiting(folder, 3, mark)
    path = folder / "r003.py"
    path.write_text(
        path.read_text().replace(
            "time.sleep(60)",
            f"while not pathlib.Path({str(mark)!r} + '2').exists():\n"
            "            time.sleep(0.02)\n"
            "        op.execute('SELECT 1')",
        )
    )
    log = tmp_path / "log"
    pid = start(lambda: upgrade(url, folder, per_revision), log)
    until(mark.exists)
    kill_sessions(url)
    Path(f"{mark}2").touch()
    assert wait(pid) == 3, log.read_text()
    assert "r003" in log.read_text()
    finish(url, folder, per_revision)
    assert_at_head(url)


def test_failure_says_what_is_done(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, COUNT)
    path = folder / "r003.py"
    path.write_text(path.read_text().replace("time.sleep(0)", "op.execute('SELCT 1')"))
    context = {"transaction_per_migration": True}
    app, alembic = make_app(database_url, folder, ALEMBIC_CONTEXT=context)
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        alembic.upgrade()
    dispose(app)
    result = caught.value.result
    assert [one.step.revision for one in result.applied] == ["r001", "r002"]
    assert [step.revision for step in result.not_started] == ["r004", "r005"]
    assert result.failure.step.revision == "r003"
    assert result.failure.path == path
    assert path.read_text().splitlines()[result.failure.line - 1].strip() == (
        "op.execute('SELCT 1')"
    )
    assert result.failure.statement == "SELCT 1"
    assert result.heads_after == {"default": ("r002",)}
    assert look(database_url)[1] == ["r002"]
