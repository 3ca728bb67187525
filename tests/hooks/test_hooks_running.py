"""The hooks around a run and its statements, through real commands."""

from __future__ import annotations

from dataclasses import replace
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
    url_of,
    version_rows,
    write_chain,
    write_revision,
    write_table_revision,
)
from plugging import Implementing, Wrapper, app_around, app_with

from flask_alembic.errors import HookError, MigrationFailed
from flask_alembic.hooks import (
    RevisionProof,
    Run,
    RunResult,
    SqlStatement,
    Step,
    StepResult,
    Veto,
)


def test_hook_run_migrations(tmp_path: Path) -> None:
    events: list[str] = []

    def run_migrations(run: Run) -> Wrapper:
        events.append(f"maintenance on, {len(tables(url_of(app)))} tables")
        try:
            result: Any = yield
            events.append(f"{len(result.applied)} applied")
            return result
        finally:
            events.append(f"maintenance off, {len(tables(url_of(app)))} tables")

    app = app_around(tmp_path, run_migrations=run_migrations)
    write_chain(migrations_of(app), "a1", "a2")
    assert run_db(app, "upgrade").exit_code == 0
    assert events == [
        "maintenance on, 0 tables",
        "2 applied",
        "maintenance off, 2 tables",
    ]


def test_hook_run_migrations_cleans_up_after_a_failure(tmp_path: Path) -> None:
    events: list[str] = []

    def run_migrations() -> Wrapper:
        try:
            return (yield)
        except MigrationFailed as error:
            events.append(type(error).__name__)
            raise
        finally:
            events.append("off")

    app = app_around(tmp_path, run_migrations=run_migrations)
    write_revision(migrations_of(app), "a1", upgrade="raise ValueError('no')")
    assert run_db(app, "upgrade").exit_code == 3
    assert events == ["MigrationFailed", "off"]


def test_hook_run_migrations_that_fails_after_the_work_says_what_is_changed(
    tmp_path: Path,
) -> None:
    def run_migrations() -> Wrapper:
        yield
        raise ValueError("cannot end the maintenance")

    app = app_around(tmp_path, run_migrations=run_migrations)
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "The database was changed, but: plugin 'Implementing' failed in" in (
        result.stderr
    )
    assert "cannot end the maintenance" in result.stderr
    assert tables(url_of(app)) == {"t_a1"}


def test_hook_run_migrations_must_give_back_the_result(tmp_path: Path) -> None:
    def run_migrations(run: Run) -> Wrapper:
        yield
        return RunResult(run)

    app = app_around(tmp_path, run_migrations=run_migrations)
    write_chain(migrations_of(app), "a1")
    with app.app_context(), pytest.raises(HookError) as caught:
        extension_of(app).upgrade()
    assert "did not return the result it was given" in str(caught.value)


def test_hook_apply_revision(tmp_path: Path, database_url: str) -> None:
    """A row written around a revision commits with it or not at all."""

    def apply_revision(step: Step, connection: sa.Connection) -> Wrapper:
        assert connection.in_transaction()
        version = sa.text("SELECT count(*) FROM alembic_version WHERE version_num = :r")
        note = sa.text("INSERT INTO audit (revision) VALUES (:r)")
        result: Any = yield
        assert isinstance(result, StepResult)
        assert connection.scalar(version, {"r": step.revision}) == 0
        if step.revision != "a0":
            connection.execute(note, {"r": step.revision})
        return result

    app = app_around(tmp_path, database_url, apply_revision=apply_revision)
    write_revision(
        migrations_of(app),
        "a0",
        upgrade="op.create_table('audit', sa.Column('revision', sa.String(32)))",
    )
    write_table_revision(migrations_of(app), "a1", "a0")
    write_revision(migrations_of(app), "a2", "a1", "op.execute('SELECT 1')")
    write_revision(migrations_of(app), "a3", "a2", "raise ValueError('no')")
    assert run_db(app, "upgrade", "a2").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 3
    with second_connection(database_url) as connection:
        rows = connection.scalars(sa.text("SELECT revision FROM audit ORDER BY 1"))
        assert rows.all() == ["a1", "a2"]
    assert version_rows(database_url) == {"a2"}


def test_hook_apply_revision_that_fails_rolls_back(
    tmp_path: Path, postgresql_url: str
) -> None:
    def apply_revision(step: Step) -> Wrapper:
        result = yield
        if step.revision == "a2":
            raise ValueError("the audit table is missing")
        return result

    app = app_around(tmp_path, postgresql_url, apply_revision=apply_revision)
    write_chain(migrations_of(app), "a1", "a2")
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        extension_of(app).upgrade()
    failure: Any = caught.value.result.failure  # type: ignore[attr-defined]
    assert failure.step.revision == "a2"
    assert "plugin 'Implementing' failed in apply_revision" in failure.error
    assert tables(postgresql_url) == set()


def test_hook_apply_revision_in_sql_mode_has_no_connection(tmp_path: Path) -> None:
    seen = []

    def apply_revision(step: Step, connection: Any) -> Wrapper:
        seen.append((step.revision, connection))
        return (yield)

    app = app_around(tmp_path, apply_revision=apply_revision)
    write_chain(migrations_of(app), "a1", "a2")
    assert run_db(app, "upgrade", "--sql").exit_code == 0
    assert seen == [("a1", None), ("a2", None)]


def test_hook_apply_revision_must_give_back_a_result(tmp_path: Path) -> None:
    def apply_revision() -> Wrapper:
        yield
        return "fine"

    app = app_around(tmp_path, apply_revision=apply_revision)
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "A wrapper of apply_revision returned 'fine'" in result.stderr
    assert tables(url_of(app)) == set()


def test_hook_prove_revision(tmp_path: Path, database_url: str) -> None:
    """A wrapper sees the schema before the revision and the one after it."""
    seen: list[tuple[str, str, bool, bool]] = []

    def prove_revision(step: Step, connection: sa.Connection) -> Wrapper:
        before = sa.inspect(connection).has_table(f"t_{step.revision}")
        proof: Any = yield
        after = sa.inspect(connection).has_table(f"t_{step.revision}")
        connection.rollback()
        seen.append((step.revision, step.database, before, after))
        assert isinstance(proof, RevisionProof)
        return replace(proof, doc="changed")

    plugin = Implementing({"prove_revision": prove_revision})
    app = make_app(
        tmp_path, database_url, models=no_models, extension={"plugins": [plugin]}
    )
    write_chain(migrations_of(app), "a1", "a2")
    with app.app_context():
        result = extension_of(app).prove()
    assert [(each.doc, each.ok) for each in result.revisions] == [("changed", True)] * 2
    assert seen == [("a1", "default", False, True), ("a2", "default", False, True)]
    assert tables(database_url) == set()


# Statements ---------------------------------------------------------------------


def test_hook_before_statement(tmp_path: Path, postgresql_url: str) -> None:
    seen: list[tuple[str, SqlStatement]] = []

    def before_statement(run: Run, step: Step, statement: SqlStatement) -> None:
        seen.append((step.revision, statement))
        if "GRANT" in statement.sql:
            raise Veto("no GRANT in a revision")

    app = app_with(tmp_path, postgresql_url, before_statement=before_statement)
    write_table_revision(migrations_of(app), "a1")
    write_revision(
        migrations_of(app),
        "a2",
        "a1",
        ["op.execute('SELECT 1')", "op.execute('GRANT ALL ON t_a1 TO PUBLIC')"],
    )
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        extension_of(app).upgrade()
    failure: Any = caught.value.result.failure  # type: ignore[attr-defined]
    assert "no GRANT in a revision" in failure.error
    assert failure.step.revision == "a2"
    assert [(revision, one.sql.split()[0]) for revision, one in seen] == [
        ("a1", "CREATE"),
        ("a2", "SELECT"),
        ("a2", "GRANT"),
    ]
    assert not any("alembic_version" in one.sql for _, one in seen)
    assert tables(postgresql_url) == set(), "the veto rolled back"


def test_hook_before_statement_sees_no_parameters(tmp_path: Path) -> None:
    seen: list[SqlStatement] = []
    app = app_with(tmp_path, before_statement=lambda statement: seen.append(statement))
    write_revision(
        migrations_of(app),
        "a1",
        upgrade=[
            "t = op.create_table('secret', sa.Column('word', sa.String(20)))",
            "op.bulk_insert(t, [{'word': 'hunter2'}, {'word': 'hunter3'}])",
        ],
    )
    assert run_db(app, "upgrade").exit_code == 0
    assert [statement.many for statement in seen] == [False, True]
    assert "hunter" not in repr(seen)
