"""Tests that use the kit, fully typed."""

from __future__ import annotations

from collections.abc import Callable

from sample_plugin import Sample, plugin
from typing_extensions import assert_type

from flask_alembic.hooks import Run
from flask_alembic.testing import (
    HookCalls,
    MakeApp,
    MigrationCase,
    MigrationDatabase,
    MigrationTests,
    RecordedSignals,
    Register,
    check_plugin,
    run_db,
    write_revision,
)


class TestMigrations(MigrationTests):
    irreversible = {"1a2b"}


def test_rows(migrated_db: MigrationDatabase) -> None:
    migrated_db.insert("author", {"name": "Ada"})
    names = {row["name"] for row in migrated_db.rows("author")}
    assert names == {"Ada"}
    assert_type(migrated_db.tables(), set[str])


def test_case(migration_case: Callable[[str], MigrationCase]) -> None:
    case = migration_case("1a2b")
    assert case.upgrade().ok


def test_plugin(
    make_app: MakeApp,
    register: Register,
    hooks: HookCalls,
    recorded_signals: RecordedSignals,
) -> None:
    assert_type(register(plugin), Sample)
    assert_type(check_plugin(plugin), tuple[str, ...])
    app = make_app(revisions=2)
    write_revision(app, "own", "r2")
    assert_type(run_db(app, "current").exit_code, int)
    with app.app_context():
        app.extensions["alembic"].upgrade()
    run: Run = recorded_signals.of("after_upgrade")[0].arguments["run"]
    assert run.target == "heads"
    hooks.before_upgrade(run=hooks.make_run("1a2b"))
