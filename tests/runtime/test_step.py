"""Safe points of revisions: on MariaDB they are resumed, elsewhere they do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import (
    make_app,
    migrations_of,
    no_models,
    run_db,
    second_connection,
    url_of,
    version_rows,
    write_revision,
)
from flask import Flask
from resumed_revisions import dump, execute, make, resume, upgrade, upgrade_and_die
from sample import is_full

import flask_alembic
from flask_alembic.errors import UsageError

pytestmark = pytest.mark.costly

COPY = [
    "import flask_alembic",
    "with flask_alembic.step('make table'):",
    "    op.execute('CREATE TABLE notes (word VARCHAR(9))')",
    "with flask_alembic.step('copy rows') as step:",
    "    for number in range(3):",
    "        made = c.execute(sa.text('INSERT INTO notes VALUES (:n)'), {'n': str(number)})",
    "        assert made.rowcount == 1",
]


def words(app: Flask) -> list[str]:
    with second_connection(url_of(app)) as connection:
        return sorted(connection.scalars(sa.text("SELECT word FROM notes")))


def test_it_works_everywhere(database_url: str, tmp_path: Path) -> None:
    app = make_app(tmp_path, database_url, models=no_models)
    body = ["c = op.get_bind()", *COPY, "assert not step.is_completed"]
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "upgrade").exit_code == 0
    assert words(app) == ["0", "1", "2"]
    assert version_rows(url_of(app)) == {"a1"}


def test_it_is_written_as_sql(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    body = ["import flask_alembic", "with flask_alembic.step('one'):"]
    write_revision(
        migrations_of(app), "a1", None, [*body, "    op.execute('SELECT 7')"]
    )
    written = run_db(app, "upgrade", "--sql")
    assert written.exit_code == 0
    assert "SELECT 7" in written.stdout


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_transaction_is_not_ended_by_it(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    app = make_app(tmp_path, url, models=no_models)
    body = ["c = op.get_bind()", *COPY, "1 / 0"]
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "upgrade").exit_code == 3
    with second_connection(url) as connection:
        assert not sa.inspect(connection).has_table("notes")


def test_a_completed_step_is_skipped_as_a_whole(
    mariadb_url: str, tmp_path: Path
) -> None:
    body = [*COPY, "op.execute('ALTER TABLE nosuch ADD x INT')"]
    app = make(tmp_path, mariadb_url, body)
    failed = run_db(app, "upgrade")
    assert "1. step 'make table'" in failed.stderr
    assert "2. step 'copy rows'" in failed.stderr
    assert "INSERT" not in failed.stderr.partition("that were applied:")[2]
    refused = run_db(app, "upgrade")
    assert (
        "Applied statements:\n  1. step 'make table'\n  2. step 'copy rows'"
        in refused.stderr
    )
    execute(mariadb_url, "CREATE TABLE nosuch (id INT)")
    execute(mariadb_url, "DELETE FROM notes")  # to see that nothing is sent again
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert words(app) == []
    assert version_rows(mariadb_url) == {"a1"}


def test_a_step_that_failed_is_run_from_its_start(
    mariadb_url: str, tmp_path: Path
) -> None:
    body = [
        "import flask_alembic",
        "with flask_alembic.step('first'):",
        "    op.execute('UPDATE t SET n = n + 1')",
        "with flask_alembic.step('second'):",
        "    op.execute('CREATE TABLE IF NOT EXISTS u (i INT)')",
        "    op.execute('UPDATE t SET n = n * 2')",
        "    op.execute('ALTER TABLE nosuch ADD COLUMN IF NOT EXISTS x INT')",
    ]
    app = make(tmp_path, mariadb_url, body)
    failed = run_db(app, "upgrade")
    assert "step 'second', in part" in failed.stderr
    assert "runs the step that is not completed from its start" in failed.stderr
    refused = run_db(app, "upgrade")
    assert "The step 'second' is not completed" in refused.stderr
    execute(mariadb_url, "CREATE TABLE nosuch (id INT)")
    before = dump(mariadb_url)["t"]
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert dump(mariadb_url)["t"] != before
    assert version_rows(mariadb_url) == {"a1"}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(8, 40, 3 if is_full() else 8))
def test_killed_anywhere(
    mariadb_url: str, tmp_path: Path, at: int, after: bool
) -> None:
    """Steps of DML alone are applied exactly once, whatever their results decide."""
    body = [
        "import flask_alembic",
        "with flask_alembic.step('delete'):",
        "    while c.execute(sa.text('DELETE FROM t WHERE n < 3 LIMIT 1')).rowcount:",
        "        pass",
        "op.execute('UPDATE t SET n = n + 1')",
        "with flask_alembic.step('add'):",
        "    new = c.execute(sa.text('INSERT INTO t (n) VALUES (7)')).lastrowid",
        "    c.execute(sa.text('INSERT INTO t VALUES (99, :n)'), {'n': new})",
    ]
    app = make(tmp_path, mariadb_url, body)
    if upgrade_and_die(app, tmp_path / "log", at, after=after):
        assert resume(app) == ""
    assert version_rows(mariadb_url) == {"a1"}
    _, rows = dump(mariadb_url)["t"]  # type: ignore[misc]
    numbers = [eval(row) for row in rows]
    ids = [row[0] for row in numbers]
    assert (3, 4) in numbers
    assert len(numbers) == 3
    assert next(row[1] for row in numbers if row[0] == 99) == min(set(ids) - {3, 99})


def test_a_swallowed_failure_of_a_step_is_not_resumed(
    mariadb_url: str, tmp_path: Path
) -> None:
    body = [
        "import flask_alembic",
        "try:",
        "    with flask_alembic.step('first'):",
        "        op.execute('UPDATE t SET n = n + 1')",
        "        1 / 0",
        "except ZeroDivisionError:",
        "    pass",
        "op.execute('CREATE TABLE u (i INT)')",
        "op.execute('ALTER TABLE nosuch ADD x INT')",
    ]
    app = make(tmp_path, mariadb_url, body)
    assert run_db(app, "upgrade").exit_code == 3
    refused = run_db(app, "upgrade", "--resume")
    assert refused.exit_code == 3
    assert "it continued after one of its steps failed" in refused.stderr


@pytest.mark.parametrize("name", ["", "x" * 201, None])
def test_a_bad_name(name: object) -> None:
    with pytest.raises(UsageError, match="name of a step"):
        flask_alembic.step(name)  # type: ignore[arg-type]


def test_a_step_inside_a_step(mariadb_url: str, tmp_path: Path) -> None:
    body = [
        "from flask_alembic import step",
        "with step('a'):",
        "    with step('b'):",
        "        pass",
    ]
    failed = run_db(make(tmp_path, mariadb_url, body), "upgrade")
    assert failed.exit_code == 3
    assert "'b' begins inside another step" in failed.stderr


def test_outside_of_a_run_it_does_nothing() -> None:
    with flask_alembic.step("alone") as entered:
        assert not entered.is_completed
    assert flask_alembic.step("alone")(lambda: 5)() == 5


def test_a_run_without_failure_is_as_without_steps(
    mariadb_url: str, tmp_path: Path
) -> None:
    app = make(tmp_path, mariadb_url, COPY)
    upgrade(app)
    assert words(app) == ["0", "1", "2"]
