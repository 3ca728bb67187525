"""Runs and revisions as SQL text: complete, for somebody else to send."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    second_connection,
    tables,
    version_rows,
    write_chain,
    write_revision,
    write_table_revision,
)
from databases import MakeDatabase
from flask import Flask

from flask_alembic.errors import MigrationFailed

DATA = [
    "table = sa.table(",
    "    'note', sa.column('id', sa.Integer), sa.column('word', sa.Text))",
    "op.create_table('note', sa.Column('id', sa.Integer), sa.Column('word', sa.Text))",
    "op.bulk_insert(table, [{'id': 1, 'word': \"it's 100% sure\"}])",
    "op.execute(table.insert().values(id=2, word='second'))",
    "op.execute(\"INSERT INTO note VALUES (3, '50%')\")",
]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path, models=no_models)


def send(url: str, text: str) -> None:
    """Send a script as a person would, statement by statement."""
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    with second_connection(url) as connection:
        cursor = connection.connection.cursor()
        for statement in code.split(";\n"):
            if statement.strip() and statement.strip() not in {"BEGIN", "COMMIT"}:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()
        connection.connection.commit()


def test_the_text_of_a_run_can_be_sent(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    """Values are in the text, and a percent sign is one."""
    url = make_database(kind)
    app = make_app(tmp_path, url, models=no_models)
    write_revision(migrations_of(app), "a1", None, DATA)
    result = run_db(app, "upgrade", "--sql")
    assert result.exit_code == 0, result.stderr
    assert tables(url) == set()
    send(url, result.stdout)
    assert version_rows(url) == {"a1"}
    with second_connection(url) as connection:
        words = connection.scalars(sa.text("SELECT word FROM note ORDER BY id"))
        assert words.all() == ["it's 100% sure", "second", "50%"]


def test_a_revision_that_needs_a_connection_is_named(app: Flask) -> None:
    write_chain(migrations_of(app), "a1")
    body = ["op.get_bind().execute(sa.text('SELECT 1')).scalars()"]
    path = write_revision(migrations_of(app), "b2", "a1", body, message="read first")
    result = run_db(app, "upgrade", "--sql")
    assert result.exit_code == 3
    assert result.stdout == ""
    first, where, advice = result.stderr.splitlines()
    assert "The upgrade of b2 (read first) cannot be written as SQL" in first
    assert where == f"File: {path}, line 13"
    assert "without --sql" in advice


def test_the_tag_and_the_arguments_reach_revisions(app: Flask) -> None:
    body = [
        "assert context.get_tag_argument() == 'release-7'",
        "assert context.get_x_argument(as_dictionary=True) == {'a': '1', 'b': 'x=y'}",
    ]
    write_revision(migrations_of(app), "a1", None, body, body)
    words = ("--tag", "release-7", "-x", "a=1", "-x", "b=x=y")
    for command in (["upgrade", "--sql"], ["upgrade"], ["downgrade"]):
        result = run_db(app, *command, *words)
        assert result.exit_code == 0, result.output
    assert run_db(app, "upgrade").exit_code == 3  # so the revision did look


# Single revisions ---------------------------------------------------------------


def test_show_writes_the_sql_of_each_database(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        models=no_models,
        SQLALCHEMY_BINDS={"stats": f"sqlite:///{tmp_path}/stats.db"},
        ALEMBIC={"databases": "*"},
    )
    write_chain(migrations_of(app), "a1", "a2")
    shown = run_db(app, "show", "a2", "--sql").stdout
    assert shown.count("CREATE TABLE t_a2") == 2
    assert "-- upgrade a2, database default" in shown
    assert "-- upgrade a2, database stats" in shown
    assert "t_a1" not in shown
    only = run_db(app, "show", "a2", "--sql", "--database", "stats").stdout
    assert only.count("CREATE TABLE t_a2") == 1
    assert "DROP TABLE t_a2" in run_db(app, "show", "--sql", "--downgrade").stdout
    assert not Path(tmp_path, "app.db").exists()


def test_the_sql_of_a_revision_moves_the_version(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    url = make_database(kind)
    app = make_app(tmp_path, url, models=no_models)
    folder = migrations_of(app)
    write_chain(folder, "a1", "a2")
    write_table_revision(folder, "b2", "a2")
    with app.app_context():
        extension = extension_of(app)
        for revision in ("a1", "a2", "b2"):
            (one,) = extension.revision_sql(revision)
            assert (one.revision, one.database) == (revision, "default")
            send(url, one.sql)
    assert version_rows(url) == {"b2"}
    assert tables(url) == {"t_a1", "t_a2", "t_b2"}


def test_the_sql_of_a_merge_begins_at_all_its_parents(app: Flask) -> None:
    folder = migrations_of(app)
    write_chain(folder, "a1", "a2")
    write_table_revision(folder, "b2", "a1")
    write_revision(folder, "c3", ("a2", "b2"))
    with app.app_context():
        (one,) = extension_of(app).revision_sql("c3")
    assert "DELETE FROM alembic_version" in one.sql
    assert "SET version_num='c3'" in one.sql


def test_the_sql_is_in_the_report(app: Flask) -> None:
    write_chain(migrations_of(app), "a1")
    document = json.loads(run_db(app, "show", "--sql", "--format", "json").stdout)
    (one,) = document["data"]["sql"]
    assert (one["revision"], one["database"], one["direction"]) == (
        "a1",
        "default",
        "upgrade",
    )
    assert "CREATE TABLE t_a1" in one["sql"]
    assert [one["revision"] for one in document["revisions"]] == ["a1"]


def test_options_for_sql_need_it(app: Flask) -> None:
    write_chain(migrations_of(app), "a1")
    for words in (["--downgrade"], ["--database", "default"], ["-x", "a=b"]):
        result = run_db(app, "show", *words)
        assert result.exit_code == 2
        assert "Add --sql." in result.stderr


def test_it_says_why_there_is_no_sql(app: Flask) -> None:
    write_revision(
        migrations_of(app),
        "a1",
        None,
        "op.get_bind().execute(sa.text('SELECT 1')).all()",
    )
    with app.app_context(), pytest.raises(MigrationFailed, match="a1"):
        extension_of(app).revision_sql("a1")
