"""The hooks around a run, each through a real command on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    Implementing,
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

from flask_alembic.errors import HookError, MigrationFailed, Vetoed
from flask_alembic.hooks import Run, RunResult, Statement, Step, StepResult, Veto

MODES = {"online": [], "plan": ["--plan"], "sql": ["--sql"], "dry-run": ["--dry-run"]}


def app_with(folder: Path, url: str | None = None, **functions: Any) -> Flask:
    return make_app(folder, url, extension={"plugins": [Implementing(**functions)]})


def app_around(folder: Path, url: str | None = None, **wrappers: Any) -> Flask:
    return make_app(folder, url, extension={"plugins": [Implementing(wrappers)]})


def url_of(app: Flask) -> str:
    url: str = app.config["SQLALCHEMY_DATABASE_URI"]
    return url


def chain(app: Flask, *ids: str) -> None:
    """Write revisions that follow one another and create a table each."""
    for down, revision in zip((None, *ids), ids, strict=False):
        write_table_revision(migrations_of(app), revision, down)


def steps_of(run: Run) -> list[str]:
    return [f"{step.direction} {step.revision}" for step in run.plan]


# Guards -------------------------------------------------------------------------


def test_hook_before_upgrade(tmp_path: Path, database_url: str) -> None:
    seen: list[Run] = []

    def before_upgrade(run: Run) -> None:
        seen.append(run)
        raise Veto("no backup was made")

    app = app_with(tmp_path, database_url, before_upgrade=before_upgrade)
    chain(app, "a1", "a2")
    result = run_db(app, "upgrade", "a1")
    assert result.exit_code == 3
    assert "plugin 'Implementing': no backup was made." in result.stderr
    (run,) = seen
    assert (run.command, run.target, run.mode) == ("upgrade", "a1", "online")
    assert steps_of(run) == ["upgrade a1"]
    assert run.heads == {"default": ()}
    assert run.databases == ("default",)
    assert tables(database_url) == set()
    assert version_rows(database_url) == set()


def test_hook_before_downgrade(tmp_path: Path) -> None:
    seen: list[Run] = []

    def before_downgrade(run: Run) -> None:
        seen.append(run)
        raise Veto("never in production")

    app = app_with(tmp_path, before_downgrade=before_downgrade)
    chain(app, "a1", "a2")
    assert run_db(app, "upgrade").exit_code == 0
    result = run_db(app, "downgrade", "base")
    assert result.exit_code == 3
    assert "never in production" in result.stderr
    assert steps_of(seen[0]) == ["downgrade a2", "downgrade a1"]
    assert seen[0].heads == {"default": ("a2",)}
    assert tables(url_of(app)) == {"t_a1", "t_a2"}


def test_hook_before_stamp(tmp_path: Path) -> None:
    seen: list[Run] = []

    def before_stamp(run: Run) -> None:
        seen.append(run)
        if run.is_baseline and run.target != "a1":
            raise Veto("a new database begins at a1")

    app = app_with(tmp_path, before_stamp=before_stamp)
    chain(app, "a1", "a2")
    assert run_db(app, "stamp", "a2").exit_code == 3
    assert version_rows(url_of(app)) == set()
    assert run_db(app, "stamp", "a1").exit_code == 0
    assert run_db(app, "stamp", "a2").exit_code == 0
    assert version_rows(url_of(app)) == {"a2"}
    assert [run.is_baseline for run in seen] == [True, True, False]
    assert steps_of(seen[1]) == ["stamp a1"]
    assert tables(url_of(app)) == set()


@pytest.mark.parametrize("mode", MODES)
def test_guards_are_asked_in_every_mode(tmp_path: Path, mode: str) -> None:
    seen: list[Run] = []

    def guard(run: Run) -> None:
        seen.append(run)
        raise Veto("no")

    app = app_with(
        tmp_path, before_upgrade=guard, before_downgrade=guard, before_stamp=guard
    )
    chain(app, "a1")
    assert run_db(app, "upgrade", *MODES[mode]).exit_code == 3
    if mode != "dry-run":
        assert run_db(app, "stamp", *MODES[mode]).exit_code == 3
    target = ["a1:base"] if mode == "sql" else ["base"]
    assert run_db(app, "downgrade", *target, *MODES[mode]).exit_code == 3
    assert {run.mode for run in seen} == {mode}
    assert version_rows(url_of(app)) == set()


# Around -------------------------------------------------------------------------


def test_hook_run_migrations(tmp_path: Path) -> None:
    events: list[str] = []

    def run_migrations(run: Run) -> Iterator[None]:
        events.append(f"maintenance on, {len(tables(url_of(app)))} tables")
        try:
            result: Any = yield
            events.append(f"{len(result.applied)} applied")
            return result
        finally:
            events.append(f"maintenance off, {len(tables(url_of(app)))} tables")

    app = app_around(tmp_path, run_migrations=run_migrations)
    chain(app, "a1", "a2")
    assert run_db(app, "upgrade").exit_code == 0
    assert events == [
        "maintenance on, 0 tables",
        "2 applied",
        "maintenance off, 2 tables",
    ]


def test_hook_run_migrations_cleans_up_after_a_failure(tmp_path: Path) -> None:
    events: list[str] = []

    def run_migrations() -> Iterator[None]:
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
    def run_migrations() -> Iterator[None]:
        yield
        raise ValueError("cannot end the maintenance")

    app = app_around(tmp_path, run_migrations=run_migrations)
    chain(app, "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "The database was changed, but: plugin 'Implementing' failed in" in (
        result.stderr
    )
    assert "cannot end the maintenance" in result.stderr
    assert tables(url_of(app)) == {"t_a1"}


def test_hook_run_migrations_must_give_back_the_result(tmp_path: Path) -> None:
    def run_migrations(run: Run) -> Iterator[None]:
        yield
        return RunResult(run)

    app = app_around(tmp_path, run_migrations=run_migrations)
    chain(app, "a1")
    with app.app_context(), pytest.raises(HookError) as caught:
        extension_of(app).upgrade()
    assert "did not return the result it was given" in str(caught.value)


def test_hook_apply_revision(tmp_path: Path, database_url: str) -> None:
    """A row written around a revision commits with it or not at all."""

    def apply_revision(step: Step, connection: sa.Connection) -> Iterator[None]:
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
    def apply_revision(step: Step) -> Iterator[None]:
        result = yield
        if step.revision == "a2":
            raise ValueError("the audit table is missing")
        return result

    app = app_around(tmp_path, postgresql_url, apply_revision=apply_revision)
    chain(app, "a1", "a2")
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        extension_of(app).upgrade()
    failure: Any = caught.value.result.failure  # type: ignore[attr-defined]
    assert failure.step.revision == "a2"
    assert "plugin 'Implementing' failed in apply_revision" in failure.error
    assert tables(postgresql_url) == set()


def test_hook_apply_revision_in_sql_mode_has_no_connection(tmp_path: Path) -> None:
    seen = []

    def apply_revision(step: Step, connection: Any) -> Iterator[None]:
        seen.append((step.revision, connection))
        return (yield)

    app = app_around(tmp_path, apply_revision=apply_revision)
    chain(app, "a1", "a2")
    assert run_db(app, "upgrade", "--sql").exit_code == 0
    assert seen == [("a1", None), ("a2", None)]


def test_hook_apply_revision_must_give_back_a_result(tmp_path: Path) -> None:
    def apply_revision() -> Iterator[None]:
        yield
        return "fine"

    app = app_around(tmp_path, apply_revision=apply_revision)
    chain(app, "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "A wrapper of apply_revision returned 'fine'" in result.stderr
    assert tables(url_of(app)) == set()


# Statements ---------------------------------------------------------------------


def test_hook_before_statement(tmp_path: Path, postgresql_url: str) -> None:
    seen: list[tuple[str, Statement]] = []

    def before_statement(run: Run, step: Step, statement: Statement) -> None:
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
    seen: list[Statement] = []
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


# Tells --------------------------------------------------------------------------


def test_hook_revision_applied(tmp_path: Path, database_url: str) -> None:
    seen: list[tuple[str, str, bool]] = []

    def revision_applied(run: Run, step: Step, elapsed: float) -> None:
        assert elapsed >= 0
        assert step in run.plan
        there = f"t_{step.revision}" in tables(database_url)
        seen.append((step.direction, step.revision, there))

    app = app_with(tmp_path, database_url, revision_applied=revision_applied)
    chain(app, "a1", "a2")
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "downgrade", "base").exit_code == 0
    assert seen == [
        ("upgrade", "a1", True),
        ("upgrade", "a2", True),
        ("downgrade", "a2", False),
        ("downgrade", "a1", False),
    ]


def test_hook_revision_failed(tmp_path: Path, postgresql_url: str) -> None:
    seen: list[tuple[str, str, set[str]]] = []

    def revision_failed(run: Run, step: Step, error: BaseException) -> None:
        seen.append((step.revision, str(error), tables(postgresql_url)))

    app = app_with(tmp_path, postgresql_url, revision_failed=revision_failed)
    chain(app, "a1")
    write_revision(migrations_of(app), "a2", "a1", "raise ValueError('no')")
    assert run_db(app, "upgrade").exit_code == 3
    assert seen == [("a2", "no", set())], "told after the rollback"


def test_hook_after_upgrade(tmp_path: Path, database_url: str) -> None:
    seen: list[tuple[list[str], dict[str, Any], dict[str, Any]]] = []

    def after_upgrade(run: Run, result: RunResult) -> None:
        applied = [one.step.revision for one in result.applied]
        seen.append((applied, dict(result.heads_before), dict(result.heads_after)))
        assert result.run is run
        assert result.ok
        assert version_rows(database_url) == {"a2"}

    app = app_with(tmp_path, database_url, after_upgrade=after_upgrade)
    chain(app, "a1", "a2")
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert seen == [
        (["a1", "a2"], {"default": ()}, {"default": ("a2",)}),
        ([], {"default": ("a2",)}, {"default": ("a2",)}),
    ]


def test_hook_after_downgrade(tmp_path: Path, database_url: str) -> None:
    seen: list[list[str]] = []

    def after_downgrade(result: RunResult) -> None:
        seen.append([one.step.revision for one in result.applied])
        assert tables(database_url) == {"t_a1"}

    app = app_with(tmp_path, database_url, after_downgrade=after_downgrade)
    chain(app, "a1", "a2", "a3")
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "downgrade", "a1").exit_code == 0
    assert run_db(app, "downgrade", "a1").exit_code == 0
    assert seen == [["a3", "a2"], []]


def test_hook_after_stamp(tmp_path: Path, database_url: str) -> None:
    seen: list[list[str]] = []

    def after_stamp(result: RunResult) -> None:
        seen.append([one.step.revision for one in result.applied])
        assert version_rows(database_url) == {"a2"}

    app = app_with(tmp_path, database_url, after_stamp=after_stamp)
    chain(app, "a1", "a2")
    assert run_db(app, "stamp").exit_code == 0
    assert run_db(app, "stamp").exit_code == 0
    assert seen == [["a2"], []]


# Calls from inside a hook -------------------------------------------------------

RUN_HOOKS = (
    "before_command",
    "before_upgrade",
    "revision_applied",
    "after_upgrade",
    "after_command",
)


@pytest.mark.parametrize("hook", RUN_HOOKS)
def test_a_run_inside_a_run_is_refused(tmp_path: Path, hook: str) -> None:
    outcomes: list[str] = []

    def nest() -> None:
        try:
            extension_of(app).upgrade()
        except Exception as error:
            outcomes.append(type(error).__name__)

    app = app_with(tmp_path, **{hook: nest})
    chain(app, "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert outcomes == ["NestedRun"]
    assert version_rows(url_of(app)) == {"a1"}


def test_a_guard_that_starts_a_run_refuses_the_command(tmp_path: Path) -> None:
    app = app_with(tmp_path, before_upgrade=lambda: extension_of(app).stamp())
    chain(app, "a1")
    with app.app_context(), pytest.raises(Vetoed, match="stamp was called inside a ru"):
        extension_of(app).upgrade()
    assert version_rows(url_of(app)) == set()


@pytest.mark.parametrize("hook", [*RUN_HOOKS, "migration_lock"])
def test_reading_inside_a_hook_works(
    tmp_path: Path, hook: str, database_url: str
) -> None:
    found: list[tuple[list[str], list[str], bool]] = []

    def read() -> None:
        alembic = extension_of(app)
        current = [script.revision for script in alembic.current()]
        heads = [script.revision for script in alembic.heads()]
        found.append((current, heads, alembic.needs_upgrade()))

    app = app_with(tmp_path, database_url, **{hook: read})
    chain(app, "a1", "a2")
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    before = hook in {"before_command", "before_upgrade", "migration_lock"}
    expected = [([], ["a2"], True) if before else (["a2"], ["a2"], False)]
    if hook == "revision_applied":
        # MariaDB commits each revision by itself, the others both at once.
        first = (["a1"], ["a2"], True) if "pymysql" in database_url else expected[0]
        expected = [first, *expected]
    assert found == expected


def test_reading_inside_the_transaction_sees_what_is_committed(
    tmp_path: Path, database_url: str
) -> None:
    found: list[list[str]] = []

    def apply_revision() -> Iterator[None]:
        result = yield
        found.append([script.revision for script in extension_of(app).current()])
        return result

    app = app_around(tmp_path, database_url, apply_revision=apply_revision)
    chain(app, "a1", "a2")
    assert run_db(app, "upgrade", "a1").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert found == [[], ["a1"]]


def test_two_plugins_that_read_in_after_command_hear_of_each_other(
    tmp_path: Path,
) -> None:
    heard: list[tuple[str, str]] = []

    def listener(name: str) -> Any:
        def after_command(report: Any) -> None:
            heard.append((name, report.command.name))
            extension_of(app).heads()

        return after_command

    plugins = [Implementing(after_command=listener(name)) for name in "ab"]
    app = make_app(tmp_path, extension={"plugins": plugins})
    assert run_db(app, "branches").exit_code == 0
    assert heard == [
        ("a", "branches"),
        ("b", "heads"),
        ("b", "branches"),
        ("a", "heads"),
    ]


def test_the_stash_belongs_to_one_run(tmp_path: Path) -> None:
    seen: list[object] = []

    def before_upgrade(run: Run) -> None:
        seen.append(run.stash.get("shop.word"))
        run.stash["shop.word"] = "kept"

    app = app_with(
        tmp_path,
        before_upgrade=before_upgrade,
        after_upgrade=lambda run: seen.append(run.stash["shop.word"]),
    )
    chain(app, "a1")
    for _ in range(2):
        assert run_db(app, "upgrade").exit_code == 0
    assert seen == [None, "kept", None, "kept"]
