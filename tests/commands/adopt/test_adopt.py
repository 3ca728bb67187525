"""``flask db adopt``: databases that were made by other means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    second_connection,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask
from plugging import Implementing

from flask_alembic.errors import Refused, UsageError
from flask_alembic.hooks import LintTarget, Problem, Run, Veto

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

SHOP = [
    "op.create_table('author', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('name', sa.String(80), nullable=False))",
    "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('title', sa.String(200), nullable=False),"
    " sa.Column('author_id', sa.Integer,"
    " sa.ForeignKey('author.id', name='book_author')))",
]


def execute(url: str, *statements: str) -> None:
    with second_connection(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def create_all(app: Flask) -> None:
    """Make the tables without a revision."""
    with app.app_context():
        app.extensions["sqlalchemy"].create_all()


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Flask:
    """Two revisions that build the models; the database has tables, no versions."""
    return grown(tmp_path, database_url)


def grown(folder: Path, url: str, **config: Any) -> Flask:
    app = make_app(folder, url, **config)
    write_revision(migrations_of(app), "a1", None, SHOP)
    write_table_revision(migrations_of(app), "a2", "a1", table="later")
    create_all(app)
    return app


def url_of(app: Flask) -> str:
    return str(app.config["SQLALCHEMY_DATABASE_URI"])


def state(url: str) -> dict[str, Any]:
    """Return all that is in a database."""
    with second_connection(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        return {
            table.name: (
                [str(column) + str(column.type) for column in table.columns],
                sorted(str(row) for row in connection.execute(sa.select(table))),
            )
            for table in metadata.sorted_tables
        }


# With revisions ------------------------------------------------------------------


def test_what_is_as_the_baseline_builds_it_is_stamped(app: Flask) -> None:
    result = run_db(app, "adopt", "--baseline", "a1")
    assert result.exit_code == 0, result.output
    assert (
        "'default' was adopted: it has 2 tables matching the revisions" in result.stdout
    )
    assert version_rows(url_of(app)) == {"a1"}
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(url_of(app)) >= {"author", "book", "later"}


def test_what_differs_is_refused_with_every_difference(app: Flask) -> None:
    url = url_of(app)
    execute(
        url,
        "ALTER TABLE author ADD COLUMN nick VARCHAR(7)",
        "CREATE INDEX by_title ON book (title)",
        "CREATE TABLE extra (id INTEGER)",
        "CREATE VIEW names AS SELECT id FROM author",
    )
    before = state(url)
    result = run_db(app, "adopt")
    assert result.exit_code == 3
    for text in (
        "(5 differences); nothing was stamped:",
        "column author.nick (VARCHAR(7)) is missing from the revisions",
        "index book.by_title (book.title) is missing from the revisions",
        "table extra is missing from the revisions",
        "view names is missing from the revisions",
        "table later is missing from the database",
    ):
        assert text in result.stderr
    assert state(url) == before


CHANGES = {
    "postgresql": [
        (
            "ALTER TABLE author ALTER COLUMN name TYPE VARCHAR(70)",
            "VARCHAR(70) NOT NULL",
        ),
        ("ALTER TABLE author ALTER COLUMN name DROP NOT NULL", "column author.name"),
        ("ALTER TABLE author ALTER COLUMN name SET DEFAULT 'x'", "DEFAULT 'x'"),
        (
            "ALTER TABLE book DROP CONSTRAINT book_author",
            "foreign key book.book_author",
        ),
        (
            "ALTER TABLE author ADD CHECK (id > 0)",
            "check constraint author.author_id_che",
        ),
        (
            "ALTER TABLE author ADD UNIQUE (name)",
            "unique constraint author.author_name",
        ),
        (
            "ALTER TABLE author DROP CONSTRAINT author_pkey CASCADE",
            "primary key author",
        ),
        ("COMMENT ON COLUMN author.name IS 'who'", "COMMENT 'who'"),
        ("CREATE TYPE mood AS ENUM ('a')", "enum mood"),
        ("CREATE SEQUENCE counter", "sequence counter"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function f()"),
        ("ALTER TABLE author ENABLE ROW LEVEL SECURITY", "row security author"),
    ],
    "mariadb": [
        ("ALTER TABLE author MODIFY name VARCHAR(70) NOT NULL", "VARCHAR(70) NOT NULL"),
        ("ALTER TABLE author MODIFY name VARCHAR(80)", "column author.name"),
        ("ALTER TABLE author ALTER name SET DEFAULT 'x'", "DEFAULT 'x'"),
        (
            "ALTER TABLE book DROP CONSTRAINT book_author",
            "foreign key book.book_author",
        ),
        (
            "ALTER TABLE author ADD CONSTRAINT c CHECK (name > 'a')",
            "check constraint author",
        ),
        (
            "ALTER TABLE author ADD UNIQUE u (name)",
            "index author.u (UNIQUE author.name)",
        ),
        ("ALTER TABLE book COLLATE utf8mb4_bin", "collate=utf8mb4_bin"),
        ("CREATE PROCEDURE p() SELECT 1", "procedure p"),
        (
            "CREATE TRIGGER t BEFORE INSERT ON author FOR EACH ROW SET NEW.name = 'x'",
            "trigger author.t",
        ),
    ],
    "sqlite": [
        (
            "CREATE TRIGGER t AFTER INSERT ON author BEGIN SELECT 1; END",
            "trigger author.t",
        ),
        ("CREATE UNIQUE INDEX u ON author (name)", "UNIQUE author.name"),
        ("ALTER TABLE author RENAME COLUMN name TO title", "column author.title"),
        ("CREATE VIRTUAL TABLE words USING fts5(word)", "virtual table words"),
    ],
}


@pytest.mark.sample(8)
@pytest.mark.parametrize(
    ("kind", "statement", "said"),
    [(kind, *change) for kind, changes in CHANGES.items() for change in changes],
)
def test_each_change_of_a_schema_is_seen(
    tmp_path: Path, make_database: Any, kind: str, statement: str, said: str
) -> None:
    url = make_database(kind)
    app = grown(tmp_path, url)
    execute(url, statement)
    with app.app_context(), pytest.raises(Refused) as e:
        extension_of(app).adopt(baseline="a1")
    assert said in e.value.message
    assert version_rows(url) == set()


def test_what_is_ignored(app: Flask) -> None:
    url = url_of(app)
    execute(
        url,
        "CREATE TABLE celery_task (id INTEGER)",
        "ALTER TABLE author ADD COLUMN nick VARCHAR(7)",
    )
    words = ["adopt", "--baseline", "a1", "--ignore", "celery_*"]
    assert run_db(app, *words).exit_code == 3
    result = run_db(app, *words, "--ignore", "author.nick")
    assert result.exit_code == 0
    assert "2 differences ignored by the ignore list." in result.stderr


def test_the_setting_ignores_too(tmp_path: Path, sqlite_url: str) -> None:
    app = grown(tmp_path, sqlite_url, ALEMBIC={"drift_ignore": ["celery_*"]})
    execute(sqlite_url, "CREATE TABLE celery_task (id INTEGER)")
    assert run_db(app, "adopt", "--baseline", "a1").exit_code == 0


def test_what_filters_leave_out_is_no_difference(
    tmp_path: Path, database_url: str
) -> None:
    context = {
        "include_name": lambda name, type_, parents: name != "theirs",
        "include_object": lambda object, name, type_, reflected, to: name != "others",
    }
    app = grown(tmp_path, database_url, ALEMBIC_CONTEXT=context)
    execute(
        database_url,
        "CREATE TABLE theirs (id INTEGER)",
        "CREATE TABLE others (id INTEGER)",
    )
    assert run_db(app, "adopt", "--baseline", "a1").exit_code == 0


def test_only_compared(app: Flask) -> None:
    before = state(url_of(app))
    result = run_db(app, "adopt", "--baseline", "a1", "--no-stamp")
    assert result.exit_code == 0
    assert "it can be adopted" in result.stdout
    assert state(url_of(app)) == before


def test_an_empty_database_is_left_to_upgrade(
    tmp_path: Path, database_url: str
) -> None:
    app = make_app(tmp_path, database_url)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "adopt")
    assert (result.exit_code, tables(database_url)) == (0, set())
    assert "is empty; flask db upgrade creates its tables" in result.stdout


def test_a_versioned_database_is_left_alone(app: Flask) -> None:
    assert run_db(app, "adopt", "--baseline", "a1").exit_code == 0
    execute(url_of(app), "ALTER TABLE author ADD COLUMN nick VARCHAR(7)")
    result = run_db(app, "adopt")
    assert result.exit_code == 0
    assert "is already under migration control, at a1" in result.stdout


def test_all_databases_or_none(tmp_path: Path) -> None:
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("default", "other")}
    app = make_app(
        tmp_path,
        urls["default"],
        SQLALCHEMY_BINDS={"other": {"url": urls["other"], "poolclass": sa.NullPool}},
        ALEMBIC={"databases": "*"},
    )
    write_table_revision(migrations_of(app), "a1")
    for url in urls.values():
        execute(url, "CREATE TABLE t_a1 (id INTEGER NOT NULL PRIMARY KEY)")
    execute(urls["other"], "CREATE TABLE more (id INTEGER)")
    assert run_db(app, "adopt").exit_code == 3
    assert version_rows(urls["default"]) == set()
    assert run_db(app, "adopt", "--ignore", "more").exit_code == 0
    assert {name: version_rows(url) for name, url in urls.items()} == {
        "default": {"a1"},
        "other": {"a1"},
    }


def test_without_revisions(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url)
    create_all(app)
    result = run_db(app, "adopt")
    assert result.exit_code == 2
    assert "flask db adopt --generate" in result.stderr


def test_a_first_revision_of_nothing_leads_to_adopt(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = make_app(tmp_path, sqlite_url)
    create_all(app)
    result = run_db(app, "revision", "first")
    assert result.exit_code == 0, result.output
    assert "No changes detected" in result.stdout
    assert "flask db adopt --generate" in result.stdout


def test_a_protected_app_needs_force(tmp_path: Path, sqlite_url: str) -> None:
    app = grown(tmp_path, sqlite_url, ALEMBIC={"protected": True})
    refused = run_db(app, "adopt", "--baseline", "a1")
    assert refused.exit_code == 3
    assert "protected" in refused.stderr
    assert version_rows(sqlite_url) == set()
    assert run_db(app, "adopt", "--baseline", "a1", "--force").exit_code == 0


def test_the_stamp_is_guarded_and_told(tmp_path: Path, sqlite_url: str) -> None:
    heard: list[Any] = []

    def before_stamp(run: Run) -> None:
        heard.append(run)
        if len(heard) == 1:
            raise Veto("not today")

    def after_stamp(run: Run) -> None:
        heard.append(run.is_baseline)

    plugin = Implementing(
        before_stamp=before_stamp,
        after_stamp=after_stamp,
        after_command=lambda report: heard.append((report.command.name, report.ok)),
    )
    app = grown(tmp_path, sqlite_url, extension={"plugins": [plugin]})
    assert run_db(app, "adopt", "--baseline", "a1").exit_code == 3
    assert version_rows(sqlite_url) == set()
    assert heard[1:] == [("stamp", False), ("adopt", False)]
    heard[:] = [None]
    assert run_db(app, "adopt", "--baseline", "a1").exit_code == 0
    assert heard[2:] == [True, ("stamp", True), ("adopt", True)]


def test_as_json(app: Flask) -> None:
    url = url_of(app)
    execute(url, "ALTER TABLE author ADD COLUMN nick VARCHAR(7)")
    refused = json.loads(
        run_db(app, "adopt", "--baseline", "a1", "--format", "json").stdout
    )
    assert refused["command"] == "adopt"
    assert refused["diffs"] == {
        "default": ["column author.nick (VARCHAR(7)) is missing from the revisions"]
    }
    execute(url, "ALTER TABLE author DROP COLUMN nick")
    done = json.loads(
        run_db(app, "adopt", "--baseline", "a1", "--format", "json").stdout
    )
    (one,) = done["data"]["databases"]
    assert (one["state"], one["revisions"], one["tables"]) == ("adopted", ["a1"], 2)
    assert done["result"]["heads_after"] == {"default": ["a1"]}


# The baseline made from the database ---------------------------------------------

RICH = {
    "sqlite": [
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n VARCHAR(9) DEFAULT 'it''s' NOT NULL,"
        " at DATETIME DEFAULT CURRENT_TIMESTAMP, amount NUMERIC(10, 2),\n"
        "CONSTRAINT positive CHECK (amount > 0),\n"
        "CONSTRAINT one UNIQUE (n, amount)\n)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY,\n"
        "twice INTEGER GENERATED ALWAYS AS (a * 2) VIRTUAL,\n"
        "a INTEGER REFERENCES a (id) ON DELETE CASCADE\n)",
        "CREATE INDEX ix ON b (a)",
        "CREATE VIEW v AS SELECT n FROM a WHERE n <> ':name'",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET n = 'x'; END",
        "CREATE VIRTUAL TABLE words USING fts5(word)",
    ],
    "postgresql": [
        "CREATE EXTENSION IF NOT EXISTS plpgsql",
        "CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
        "CREATE SEQUENCE counter START 5",
        "CREATE TABLE a (id SERIAL PRIMARY KEY, n VARCHAR(9) DEFAULT 'it''s' NOT NULL,"
        " at TIMESTAMPTZ DEFAULT now(), amount NUMERIC(10, 2), m mood DEFAULT 'sad',"
        " tags TEXT[], moods mood[], data JSONB, u UUID, r INT4RANGE,"
        " CONSTRAINT positive CHECK (amount > 0), CONSTRAINT one UNIQUE (n, amount),"
        " EXCLUDE USING gist (r WITH &&))",
        "CREATE TABLE b (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood,"
        " a INTEGER REFERENCES a (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,"
        " twice INTEGER GENERATED ALWAYS AS (a * 2) STORED)",
        "CREATE INDEX ix ON b (a) WHERE a > 3",
        "CREATE INDEX low ON a (lower(n))",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.n := ''x''::text; RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE VIEW v AS SELECT n, ':name'::text AS p FROM a WHERE n LIKE 'x%'",
        "CREATE MATERIALIZED VIEW mv AS SELECT n FROM v",
        "CREATE INDEX mvx ON mv (n)",
        "COMMENT ON TABLE a IS 'about a'",
        "COMMENT ON COLUMN a.n IS 'it''s'",
    ],
    "mariadb": [
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTO_INCREMENT, amount DECIMAL(10, 2),"
        " n VARCHAR(9) DEFAULT 'it''s' NOT NULL COMMENT 'its', m ENUM('x', 'y'),"
        " at DATETIME DEFAULT CURRENT_TIMESTAMP, t TINYINT(1), j JSON, big BIGINT,"
        " CONSTRAINT positive CHECK (amount > 0), UNIQUE one (n, amount))"
        " COMMENT 'about a'",
        "CREATE TABLE b (id INTEGER PRIMARY KEY AUTO_INCREMENT, a INTEGER, c INTEGER,"
        " FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE,"
        " CONSTRAINT named FOREIGN KEY (c) REFERENCES a (id),"
        " twice INTEGER GENERATED ALWAYS AS (c * 2) STORED)",
        "CREATE INDEX ix ON b (a, c)",
        "CREATE FUNCTION f(i INT) RETURNS INT DETERMINISTIC RETURN i + 1",
        "CREATE VIEW z AS SELECT n FROM a WHERE n <> ':name'",
        "CREATE VIEW v AS SELECT n FROM z",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.n = 'x'",
    ],
}


@pytest.mark.parametrize("kind", RICH)
def test_a_rich_schema_makes_its_own_baseline(
    tmp_path: Path, make_database: Any, kind: str
) -> None:
    """The revision builds all of it again, on a second database too."""
    url, second = make_database(kind), make_database(kind)
    execute(url, *(statement.replace("%", "%%") for statement in RICH[kind]))
    app = make_app(tmp_path, url)
    result = run_db(app, "adopt", "--generate", "--rev-id", "base1", "-m", "as it was")
    assert result.exit_code == 0, result.output
    assert f"Generated {migrations_of(app)}/base1_as_it_was.py" in result.stdout
    assert version_rows(url) == {"base1"}
    other = make_app(tmp_path, second)
    assert run_db(other, "upgrade").exit_code == 0
    assert run_db(other, "stamp", "--purge", "base").exit_code == 0
    compared = run_db(other, "adopt", "--no-stamp")
    assert "matching the revisions; it can be adopted" in compared.stdout
    assert run_db(other, "stamp", "base1").exit_code == 0
    assert run_db(other, "downgrade", "base", "-y").exit_code == 0
    assert tables(second) <= {"alembic_version_journal"}


def test_a_generated_baseline_is_written_in_plain_types(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = make_app(tmp_path, sqlite_url)
    create_all(app)
    assert run_db(app, "adopt", "--generate", "--rev-id", "b1").exit_code == 0
    text = migrations_of(app).joinpath("b1_baseline.py").read_text()
    assert "sa.Column('name', sa.String(length=80), nullable=False)" in text
    assert run_db(app, "check").exit_code == 0
    assert [path.name for path in migrations_of(app).glob(".*")] == []


def test_generating_leaves_out_what_is_ignored(
    tmp_path: Path, database_url: str
) -> None:
    app = make_app(tmp_path, database_url)
    create_all(app)
    execute(database_url, "CREATE TABLE celery_task (id INTEGER)")
    words = ["adopt", "--generate", "--rev-id", "b1", "--ignore", "celery_*"]
    assert run_db(app, *words).exit_code == 0
    text = migrations_of(app).joinpath("b1_baseline.py").read_text()
    assert "celery" not in text
    assert "create_table('author'" in text


def test_what_cannot_be_built_again_is_refused_and_not_written(
    tmp_path: Path, postgresql_url: str
) -> None:
    execute(
        postgresql_url,
        "CREATE TABLE parts (i INTEGER) PARTITION BY RANGE (i)",
        "CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (5)",
    )
    app = make_app(tmp_path, postgresql_url)
    result = run_db(app, "adopt", "--generate")
    assert result.exit_code == 3
    assert "cannot be made: partitioning parts, partitioning part." in result.stderr
    assert list(migrations_of(app).glob("*.py")) == []
    assert version_rows(postgresql_url) == set()


def test_generating_beside_revisions_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(UsageError, match="revisions already"):
        extension_of(app).adopt(generate=True)


def test_generating_from_nothing_is_refused(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    with app.app_context(), pytest.raises(UsageError, match="no database with tables"):
        extension_of(app).adopt(generate=True)


def test_generating_is_guarded_linted_and_told(tmp_path: Path, sqlite_url: str) -> None:
    heard: list[Any] = []

    def before_revision(request: Any) -> None:
        heard.append(request.message)

    def lint_problems(target: LintTarget) -> list[Problem]:
        heard.append(target.revision)
        return [Problem("X1", "It is odd.", "error")]

    def revision_generated(scripts: Any) -> None:
        heard.append([script.revision for script in scripts])

    plugin = Implementing(
        before_revision=before_revision,
        rev_id=lambda request: "asked1",
        lint_problems=lint_problems,
        revision_generated=revision_generated,
    )
    app = make_app(tmp_path, sqlite_url, extension={"plugins": [plugin]})
    create_all(app)
    result = run_db(app, "adopt", "--generate")
    assert result.exit_code == 1
    assert "X1 It is odd." in result.stderr
    assert list(migrations_of(app).glob("*.py")) == []
    assert heard == ["baseline", "asked1"]
    assert run_db(app, "adopt", "--generate", "--force").exit_code == 0
    assert heard[2:] == ["baseline", "asked1", ["asked1"]]
    assert version_rows(sqlite_url) == {"asked1"}


def test_several_databases_make_one_baseline(tmp_path: Path) -> None:
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("default", "other")}
    config: dict[str, Any] = {
        "SQLALCHEMY_BINDS": {"other": {"url": urls["other"], "poolclass": sa.NullPool}},
        "ALEMBIC": {"databases": "*"},
    }
    app = make_app(tmp_path, urls["default"], **config)
    execute(urls["default"], "CREATE TABLE one (id INTEGER NOT NULL PRIMARY KEY)")
    execute(urls["other"], "CREATE TABLE two (id INTEGER NOT NULL PRIMARY KEY)")
    result = run_db(app, "adopt", "--generate", "--rev-id", "b1")
    assert result.exit_code == 0, result.output
    assert [version_rows(url) for url in urls.values()] == [{"b1"}, {"b1"}]
    for path in tmp_path.glob("*.db"):
        path.unlink()
    app = make_app(tmp_path, urls["default"], **config)
    assert run_db(app, "upgrade").exit_code == 0
    assert [tables(url) for url in urls.values()] == [{"one"}, {"two"}]
