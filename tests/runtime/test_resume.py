"""A revision partially applied on MariaDB: every way out that is named leads out."""

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

pytestmark = pytest.mark.costly

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
    """The way that the message shows: undo, stamp, fix the file, upgrade."""
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
    assert f"flask db stamp {named} when it is reverted" in refused.stderr

    execute(app, "DROP TABLE made")
    stamped = run_db(app, "stamp", named)
    assert stamped.exit_code == 0
    assert "b2 no longer counts as partially applied" in stamped.stderr
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"b2"}


def test_it_is_finished_by_hand(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    run_db(app, "upgrade")
    refused = run_db(app, "upgrade")
    assert "flask db stamp b2 when it is finished" in refused.stderr
    assert run_db(app, "stamp", "b2").exit_code == 0
    assert "Already up to date" in run_db(app, "upgrade").stdout
    # The journal is only read where something is pending.
    write_revision(migrations_of(app), "c3", "b2", ["pass"])
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"c3"}


def test_a_plan_of_a_stamp_forgets_nothing(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    run_db(app, "upgrade")
    assert run_db(app, "stamp", "a1", "--plan").exit_code == 0
    assert "partially applied" in run_db(app, "upgrade").stderr


# A process that ended in the middle of a statement ---------------------------------


def ended(app: Flask, tmp_path: Path) -> None:
    """Let a process end once the server has executed a statement."""
    body = [
        "import os, pathlib",
        f"flag = pathlib.Path({str(tmp_path / 'ended')!r})",
        "if not flag.exists():",
        "    @sa.event.listens_for(op.get_bind(), 'before_cursor_execute')",
        "    def end(*args):",
        "        if '_journal' in args[2] and 'done' in repr(args[3]):",
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
    if not happened:  # As where the server ended in the middle of it.
        execute(app, "DROP TABLE made")
    first = run_db(app, "upgrade")
    assert (
        "It is not known whether this one was applied: CREATE TABLE made"
        in first.stderr
    )
    asked = run_db(app, "upgrade", "--resume")
    assert asked.exit_code == 3
    assert re.search(
        r"--resume\s+with\s+--last-statement-applied or --last-statement-not-applied",
        asked.stderr,
    )
    answer = "--last-statement-applied" if happened else "--last-statement-not-applied"
    done = run_db(app, "upgrade", "--resume", answer)
    assert done.exit_code == 0, done.stderr
    assert version_rows(url_of(app)) == {"b2"}
    with second_connection(url_of(app)) as connection:
        columns = sa.inspect(connection).get_columns("made")
    assert [column["name"] for column in columns] == ["id", "other"]


def test_an_answer_without_a_question_is_refused(app: Flask) -> None:
    for answer in ("--last-statement-applied", "--last-statement-not-applied"):
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
    assert "Applied statements:\n  2. CREATE TABLE made" in refused.stderr
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


def test_what_was_not_sent_is_no_question(app: Flask, tmp_path: Path) -> None:
    """The record of a statement is committed by the server as it begins it."""
    body = [
        "import os, pathlib",
        f"flag = pathlib.Path({str(tmp_path / 'ended')!r})",
        "op.execute('CREATE TABLE first (id INT)')",
        "if not flag.exists():",
        "    @sa.event.listens_for(op.get_bind(), 'before_cursor_execute')",
        "    def end(*args):",
        "        if 'CREATE TABLE made' in args[2]:",
        "            flag.touch()",
        "            os._exit(9)",
        CREATE,
    ]
    write_revision(migrations_of(app), "b2", "a1", body)

    def work() -> None:
        with app.app_context():
            app.extensions["alembic"].upgrade()

    assert wait(start(work, tmp_path / "log")) == 9
    refused = run_db(app, "upgrade")
    assert "Applied statements:\n  1. CREATE TABLE first" in refused.stderr
    assert "not known" not in refused.stderr
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert version_rows(url_of(app)) == {"b2"}


def journal_tables(app: Flask) -> list[str]:
    with second_connection(url_of(app)) as connection:
        names = sa.inspect(connection).get_table_names()
    return [name for name in names if name.endswith("_journal")]


def test_its_table_is_there_while_something_is_unfinished(app: Flask) -> None:
    assert journal_tables(app) == []
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    assert run_db(app, "upgrade").exit_code == 3
    assert journal_tables(app) == ["alembic_version_journal"]
    execute(app, "CREATE TABLE nosuch (id INT)")
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert journal_tables(app) == []


@pytest.mark.parametrize("body", [[BREAK], ["op.execute('DO 0')", "1 / 0"]])
def test_a_failure_that_left_nothing_leaves_no_table(
    app: Flask, body: list[str]
) -> None:
    write_revision(migrations_of(app), "b2", "a1", body)
    assert run_db(app, "upgrade").exit_code == 3
    assert journal_tables(app) == []


def test_a_stamp_drops_the_table(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    run_db(app, "upgrade")
    assert run_db(app, "stamp", "b2").exit_code == 0
    assert journal_tables(app) == []


def test_a_ddl_that_fails_has_committed_what_was_before_it(app: Flask) -> None:
    """The report says so: it asks the journal, it does not conclude."""
    execute(app, "CREATE TABLE notes (word VARCHAR(9))")
    body = ["""op.execute("INSERT INTO notes VALUES ('one')")"""]
    body.append("op.execute('ALTER TABLE notes ADD word INT')")
    write_revision(migrations_of(app), "b2", "a1", body)
    failed = run_db(app, "upgrade")
    assert "Statements of this revision that were applied:" in failed.stderr
    assert "INSERT INTO notes" in failed.stderr
    assert "Version table: one revision behind the schema" in failed.stderr


def test_what_failed_in_part_is_asked(app: Flask) -> None:
    """DROP TABLE of several drops those that are there."""
    execute(app, "CREATE TABLE one (id INT)")
    body = ["op.execute('DROP TABLE one, two')"]
    write_revision(migrations_of(app), "b2", "a1", body)
    failed = run_db(app, "upgrade")
    assert "Statements of this revision that may be applied:" in failed.stderr
    assert "--last-statement-not-applied" in failed.stderr
    asked = run_db(app, "upgrade", "--resume")
    assert "or in part:\n  1. DROP TABLE one, two" in asked.stderr
    done = run_db(app, "upgrade", "--resume", "--last-statement-applied")
    assert done.exit_code == 0
    assert version_rows(url_of(app)) == {"b2"}


def without_journal(app: Flask) -> Flask:
    settings = {"journal": {"default": False}}
    folder = Path(app.root_path)
    return make_app(folder, url_of(app), models=no_models, ALEMBIC=settings)


def test_it_is_turned_off(app: Flask) -> None:
    app = without_journal(app)
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    failed = run_db(app, "upgrade")
    assert failed.exit_code == 3
    assert "1. CREATE TABLE made" in failed.stderr
    assert "--resume" not in failed.stderr
    assert "These statements were not recorded" in failed.stderr
    assert journal_tables(app) == []
    refused = run_db(app, "upgrade", "--resume")
    assert refused.exit_code == 3
    assert "ALEMBIC['journal'] is off" in refused.stderr
    assert "flask db stamp b2" in refused.stderr
    assert "already exists" in run_db(app, "upgrade").stderr


def test_what_is_unfinished_stays_known_when_it_is_turned_off(app: Flask) -> None:
    write_revision(migrations_of(app), "b2", "a1", [CREATE, BREAK])
    run_db(app, "upgrade")
    app = without_journal(app)
    assert "partially applied" in run_db(app, "upgrade").stderr
    execute(app, "CREATE TABLE nosuch (id INT)")
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert version_rows(url_of(app)) == {"b2"}


def test_a_killed_connection(app: Flask) -> None:
    """What was not committed is rolled back by the server, and the journal knows."""
    execute(app, "CREATE TABLE notes (word VARCHAR(9))")
    body = [
        CREATE,
        """op.execute("INSERT INTO notes VALUES ('one')")""",
        "if not sa.inspect(op.get_bind()).has_table('again'):",
        "    number = op.get_bind().connection.dbapi_connection.thread_id()",
        "    other = sa.create_engine(op.get_bind().engine.url, poolclass=sa.NullPool)",
        "    with other.connect() as killer:",
        "        killer.exec_driver_sql('CREATE TABLE again (id INT)')",
        "        killer.exec_driver_sql(f'KILL {number}')",
        """op.execute("INSERT INTO notes VALUES ('two')")""",
    ]
    write_revision(migrations_of(app), "b2", "a1", body)
    failed = run_db(app, "upgrade")
    assert failed.exit_code == 3
    effect = failed.stderr.partition("that were applied:")[2]
    assert "CREATE TABLE made" in effect
    assert "INSERT" not in effect
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    with second_connection(url_of(app)) as connection:
        words = connection.scalars(sa.text("SELECT word FROM notes")).all()
    assert words == ["one", "two"]
