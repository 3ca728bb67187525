"""The hooks that tell of a run, through real commands on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps import (
    Implementing,
    make_app,
    migrations_of,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask

from flask_alembic.hooks import Run, RunResult, Step

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
