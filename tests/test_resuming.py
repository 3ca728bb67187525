"""A revision left half done on MariaDB: every way out that is named leads out."""

from __future__ import annotations

import re
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
    write_chain,
    write_revision,
)
from flask import Flask
from processes import start, wait

CREATE = "op.create_table('made', sa.Column('id', sa.Integer, primary_key=True))"
BREAK = "op.execute('ALTER TABLE nosuch ADD other INT')"


@pytest.fixture
def app(tmp_path: Path, mariadb_url: str) -> Flask:
    app = make_app(tmp_path, mariadb_url, models=no_models)
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    return app


def execute(app: Flask, sql: str) -> None:
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text(sql))
        connection.commit()


def test_the_cause_is_in_the_server(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    failed = run_db(app, "upgrade")
    assert failed.exit_code == 3
    assert "1. CREATE TABLE made" in failed.stderr
    assert "flask db upgrade --resume" in failed.stderr
    execute(app, "CREATE TABLE nosuch (id INT)")
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert version_rows(url_of(app)) == {"b2"}


@pytest.mark.parametrize(("parent", "named"), [("a1", "a1"), (None, "base")])
def test_the_cause_is_in_the_file(app: Flask, parent: str | None, named: str) -> None:
    """The way that the message shows: undo, stamp, mend the file, upgrade."""
    if parent is None:
        run_db(app, "downgrade")
        (migrations_of(app) / "a1_.py").unlink()
    path = write_revision(migrations_of(app), "b2", parent, [CREATE, BREAK])
    failed = run_db(app, "upgrade")
    assert f"flask db stamp {named}," in failed.stderr
    path.write_text(path.read_text().replace("nosuch", "made"), "utf-8")

    refused = run_db(app, "upgrade", "--resume")
    assert refused.exit_code == 3
    assert "has changed" in refused.stderr
    assert f"run flask db stamp {named} and then flask db upgrade" in refused.stderr
    refused = run_db(app, "upgrade")
    assert f"flask db stamp {named} when it is undone" in refused.stderr

    execute(app, "DROP TABLE made")
    stamped = run_db(app, "stamp", named)
    assert stamped.exit_code == 0
    assert "b2 does not count as half done any more" in stamped.stderr
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"b2"}


def test_it_is_finished_by_hand(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    run_db(app, "upgrade")
    refused = run_db(app, "upgrade")
    assert "flask db stamp b2 when it is finished" in refused.stderr
    assert run_db(app, "stamp", "b2").exit_code == 0
    assert "Nothing to do" in run_db(app, "upgrade").stdout


def test_a_plan_of_a_stamp_forgets_nothing(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    run_db(app, "upgrade")
    assert run_db(app, "stamp", "a1", "--plan").exit_code == 0
    assert "half done" in run_db(app, "upgrade").stderr


# A process that ended in the middle of a statement ---------------------------------


def ended(app: Flask, tmp_path: Path) -> None:
    """Let a process end at the moment when a statement is sent."""
    body = [
        "import os, pathlib",
        f"flag = pathlib.Path({str(tmp_path / 'ended')!r})",
        "if not flag.exists():",
        "    @sa.event.listens_for(op.get_bind(), 'before_cursor_execute')",
        "    def end(*args):",
        "        if 'CREATE TABLE made' in args[2]:",
        "            flag.touch()",
        "            os._exit(9)",
        CREATE,
        "op.execute('ALTER TABLE made ADD other INT')",
    ]
    write_revision(migrations_of(app), "b2", "a1", body)

    def work() -> None:
        with app.app_context():
            app.extensions["alembic"].upgrade()

    assert wait(start(work, tmp_path / "log")) == 9


@pytest.mark.parametrize("happened", [True, False])
def test_an_answer_is_asked_for_and_taken(
    app: Flask, tmp_path: Path, happened: bool
) -> None:
    ended(app, tmp_path)
    if happened:  # The server had it, though nobody wrote that down.
        execute(app, "CREATE TABLE made (id INT PRIMARY KEY AUTO_INCREMENT)")
    first = run_db(app, "upgrade")
    assert "It is not known whether this one is: CREATE TABLE made" in first.stderr
    asked = run_db(app, "upgrade", "--resume")
    assert asked.exit_code == 3
    assert re.search(r"--resume\s+with\s+--happened or --not-happened", asked.stderr)
    answer = "--happened" if happened else "--not-happened"
    done = run_db(app, "upgrade", "--resume", answer)
    assert done.exit_code == 0, done.stderr
    assert version_rows(url_of(app)) == {"b2"}
    with second_connection(url_of(app)) as connection:
        columns = sa.inspect(connection).get_columns("made")
    assert [column["name"] for column in columns] == ["id", "other"]


def test_an_answer_without_a_question_is_refused(app: Flask) -> None:
    for answer in ("--happened", "--not-happened"):
        result = run_db(app, "upgrade", answer)
        assert result.exit_code == 2
        assert "Add --resume" in result.stderr


def test_a_revision_that_goes_on_after_a_refusal(app: Flask) -> None:
    """What the server has refused is no question, though the revision takes it lightly."""
    body = ["try:", f"    {BREAK}", "except sa.exc.DBAPIError:", "    pass", CREATE]
    body.append("op.execute('ALTER TABLE other ADD name INT')")
    write_revision(migrations_of(app), "b2", "a1", body)
    assert run_db(app, "upgrade").exit_code == 3
    refused = run_db(app, "upgrade")
    assert "In effect are:\n  2. CREATE TABLE made" in refused.stderr
    assert "not known" not in refused.stderr
    execute(app, "CREATE TABLE other (id INT)")
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert version_rows(url_of(app)) == {"b2"}


def test_a_revision_that_switches_autocommit_on(app: Flask) -> None:
    """What it does from there on is in effect at once, and known to be."""
    execute(app, "CREATE TABLE notes (word VARCHAR(9))")
    body = ["op.execute('SET autocommit = 1')"]
    body.append("""op.execute("INSERT INTO notes VALUES ('one')")""")
    write_revision(migrations_of(app), "b2", "a1", [*body, BREAK])
    failed = run_db(app, "upgrade")
    assert failed.exit_code == 3
    execute(app, "CREATE TABLE nosuch (id INT)")
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    with second_connection(url_of(app)) as connection:
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM notes")) == 1
