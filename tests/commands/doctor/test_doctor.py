"""``flask db doctor``: what it finds, what it says to type, what it fixes itself."""

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
from databases import MakeDatabase
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from plugging import Implementing

from flask_alembic.errors import LockNotObtained
from flask_alembic.hooks import Report

pytestmark = [pytest.mark.costly, pytest.mark.one_database]


def execute(url: str, *statements: str) -> None:
    with second_connection(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def fill(url: str, *rows: str | None, plain: bool = False) -> None:
    """Put rows into the version table, whatever it says.

    :param plain: Whether to make it anew without a key, as others have made it.
    """
    with second_connection(url) as connection:
        if plain:
            connection.exec_driver_sql("DROP TABLE alembic_version")
            connection.exec_driver_sql(
                "CREATE TABLE alembic_version (version_num VARCHAR(32))"
            )
        connection.exec_driver_sql("DELETE FROM alembic_version")
        insert = sa.text("INSERT INTO alembic_version VALUES (:row)")
        for row in rows:
            connection.execute(insert, {"row": row})
        connection.commit()


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Flask:
    """Three revisions in a line, all applied, on each kind of database."""
    return chain(tmp_path, database_url)


def chain(folder: Path, url: str, **config: Any) -> Flask:
    app = make_app(folder, url, **config)
    for id_, down in (("alpha1", None), ("beta2", "alpha1"), ("gamma3", "beta2")):
        write_table_revision(migrations_of(app), id_, down)
    assert run_db(app, "upgrade").exit_code == 0
    return app


def url_of(app: Flask) -> str:
    return str(app.config["SQLALCHEMY_DATABASE_URI"])


def found(app: Flask, **options: Any) -> list[Any]:
    with app.app_context():
        return list(extension_of(app).doctor(**options))


def only(app: Flask, **options: Any) -> Any:
    (finding,) = found(app, **options)
    return finding


def test_nothing_is_wrong(app: Flask) -> None:
    result = run_db(app, "doctor")
    assert (result.exit_code, result.stdout) == (0, "No problems found.\n")
    assert run_db(app, "doctor", "--fix").exit_code == 0


# Rows ----------------------------------------------------------------------------


def test_a_revision_that_no_file_has(app: Flask) -> None:
    fill(url_of(app), "gone9")
    finding = only(app)
    assert finding.code == "unknown-revision"
    assert finding.command == "git log --all --oneline -- '*gone9*'"
    assert "flask db stamp --purge REVISION" in finding.advice
    result = run_db(app, "doctor", "--fix")
    assert result.exit_code == 1
    assert "$ git log --all" in result.stdout
    assert version_rows(url_of(app)) == {"gone9"}, "nothing is guessed"


def test_a_revision_that_no_file_has_beside_one_that_has(app: Flask) -> None:
    fill(url_of(app), "gone9", "beta2")
    assert "stamp --purge beta2 && flask db stamp REVISION" in only(app).advice


def test_an_id_is_quoted_for_the_shell(tmp_path: Path, sqlite_url: str) -> None:
    app = chain(tmp_path, sqlite_url)
    fill(sqlite_url, "x'; rm -rf y")
    command = only(app).command
    assert command == """git log --all --oneline -- '*x'"'"'; rm -rf y*'"""


def test_an_id_in_other_case(app: Flask) -> None:
    fill(url_of(app), "GAMMA3")
    finding = only(app)
    assert finding.code == "case-row"
    assert finding.command == "flask db stamp --purge gamma3"
    assert run_db(app, "stamp", "--purge", "gamma3").exit_code == 0
    assert found(app) == []


def test_an_id_that_was_cut_off(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    long = "a_very_long_revision_id_that_somebody_typed"
    write_table_revision(migrations_of(app), long)
    execute(
        database_url,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
        f"INSERT INTO alembic_version VALUES ('{long[:32]}')",
        "CREATE TABLE t (id INTEGER)",
    )
    codes = {finding.code: finding.command for finding in found(app)}
    assert codes["cut-row"] == f"flask db stamp --purge {long}"
    narrow = not database_url.startswith("sqlite")
    assert ("narrow-column" in codes) is narrow
    assert run_db(app, "doctor", "--fix").exit_code == 1
    assert run_db(app, "stamp", "--purge", long).exit_code == 0
    assert found(app) == []


@pytest.mark.parametrize("rows", [["gamma3", "alpha1"], ["gamma3", "beta2", "alpha1"]])
def test_rows_of_ancestors_are_deleted(app: Flask, rows: list[str]) -> None:
    fill(url_of(app), *rows)
    assert {finding.code for finding in found(app)} == {"ancestor-row"}
    assert len(found(app)) == len(rows) - 1
    assert version_rows(url_of(app)) == set(rows), "without --fix nothing is done"
    result = run_db(app, "doctor", "--fix")
    assert result.exit_code == 0
    assert "Deleted the row 'alpha1'." in result.stdout
    assert "All problems fixed." in result.stdout
    assert version_rows(url_of(app)) == {"gamma3"}
    assert found(app) == []


def test_rows_of_two_branches_are_no_ancestors(app: Flask) -> None:
    write_table_revision(migrations_of(app), "other1", labels="other")
    write_table_revision(migrations_of(app), "other2", "other1", depends="beta2")
    fill(url_of(app), "beta2", "other1")
    assert [finding.code for finding in found(app)] == ["several-heads"]


def test_empty_rows_are_deleted(tmp_path: Path, database_url: str) -> None:
    app = chain(tmp_path, database_url)
    fill(database_url, None, "", "gamma3", plain=True)
    assert only(app).code == "empty-row"
    finding = only(app, fix=True)
    assert finding.done == ("Deleted the row NULL", "Deleted the row ''")
    assert version_rows(database_url) == {"gamma3"}


def test_repeated_rows_become_one(tmp_path: Path, database_url: str) -> None:
    app = chain(tmp_path, database_url)
    fill(database_url, "gamma3", "gamma3", "gamma3", plain=True)
    assert only(app).code == "repeated-row"
    assert only(app, fix=True).done == ("Left one row 'gamma3' of 3",)
    with second_connection(database_url) as connection:
        query = "SELECT version_num FROM alembic_version"
        assert connection.exec_driver_sql(query).all() == [("gamma3",)]


def test_all_at_once(tmp_path: Path, database_url: str) -> None:
    app = chain(tmp_path, database_url)
    fill(database_url, "", "gamma3", "gamma3", "alpha1", "gone9", plain=True)
    result = run_db(app, "doctor", "--fix", "--format", "json")
    report = json.loads(result.stdout)
    assert result.exit_code == report["exit_code"] == 1
    assert {each["code"]: each["fixed"] for each in report["data"]["findings"]} == {
        "empty-row": True,
        "repeated-row": True,
        "ancestor-row": True,
        "unknown-revision": False,
    }
    assert version_rows(database_url) == {"gamma3", "gone9"}


# The table -----------------------------------------------------------------------


def test_tables_without_a_version_table(app: Flask) -> None:
    execute(url_of(app), "DROP TABLE alembic_version")
    finding = only(app)
    assert finding.code == "no-versions"
    assert finding.command == "flask db adopt"
    assert "no version table" in finding.message


def test_a_version_table_of_numbers(tmp_path: Path, sqlite_url: str) -> None:
    app = chain(tmp_path, sqlite_url)
    execute(
        sqlite_url,
        "DROP TABLE alembic_version",
        "CREATE TABLE alembic_version (version_num INTEGER)",
        "INSERT INTO alembic_version VALUES (5)",
    )
    assert only(app).code == "unknown-revision"
    assert "'5'" in only(app).message


def test_tables_with_an_empty_version_table(app: Flask) -> None:
    fill(url_of(app))
    assert only(app).code == "no-versions"


def test_an_empty_database_is_well(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    write_table_revision(migrations_of(app), "a1")
    assert found(app) == []
    assert tables(database_url) == set(), "looking writes nothing"


def test_versions_without_tables(app: Flask) -> None:
    url = url_of(app)
    execute(url, *(f"DROP TABLE t_{id_}" for id_ in ("alpha1", "beta2", "gamma3")))
    finding = only(app)
    assert finding.code == "stale-versions"
    for command in finding.command.split(" && "):
        assert run_db(app, *command.split()[2:]).exit_code == 0
    assert found(app) == []
    assert "t_alpha1" in tables(url)


def test_versions_of_revisions_that_make_no_tables(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = make_app(tmp_path, sqlite_url)
    write_revision(migrations_of(app), "a1", None, "op.execute('SELECT 1')")
    assert run_db(app, "upgrade").exit_code == 0
    assert found(app) == []


def test_a_version_table_of_another_name(tmp_path: Path, database_url: str) -> None:
    chain(tmp_path, database_url)
    app = make_app(tmp_path, database_url, ALEMBIC_CONTEXT={"version_table": "mine"})
    finding = only(app)
    assert finding.code == "version-table-elsewhere"
    assert "alembic_version" in finding.message


def test_a_version_table_in_another_schema(tmp_path: Path, postgresql_url: str) -> None:
    execute(postgresql_url, "CREATE SCHEMA old")
    old = {"version_table_schema": "old"}
    chain(tmp_path, postgresql_url, ALEMBIC_CONTEXT=old)
    finding = only(make_app(tmp_path, postgresql_url))
    assert finding.code == "version-table-elsewhere"
    assert "old.alembic_version" in finding.message
    assert found(make_app(tmp_path, postgresql_url, ALEMBIC_CONTEXT=old)) == []


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_narrow_column_is_widened(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    url = make_database(kind)
    app = chain(tmp_path, url)
    long = "d" * 200
    write_table_revision(migrations_of(app), long, "gamma3", "t_long")
    assert run_db(app, "upgrade").exit_code == 3
    finding = only(app)
    assert (finding.code, finding.fixable) == ("narrow-column", True)
    result = run_db(app, "doctor", "--fix")
    assert result.exit_code == 0
    assert "Made the column version_num of alembic_version 200 wide." in result.stdout
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url) == {long}
    with second_connection(url) as connection:
        inspector = sa.inspect(connection)
        assert inspector.get_pk_constraint("alembic_version")["constrained_columns"]
        (column,) = inspector.get_columns("alembic_version")
        assert column["nullable"] is False


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_column_that_is_not_there_yet_is_made_wide(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    """Ids that were long on SQLite come to a server for the first time."""
    url = make_database(kind)
    app = make_app(tmp_path, url)
    long = "0b6e1f0e-9a54-4d1c-8d8e-5e7c1d2f3a4b".replace("-", "_")
    write_table_revision(migrations_of(app), long)
    refused = run_db(app, "upgrade")
    assert refused.exit_code == 3
    assert "flask db doctor --fix" in refused.stderr
    finding = only(app)
    assert (finding.code, finding.fixable) == ("narrow-column", True)
    result = run_db(app, "doctor", "--fix")
    assert "Created alembic_version with a column 128 wide." in result.stdout
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url) == {long}
    assert found(app) == []


def test_a_narrow_column_is_nothing_to_sqlite(tmp_path: Path, sqlite_url: str) -> None:
    app = chain(tmp_path, sqlite_url)
    write_table_revision(migrations_of(app), "d" * 60, "gamma3", "t_long")
    assert found(app) == []


# A revision that is partially applied -----------------------------------------------


def test_a_half_applied_revision(tmp_path: Path, mariadb_url: str) -> None:
    app = chain(tmp_path, mariadb_url)
    write_revision(
        migrations_of(app),
        "delta4",
        "gamma3",
        ["op.create_table('half', sa.Column('id', sa.Integer))", "op.drop_table('no')"],
    )
    assert run_db(app, "upgrade").exit_code == 3
    finding = only(app)
    assert finding.code == "half-applied"
    assert finding.command == "flask db upgrade --resume"
    assert "CREATE TABLE half" in finding.message
    assert run_db(app, "doctor", "--fix").exit_code == 1, "nobody can know how to go on"
    execute(mariadb_url, "CREATE TABLE no (id INTEGER)")
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert found(app) == []


def test_half_of_the_first_revision_is_not_taken_for_other_tables(
    tmp_path: Path, mariadb_url: str
) -> None:
    app = make_app(tmp_path, mariadb_url)
    body = [
        "op.create_table('half', sa.Column('id', sa.Integer))",
        "op.drop_table('no')",
    ]
    write_revision(migrations_of(app), "alpha1", None, body)
    assert run_db(app, "upgrade").exit_code == 3
    finding = only(app)
    assert (finding.code, finding.command) == (
        "half-applied",
        "flask db upgrade --resume",
    )


def test_a_database_that_is_away_hides_no_other(tmp_path: Path) -> None:
    away = "postgresql+psycopg://anna:secret@127.0.0.1:9/other"
    app = make_app(
        tmp_path,
        SQLALCHEMY_BINDS={"archive": away},
        ALEMBIC={"databases": "*"},
    )
    write_table_revision(migrations_of(app), "alpha1")
    run_db(app, "upgrade", "--database", "default")
    fill(url_of(app), "alpha1", "gone")
    codes = {finding.code: finding for finding in found(app)}
    assert set(codes) == {"unknown-revision", "unreachable"}
    assert codes["unreachable"].database == "archive"
    result = run_db(app, "doctor")
    assert result.exit_code == 1
    assert "In the app this is the database 'archive'." in result.stdout
    assert "flask db wait --for database --database archive" in result.stdout
    assert "secret" not in result.output
    alone = run_db(app, "doctor", "--database", "archive")
    assert alone.exit_code == 3
    assert "In the app this is the database 'archive'." in alone.stderr


# The history ---------------------------------------------------------------------


def test_a_file_that_cannot_be_run(app: Flask) -> None:
    """Reading it tells nothing: it has to be executed, as the upgrade will."""
    path = migrations_of(app) / "delta4_.py"
    path.write_text("import nosuch\nrevision = 'delta4'\ndown_revision = 'gamma3'\n")
    assert only(app).code == "unusable-file"
    assert "'nosuch'" in only(app).message
    path.write_text("revision = 'delta4'\ndown_revision = 'gamma3'\n")
    assert only(app).code == "no-upgrade"


def test_several_heads(app: Flask) -> None:
    write_table_revision(migrations_of(app), "other3", "beta2")
    finding = only(app)
    assert finding.code == "several-heads"
    assert finding.command == "flask db merge gamma3 other3 -m 'join the heads'"
    words = ["merge", "gamma3", "other3", "-m", "join the heads"]
    assert run_db(app, *words).exit_code == 0
    assert found(app) == []


def test_ids_that_differ_in_case_only(tmp_path: Path, sqlite_url: str) -> None:
    app = chain(tmp_path, sqlite_url)
    write_table_revision(migrations_of(app), "Gamma3", "gamma3", name="other.py")
    finding = only(app)
    assert finding.code == "case-only"
    assert "Gamma3 and gamma3" in finding.message
    assert finding.command == "flask db edit gamma3"


def test_a_broken_history_is_a_finding(tmp_path: Path, sqlite_url: str) -> None:
    app = chain(tmp_path, sqlite_url)
    migrations_of(app).joinpath("beta2_.py").unlink()
    result = run_db(app, "doctor")
    assert result.exit_code == 1
    assert "broken-history" in result.stdout
    assert "'beta2'" in result.stdout


# Around it -----------------------------------------------------------------------


def test_several_databases_are_told_apart(tmp_path: Path) -> None:
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("default", "other")}
    app = make_app(
        tmp_path,
        urls["default"],
        SQLALCHEMY_BINDS={"other": {"url": urls["other"], "poolclass": sa.NullPool}},
        ALEMBIC={"databases": "*"},
    )
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "a2", "a1")
    assert run_db(app, "upgrade").exit_code == 0
    fill(urls["other"], "a1", "a2")
    finding = only(app)
    assert finding.database == "other"
    assert finding.command == "flask db doctor --fix --database other"
    assert found(app, databases=["default"]) == []
    assert run_db(app, *finding.command.split()[2:]).exit_code == 0
    assert version_rows(urls["other"]) == {"a2"}


def test_a_database_that_no_revision_has_filled_yet_is_well(tmp_path: Path) -> None:
    """The tables of a revision are those of one of several databases."""
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("default", "other")}

    def models(db: SQLAlchemy) -> None:
        sa.Table("book", db.metadata, sa.Column("id", sa.Integer, primary_key=True))
        db.Table("page", sa.Column("id", sa.Integer), bind_key="other")

    app = make_app(
        tmp_path,
        urls["default"],
        models=models,
        SQLALCHEMY_BINDS={"other": {"url": urls["other"], "poolclass": sa.NullPool}},
        ALEMBIC={"databases": "*"},
    )
    base = [
        "if engine_name == 'default':",
        "    op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))",
    ]
    write_revision(migrations_of(app), "a1", None, base)
    path = migrations_of(app) / "a1_.py"
    path.write_text(path.read_text().replace("(**arguments)", "(engine_name='')"))
    assert run_db(app, "upgrade").exit_code == 0
    assert found(app) == []
    execute(urls["default"], "DROP TABLE book")
    assert only(app).code == "stale-versions"
    assert only(app).database == "default"


def test_fixing_takes_the_lock(tmp_path: Path, sqlite_url: str) -> None:
    asked: list[str] = []

    def migration_lock(database: str) -> None:
        asked.append(database)
        raise LockNotObtained("Somebody holds it.", "Wait.")

    plugin = Implementing(migration_lock=migration_lock)
    app = make_app(tmp_path, sqlite_url, extension={"plugins": [plugin]})
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "a2", "a1")
    assert run_db(app, "upgrade", "--no-lock").exit_code == 0
    fill(sqlite_url, "a1", "a2")
    assert run_db(app, "doctor").exit_code == 1
    assert asked == [], "looking needs no lock"
    result = run_db(app, "doctor", "--fix")
    assert (result.exit_code, asked) == (4, ["default"])
    assert version_rows(sqlite_url) == {"a1", "a2"}


def test_a_failing_repair_leaves_everything(tmp_path: Path, sqlite_url: str) -> None:
    app = chain(tmp_path, sqlite_url)
    fill(sqlite_url, "gamma3", "beta2", "alpha1")
    execute(
        sqlite_url,
        "CREATE TRIGGER keep BEFORE DELETE ON alembic_version "
        "WHEN old.version_num = 'alpha1' BEGIN SELECT RAISE(ABORT, 'kept'); END",
    )
    result = run_db(app, "doctor", "--fix")
    assert result.exit_code == 3
    assert "kept" in result.stderr
    assert version_rows(sqlite_url) == {"gamma3", "beta2", "alpha1"}


def test_doctor_is_reported(tmp_path: Path) -> None:
    seen: list[Report] = []
    plugin = Implementing(after_command=lambda report: seen.append(report))
    url = f"sqlite:///{tmp_path}/app.db"
    app = chain(tmp_path, url, extension={"plugins": [plugin]})
    fill(url, "gamma3", "alpha1")
    assert run_db(app, "doctor").exit_code == 1
    report = seen[-1]
    assert (report.command.name, report.ok, report.exit_code) == ("doctor", False, 1)
    assert [problem.code for problem in report.problems] == ["ancestor-row"]
    assert run_db(app, "doctor", "--fix").exit_code == 0
    assert seen[-1].ok


@pytest.mark.parametrize("labelled", [False, True])
def test_a_cycle_is_a_finding(tmp_path: Path, labelled: bool) -> None:
    app = make_app(tmp_path)
    folder = migrations_of(app)
    write_revision(folder, "a1")
    write_revision(folder, "b1", "d1" if not labelled else None, labels="loop")
    write_revision(folder, "c1", "b1")
    write_revision(folder, "d1", "c1")
    write_revision(folder, "e1", "d1")
    if labelled:
        write_revision(folder, "b1", depends="e1", labels="loop")
    answer = run_db(app, "doctor")
    assert answer.exit_code == 1
    says = answer.stdout
    assert says.startswith("broken-history: The revision files form a cycle: ")
    last = "e1" if labelled else "d1"
    for link in (f"b1 follows {last}", "c1 follows b1", "d1 follows c1"):
        assert link in says
    assert "a1" not in says
    assert str(folder / "b1_.py") in says
    assert run_db(app, "status").exit_code == 3
    assert "b1 follows" in run_db(app, "heads").stderr
