"""``flask db squash``: one revision in place of many."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
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
    second_connection,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from databases import MakeDatabase
from flask import Flask
from plugging import Implementing

from flask_alembic.errors import Refused, UsageError
from flask_alembic.hooks import LintTarget, Problem, Veto
from flask_alembic.script.source_analysis import data_steps, what_is_lost

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

CHAIN: Mapping[str, tuple[list[str], list[str]]] = {
    "a1": (
        [
            "op.create_table('a', sa.Column('id', sa.Integer, primary_key=True),"
            " sa.Column('n', sa.String(9), server_default='x', nullable=False))",
        ],
        ["op.drop_table('a')"],
    ),
    "a2": (
        ["op.create_table('b', sa.Column('id', sa.Integer, primary_key=True))"],
        ["op.drop_table('b')"],
    ),
    "a3": (
        [
            "op.add_column('b', sa.Column('nick', sa.String(20)))",
            "op.execute('CREATE VIEW v AS SELECT id FROM b')",
            "op.create_index('ix', 'b', ['nick'])",
        ],
        [
            "op.drop_index('ix', 'b')",
            "op.execute('DROP VIEW v')",
            "op.drop_column('b', 'nick')",
        ],
    ),
    "a4": (
        [
            "op.create_table('c', sa.Column('id', sa.Integer, primary_key=True),"
            " sa.Column('b', sa.Integer, sa.ForeignKey('b.id', name='c_b')),"
            " sa.Column('a', sa.Integer, sa.ForeignKey('a.id')))",
        ],
        ["op.drop_table('c')"],
    ),
    "a5": (["op.create_index('ix5', 'c', ['b'])"], ["op.drop_index('ix5', 'c')"]),
}


def project(folder: Path, url: str | None = None, **config: Any) -> Flask:
    """Return an app with five revisions in a line, none applied."""
    app = make_app(folder, url, models=no_models, **config)
    down = None
    for id_, (up, back) in CHAIN.items():
        write_revision(migrations_of(app), id_, down, up, back)
        down = id_
    return app


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Flask:
    return project(tmp_path, database_url)


def url_of(app: Flask) -> str:
    return str(app.config["SQLALCHEMY_DATABASE_URI"])


def files(app: Flask) -> dict[str, str]:
    """Return all that is in the folder, hidden files too, without caches."""
    folder = migrations_of(app)
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def schema(url: str) -> dict[str, Any]:
    """Return tables, columns, indexes and views."""
    with second_connection(url) as connection:
        inspector = sa.inspect(connection)
        found: dict[str, Any] = {
            name: (
                sorted(
                    f"{c['name']} {c['type']!r} {c['nullable']} {c['default']}"
                    for c in inspector.get_columns(name)
                ),
                sorted(
                    f"{i['name']} {i['column_names']}"
                    for i in inspector.get_indexes(name)
                ),
                sorted(
                    f"{k['name']} {k['constrained_columns']} {k['referred_table']}"
                    for k in inspector.get_foreign_keys(name)
                ),
            )
            for name in inspector.get_table_names()
            if not name.startswith("alembic_version")
        }
        return {**found, "views": inspector.get_view_names()}


def ids(app: Flask) -> list[str]:
    with app.app_context():
        return [script.revision for script in extension_of(app).log()]


# What it does --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("range", "left"),
    [
        (":a5", ["a5"]),
        ("base:head", ["a5"]),
        (":", ["a5"]),
        ("a1:a3", ["a3", "a4", "a5"]),
        ("a2:a4", ["a1", "a4", "a5"]),
        ("a3:", ["a1", "a2", "a5"]),
    ],
)
def test_both_histories_build_the_same(
    tmp_path: Path, make_database: MakeDatabase, kind: str, range: str, left: list[str]
) -> None:
    """The proof of the command, made once more from outside."""
    url, other = make_database(kind), make_database(kind)
    app = project(tmp_path, url)
    assert run_db(app, "upgrade").exit_code == 0
    result = run_db(app, "squash", range)
    assert result.exit_code == 0, result.output
    assert ids(app) == left
    fresh = make_app(tmp_path, other, models=no_models)
    assert run_db(fresh, "upgrade").exit_code == 0
    assert schema(other) == schema(url)
    # The one that was at the end needs nothing.
    outcome = run_db(app, "upgrade")
    assert "Already up to date at a5" in outcome.stdout
    # And back down again.
    squashed = left[0] if left[0] != "a1" else left[1]
    downgrade = "base" if squashed == left[0] else left[left.index(squashed) - 1]
    if kind != "mariadb":  # which cannot drop an index that a foreign key needs
        assert run_db(fresh, "downgrade", downgrade, "-y").exit_code == 0


def test_the_file_says_what_it_stands_for(app: Flask) -> None:
    result = run_db(app, "squash", "a2:a4", "-m", "a year's work")
    assert result.exit_code == 0, result.output
    assert sorted(files(app)) == [
        "a1_.py",
        "a4_a_year_s_work.py",
        "a5_.py",
        "script.py.mako",
    ]
    text = files(app)["a4_a_year_s_work.py"]
    assert text.startswith('"""a year\'s work\n')
    assert "squashes = ('a2', 'a3', 'a4')" in text
    assert "down_revision = 'a1'" in text
    assert "op.create_table('b'" in text
    assert re.search("op.execute\\('CREATE .*VIEW", text)
    assert "a4 now replaces 3 revisions; their files were removed" in result.stdout


def test_old_files_are_kept(app: Flask) -> None:
    before = files(app)
    result = run_db(app, "squash", ":a3", "--keep", "old")
    assert result.exit_code == 0, result.output
    after = files(app)
    for name in ("a1_.py", "a2_.py", "a3_.py"):
        assert after[f"old/{name}"] == before[name]
        assert name not in after
    assert ids(app) == ["a3", "a4", "a5"]


def test_squashing_what_was_squashed(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)
    result = run_db(app, "squash", "a1:a3")
    assert result.exit_code == 0, result.output
    assert run_db(app, "squash", "a3:a5").exit_code == 0
    (name,) = [name for name in files(app) if name.endswith(".py")]
    assert "squashes = ('a1', 'a2', 'a3', 'a4', 'a5')" in files(app)[name]


def test_a_long_list_is_written_one_a_line(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url, models=no_models)
    names = [f"revision_number_{number}" for number in range(9)]
    for down, name in zip([None, *names], names, strict=False):
        write_table_revision(migrations_of(app), name, down)
    assert run_db(app, "squash", ":").exit_code == 0
    (name,) = [name for name in files(app) if name.endswith(".py")]
    assert "squashes = (\n    'revision_number_0',\n" in files(app)[name]
    assert ids(app) == [names[-1]]


def test_labels_and_dependencies_move_along(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url, models=no_models)
    folder = migrations_of(app)
    write_table_revision(folder, "x1", labels="stock")
    write_table_revision(folder, "a1", labels="shop")
    write_table_revision(folder, "a2", "a1", depends="x1")
    write_table_revision(folder, "a3", "a2")
    write_table_revision(folder, "x2", "x1", depends="a3")
    result = run_db(app, "squash", "a1:a3")
    assert result.exit_code == 0, result.output
    with app.app_context():
        (script,) = extension_of(app).show("a3")
        assert script.branch_labels == {"shop"}
        assert script.dependencies == "x1"
        assert extension_of(app).show("shop@head")[0].revision == "a3"
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(sqlite_url) == {"x2"}


def test_a_merge_at_the_beginning(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url, models=no_models)
    folder = migrations_of(app)
    write_table_revision(folder, "a1")
    write_table_revision(folder, "b1", "a1")
    write_table_revision(folder, "b2", "a1")
    write_table_revision(folder, "m1", ("b1", "b2"))
    write_table_revision(folder, "m2", "m1")
    result = run_db(app, "squash", "m1:m2")
    assert result.exit_code == 0, result.output
    with app.app_context():
        (script,) = extension_of(app).show("m2")
    assert set(script.down_revision or ()) == {"b1", "b2"}
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(sqlite_url) == {"t_a1", "t_b1", "t_b2", "t_m1", "t_m2"}


RICH = {
    "sqlite": [
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n VARCHAR(9),\n"
        "CONSTRAINT positive CHECK (id > 0)\n)",
        "CREATE VIEW z AS SELECT n FROM a WHERE n <> ':x'",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET n = 'x'; END",
    ],
    "postgresql": [
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE TABLE a (id SERIAL PRIMARY KEY, m mood, n VARCHAR(9), r INT4RANGE,"
        " EXCLUDE USING gist (r WITH &&), CONSTRAINT positive CHECK (id > 0))",
        "CREATE TABLE b (m mood DEFAULT 'sad')",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.n := ''x''::text; RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE VIEW z AS SELECT n FROM a",
        "CREATE MATERIALIZED VIEW mv AS SELECT n FROM z",
        "CREATE INDEX low ON a (lower(n)) WHERE id > 3",
    ],
    "mariadb": [
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTO_INCREMENT, n VARCHAR(9),"
        " m ENUM('x', 'y'), CONSTRAINT positive CHECK (n > 'a'))",
        "CREATE FUNCTION f(i INT) RETURNS INT DETERMINISTIC RETURN i + 1",
        "CREATE VIEW z AS SELECT n FROM a",
        "CREATE VIEW v AS SELECT n FROM z",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.n = 'x'",
    ],
}


@pytest.mark.parametrize("kind", RICH)
def test_what_is_made_by_sql_is_carried_over(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    app = make_app(tmp_path, make_database(kind), models=no_models)
    down = None
    for number, statement in enumerate(RICH[kind]):
        id_ = f"s{number}"
        text = statement.replace(" ':x'", r" '\:x'")
        write_revision(migrations_of(app), id_, down, [f"op.execute({text!r})"])
        down = id_
    with app.app_context():
        extension_of(app).upgrade()
        done = extension_of(app).squash(":")
    assert done.data_steps == ()
    assert len(done.squashed) == len(RICH[kind])
    assert done.downgrade == ""


# What it refuses -----------------------------------------------------------------


def refused(app: Flask, *words: str, code: int, says: str) -> None:
    """Run a squash that must change nothing."""
    before = files(app)
    result = run_db(app, "squash", *words)
    assert result.exit_code == code, result.output
    assert says in result.stderr, result.output
    assert files(app) == before


@pytest.mark.parametrize("at", ["a2", "a3"])
def test_a_database_in_the_middle(app: Flask, at: str) -> None:
    assert run_db(app, "upgrade", at).exit_code == 0
    refused(app, "a2:a4", code=3, says=f"is at {at}, in the middle")
    assert run_db(app, "upgrade", "a4").exit_code == 0
    assert run_db(app, "squash", "a2:a4").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0


@pytest.mark.parametrize("at", [None, "a1", "a4", "a5"])
def test_a_database_at_an_end_or_outside(
    tmp_path: Path, sqlite_url: str, at: str | None
) -> None:
    app = project(tmp_path, sqlite_url)
    if at is not None:
        assert run_db(app, "upgrade", at).exit_code == 0
    assert run_db(app, "squash", "a2:a4").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(sqlite_url) == {"a", "b", "c"}


def test_the_doctor_knows_a_database_that_was_left_behind(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    app = project(tmp_path, make_database("sqlite"))
    other = make_database("sqlite")
    late = make_app(tmp_path, other, models=no_models)
    assert run_db(late, "upgrade", "a3").exit_code == 0
    assert run_db(app, "squash", "a2:a4", "--keep", "old").exit_code == 0
    with make_app(tmp_path, other, models=no_models).app_context() as context:
        (finding,) = extension_of(context.app).doctor()
    assert finding.code == "squashed-revision"
    assert finding.command == "flask db upgrade a4"


WRONG = {
    "no range": ("a2", 2, "is not a range"),
    "one revision": ("a2:a2", 2, "nothing to squash"),
    "turned around": ("a4:a2", 2, "comes before the end"),
    "unknown": ("a2:nosuch", 2, "There is no revision or branch 'nosuch'"),
    "unknown beginning": ("nosuch:a3", 2, "There is no revision or branch 'nosuch'"),
    "relative": ("a1:heads", 0, ""),
}


@pytest.mark.parametrize("kind", [name for name in WRONG if name != "relative"])
def test_ranges_that_are_none(tmp_path: Path, sqlite_url: str, kind: str) -> None:
    text, code, says = WRONG[kind]
    refused(project(tmp_path, sqlite_url), text, code=code, says=says)


def test_a_branch_in_the_middle(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)
    write_table_revision(migrations_of(app), "b3", "a2")
    refused(app, "a1:a4", code=2, says="b3 follows or depends on a2")
    assert run_db(app, "squash", "a1:a2").exit_code == 0


def test_a_dependency_on_the_middle(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)
    write_table_revision(migrations_of(app), "b1", labels="b", depends="a2")
    refused(app, "a1:a4", code=2, says="b1 follows or depends on a2")


def test_a_merge_in_the_middle(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)
    write_table_revision(migrations_of(app), "b1", "a1")
    write_table_revision(migrations_of(app), "m1", ("a5", "b1"))
    refused(app, "a2:m1", code=2, says="m1 merges several")


def test_histories_that_do_not_build_the_same(
    tmp_path: Path, postgresql_url: str
) -> None:
    """A label that is added to a type in the middle cannot be written as a diff."""
    app = make_app(tmp_path, postgresql_url, models=no_models)
    folder = migrations_of(app)
    write_revision(folder, "a1", None, ["op.execute(\"CREATE TYPE m AS ENUM ('x')\")"])
    for number, label in ((2, "y"), (3, "z")):
        body = f"op.execute(\"ALTER TYPE m ADD VALUE '{label}'\")"
        write_revision(folder, f"a{number}", f"a{number - 1}", [body])
    refused(app, "a2:a3", code=3, says="enum m is 'x', 'y', 'z' in the old, 'x' in the")
    result = run_db(app, "squash", "a1:a3")
    assert result.exit_code == 0, result.output


def test_what_later_revisions_need(tmp_path: Path, sqlite_url: str) -> None:
    """Equal at the end of the stretch is not enough: what follows has to run too."""
    app = project(tmp_path, sqlite_url)
    body = ["op.execute(\"INSERT INTO a (id, n) VALUES (1, 'q')\")"]
    write_revision(migrations_of(app), "a6", "a5", body)
    write_revision(
        migrations_of(app),
        "a7",
        "a6",
        ["n = op.get_bind().scalar(sa.text('SELECT n FROM a'))", "assert n == 'q'"],
    )
    refused(
        app, "a1:a6", "--allow-data-loss", code=3, says="a7 (a7) fails on a scratch"
    )


def test_a_revision_that_fails(tmp_path: Path, database_url: str) -> None:
    app = project(tmp_path, database_url)
    write_revision(migrations_of(app), "a6", "a5", ["op.drop_table('nosuch')"])
    refused(app, "a2:a4", code=3, says="a6 (a6) fails on a scratch database")


# Data ----------------------------------------------------------------------------

STEPS = {
    "op.execute('INSERT INTO a VALUES (1)')": "INSERT of rows",
    "op.execute('update a set n = 1')": "UPDATE of rows",
    "op.execute(sa.text('-- why\\nDELETE FROM a'))": "DELETE of rows",
    "op.execute('CREATE INDEX i ON a (n); INSERT INTO a VALUES (1)')": "INSERT of rows",
    "op.bulk_insert(t, [])": "inserts rows",
    "op.execute(t.insert().values(id=1))": "writes rows",
    "op.get_bind().execute(sa.update(t))": "writes rows",
    "connection.execute(sa.delete(t))": "writes rows",
    "session.add(User())": "writes through a session",
    "db.session.bulk_save_objects([])": "writes through a session",
    "op.execute(f'DROP TABLE {name}')": "executes what only running it can tell",
    "op.execute('SELECT setval(1)')": "does what no comparison shows",
    "op.execute('GRANT SELECT ON a TO b')": "does what no comparison shows",
    "op.execute('CREATE TABLE c AS SELECT * FROM a')": "creates a table with rows",
    "op.execute('ALTER TABLE a OWNER TO b')": "sets what no comparison shows",
    "op.execute('ALTER TABLE a RENAME TO c')": "renames",
    "op.rename_table('a', 'c')": "renames a table",
    "op.alter_column('a', 'n', new_column_name='m')": "renames a column",
    "op.alter_column('a', 'n', type_=sa.Integer, postgresql_using='n::int')": "converts",
}
HARMLESS = [
    "op.create_table('a', sa.Column('id', sa.Integer))",
    "op.execute('CREATE VIEW v AS SELECT 1')",
    "op.execute('CREATE MATERIALIZED VIEW v AS SELECT id FROM a')",
    "op.execute('CREATE UNIQUE INDEX i ON a (n)')",
    "op.execute('ALTER TABLE a ADD COLUMN x INTEGER; ALTER TABLE a DROP COLUMN x')",
    "op.execute('CREATE OR REPLACE FUNCTION f() AS $$ INSERT INTO a; $$')",
    "op.execute('CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET n = 1; END')",
    "op.execute('SET lock_timeout = 1')",
    "op.execute('COMMENT ON TABLE a IS 1')",
    "rows = op.get_bind().execute(sa.text('SELECT id FROM a')).all()",
    "rows = op.get_bind().execute(sa.select(t)).all()",
    "op.alter_column('a', 'n', nullable=True)",
]


def steps(folder: Path, body: str) -> list[str]:
    app = make_app(folder)
    write_revision(migrations_of(app), "a1", None, [body], ["op.execute('DELETE')"])
    with app.app_context():
        found = data_steps(extension_of(app).script.walk_revisions())
    return [step.what for step in found]


@pytest.mark.parametrize("body", STEPS)
def test_what_counts_as_a_data_step(tmp_path: Path, body: str) -> None:
    (what,) = steps(tmp_path, body)
    assert what.startswith(STEPS[body])


@pytest.mark.parametrize("body", HARMLESS)
def test_what_does_not_count_as_a_data_step(tmp_path: Path, body: str) -> None:
    assert steps(tmp_path, body) == []


@pytest.mark.parametrize(
    ("sql", "lost"),
    [
        ("", None),
        ("-- nothing", None),
        ("CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v AS SELECT 1", None),
        ("CREATE VIRTUAL TABLE w USING fts5(x)", None),
        ("ALTER TABLE a CHANGE n m INT", "renames"),
        ("WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x", "does what"),
        ("CREATE POLICY p ON a", "does what"),
        ("TRUNCATE a", "TRUNCATE of rows"),
    ],
)
def test_statements(sql: str, lost: str | None) -> None:
    found = what_is_lost(sql)
    assert found is None if lost is None else found and found.startswith(lost)


def seeded(folder: Path, url: str) -> Flask:
    app = project(folder, url)
    body = ["op.execute(\"INSERT INTO a (id, n) VALUES (1, 'q'), (2, 'r')\")"]
    write_revision(migrations_of(app), "a6", "a5", body)
    return app


def test_data_steps_are_listed_and_refused(tmp_path: Path, database_url: str) -> None:
    app = seeded(tmp_path, database_url)
    refused(app, ":a6", code=3, says="a6_.py:13: INSERT of rows: op.execute(")
    result = run_db(app, "squash", ":a6", "--allow-data-loss")
    assert result.exit_code == 0, result.output
    assert "No longer performed: a6_.py:13: INSERT of rows" in result.stderr
    rows = "Rows: a [default]: 2 with the old revisions, 0 with the new one"
    assert rows in result.stderr


def test_rows_that_no_source_tells_of_are_found_too(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = project(tmp_path, sqlite_url)
    text = migrations_of(app).joinpath("a5_.py").read_text()
    text += (
        "\n\ndef downgrade_helper():\n    op.execute('INSERT INTO a DEFAULT VALUES')\n"
    )
    text = text.replace(
        "def upgrade(**arguments):", "def upgrade(**arguments):\n    downgrade_helper()"
    )
    migrations_of(app).joinpath("a5_.py").write_text(text)
    refused(app, ":a5", code=3, says="rows in a [default]: 1 with the old revisions")


# Files ---------------------------------------------------------------------------


def test_files_are_put_back_when_one_cannot_be_moved(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_alembic.commands.squash import file_swap as replacing

    def write_new(target: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replacing, "write_new", write_new)
    app = project(tmp_path, sqlite_url)
    refused(app, ":a3", code=3, says="No space left on device. They are as they were.")
    refused(app, ":a3", "--keep", "old", code=3, says="No space left on device")
    assert ids(app) == list(CHAIN)


def test_nothing_is_left_in_the_folder(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)
    assert run_db(app, "squash", ":a3").exit_code == 0
    assert [name for name in os.listdir(migrations_of(app)) if name[0] == "."] == []


def test_where_old_files_cannot_be_kept(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)
    refused(app, ":a3", "--keep", ".", code=2, says="Revisions are read from")
    migrations_of(app).joinpath("old").mkdir()
    migrations_of(app).joinpath("old", "a2_.py").write_text("precious")
    refused(app, ":a3", "--keep", "old", code=2, says="a file a2_.py in")


def test_a_folder_that_revisions_are_read_from_recursively(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = project(tmp_path, sqlite_url, ALEMBIC={"recursive_version_locations": True})
    refused(app, ":a3", "--keep", "old", code=2, says="Revisions are read from")
    outside = tmp_path / "outside"
    assert run_db(app, "squash", ":a3", "--keep", str(outside)).exit_code == 0
    assert sorted(path.name for path in outside.iterdir()) == [
        "a1_.py",
        "a2_.py",
        "a3_.py",
    ]
    assert ids(app) == ["a3", "a4", "a5"]


def test_a_folder_of_alembic_is_kept_as_it_is(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url, models=no_models)
    versions = migrations_of(app) / "versions"
    write_table_revision(versions, "a1")
    write_table_revision(versions, "a2", "a1")
    app = make_app(tmp_path, sqlite_url, models=no_models)
    assert run_db(app, "squash", ":a2", "--keep", "old").exit_code == 0
    assert [path.name for path in versions.glob("*.py")] == ["a2_squash_of_a1_to_a2.py"]
    assert migrations_of(app).joinpath("old", "a1_.py").exists()


# Around it -----------------------------------------------------------------------


def test_hooks_of_a_squash(tmp_path: Path, sqlite_url: str) -> None:
    heard: list[Any] = []

    def before_revision(request: Any) -> None:
        heard.append((request.message, request.parents, request.options["squashes"]))
        if len(heard) == 1:
            raise Veto("not today")

    def lint_problems(target: LintTarget) -> list[Problem]:
        heard.append(f"lint {target.revision}")
        return [Problem("X1", "It is odd.", "error")] if len(heard) == 3 else []

    def revision_generated(request: Any, scripts: Any) -> None:
        heard.append([Path(script.path).exists() for script in scripts])

    plugin = Implementing(
        before_revision=before_revision,
        lint_problems=lint_problems,
        revision_generated=revision_generated,
        apply_revision=lambda step: heard.append(step),
        after_command=lambda report: heard.append((report.command.name, report.ok)),
    )
    app = project(tmp_path, sqlite_url, extension={"plugins": [plugin]})
    assert run_db(app, "heads").exit_code == 0
    heard.clear()
    refused(app, "a2:a4", code=3, says="not today")
    told = ("squash of a2 to a4", ("a1",), ["a2", "a3", "a4"])
    assert heard == [told, ("squash", False)]
    heard[:] = [None]
    refused(app, "a2:a4", code=1, says="X1 It is odd.")
    assert heard == [None, told, "lint a4", ("squash", False)]
    heard[:] = [None] * 5
    assert run_db(app, "squash", "a2:a4").exit_code == 0
    assert heard[5:] == [told, "lint a4", [True], ("squash", True)]


def test_several_databases_are_squashed_into_one_file(tmp_path: Path) -> None:
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("default", "other")}
    config: dict[str, Any] = {
        "SQLALCHEMY_BINDS": {"other": {"url": urls["other"], "poolclass": sa.NullPool}},
        "ALEMBIC": {"databases": "*"},
    }
    app = make_app(tmp_path, urls["default"], models=no_models, **config)
    folder = migrations_of(app)
    for number, (down, name) in enumerate([(None, "a1"), ("a1", "a2"), ("a2", "a3")]):
        only = ("default", "other", "default")[number]
        path = write_table_revision(folder, name, down)
        guard = f"    if arguments['engine_name'] != {only!r}:\n        return\n"
        text = path.read_text().replace("**arguments):\n", f"**arguments):\n{guard}")
        path.write_text(
            text.replace("(**arguments)", "(engine_name=None, **arguments)").replace(
                "arguments['engine_name']", "engine_name"
            )
        )
    assert run_db(app, "squash", ":").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(urls["default"]) == {"t_a1", "t_a3"}
    assert tables(urls["other"]) == {"t_a2"}


def test_squash_in_python_and_as_json(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)
    result = run_db(app, "squash", "a1:a2", "--format", "json")
    document = json.loads(result.stdout)
    assert document["data"]["squashed"] == ["a1", "a2"]
    assert document["revisions"][0]["revision"] == "a2"
    with app.app_context():
        done = extension_of(app).squash("a3:a5", keep=Path("old"))
        assert (done.revision, done.squashed) == ("a5", ("a3", "a4", "a5"))
        assert done.kept == migrations_of(app) / "old"
        assert done.path.exists()
        with pytest.raises(UsageError):
            extension_of(app).squash("a5:a5")


def test_a_scratch_database_that_is_lent_serves_one_after_the_other(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = project(tmp_path, sqlite_url)
    url = f"sqlite:///{tmp_path}/scratch.db"
    assert run_db(app, "squash", ":a3", "--scratch-url", url).exit_code == 0


def test_an_irreversible_squash_says_so(tmp_path: Path, sqlite_url: str) -> None:
    app = project(tmp_path, sqlite_url)

    def process_revision_directives(directives: list[Any]) -> None:
        directives[-1].downgrade_ops.ops = []

    plugin = Implementing(process_revision_directives=process_revision_directives)
    app = project(tmp_path, sqlite_url, extension={"plugins": [plugin]})
    result = run_db(app, "squash", ":a3")
    assert result.exit_code == 0
    assert "Its downgrade() does not revert it: " in result.stderr
    assert "table a is missing from the schema before it" in result.stderr


def test_refused_is_what_python_gets(tmp_path: Path, sqlite_url: str) -> None:
    app = seeded(tmp_path, sqlite_url)
    with app.app_context(), pytest.raises(Refused, match="more than change the schema"):
        extension_of(app).squash(":a6")
