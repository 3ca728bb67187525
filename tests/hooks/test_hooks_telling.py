"""The hooks that tell of a run, through real commands on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps import (
    migrations_of,
    run_db,
    tables,
    version_rows,
    write_chain,
    write_revision,
)
from plugging import app_with

from flask_alembic.hooks import ProgressEvent, Run, RunResult, Step


def test_hook_revision_applied(tmp_path: Path, database_url: str) -> None:
    seen: list[tuple[str, str, bool]] = []

    def revision_applied(run: Run, step: Step, elapsed: float) -> None:
        assert elapsed >= 0
        assert step in run.plan
        there = f"t_{step.revision}" in tables(database_url)
        seen.append((step.direction, step.revision, there))

    app = app_with(tmp_path, database_url, revision_applied=revision_applied)
    write_chain(migrations_of(app), "a1", "a2")
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "downgrade", "base").exit_code == 0
    assert seen == [
        ("upgrade", "a1", True),
        ("upgrade", "a2", True),
        ("downgrade", "a2", False),
        ("downgrade", "a1", False),
    ]


def test_hook_progress(tmp_path: Path, database_url: str) -> None:
    """An ``applied`` event is true: the revision is durable by then."""
    seen: list[tuple[str, bool]] = []

    def progress(event: ProgressEvent) -> None:
        if event.kind in {"started", "applied"} and event.step is not None:
            there = f"t_{event.step.revision}" in tables(database_url)
            seen.append((event.kind, there))

    app = app_with(tmp_path, database_url, progress=progress)
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert seen == [("started", False), ("applied", True)]


def test_hook_revision_failed(tmp_path: Path, postgresql_url: str) -> None:
    seen: list[tuple[str, str, set[str]]] = []

    def revision_failed(run: Run, step: Step, error: BaseException) -> None:
        seen.append((step.revision, str(error), tables(postgresql_url)))

    app = app_with(tmp_path, postgresql_url, revision_failed=revision_failed)
    write_chain(migrations_of(app), "a1")
    write_revision(migrations_of(app), "a2", "a1", "raise ValueError('no')")
    assert run_db(app, "upgrade").exit_code == 3
    assert seen == [("a2", "no", set())], "told after the rollback"


def test_hook_run_failed(tmp_path: Path, postgresql_url: str) -> None:
    seen: list[tuple[str, list[str], list[str], set[str]]] = []

    def run_failed(run: Run, result: RunResult, error: BaseException) -> None:
        assert result.run is run
        assert result.failure is not None
        rolled_back = [step.revision for step in result.failure.rolled_back]
        waiting = [step.revision for step in result.not_started]
        kind = type(error).__name__
        seen.append((kind, rolled_back, waiting, tables(postgresql_url)))

    app = app_with(tmp_path, postgresql_url, run_failed=run_failed)
    write_chain(migrations_of(app), "a1")
    write_revision(migrations_of(app), "a2", "a1", "raise ValueError('no')")
    write_revision(migrations_of(app), "a3", "a2")
    assert run_db(app, "upgrade").exit_code == 3
    assert seen == [("MigrationFailed", ["a1"], ["a3"], set())]


def test_hook_after_upgrade(tmp_path: Path, database_url: str) -> None:
    seen: list[tuple[list[str], dict[str, Any], dict[str, Any]]] = []

    def after_upgrade(run: Run, result: RunResult) -> None:
        applied = [one.step.revision for one in result.applied]
        seen.append((applied, dict(result.heads_before), dict(result.heads_after)))
        assert result.run is run
        assert result.ok
        assert version_rows(database_url) == {"a2"}

    app = app_with(tmp_path, database_url, after_upgrade=after_upgrade)
    write_chain(migrations_of(app), "a1", "a2")
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
    write_chain(migrations_of(app), "a1", "a2", "a3")
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
    write_chain(migrations_of(app), "a1", "a2")
    assert run_db(app, "stamp").exit_code == 0
    assert run_db(app, "stamp").exit_code == 0
    assert seen == [["a2"], []]
