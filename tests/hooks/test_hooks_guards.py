"""The guards of a run, asked through real commands on a real database."""

from __future__ import annotations

from pathlib import Path

import pytest
from apps import (
    migrations_of,
    run_db,
    tables,
    url_of,
    version_rows,
    write_chain,
)
from plugging import app_with

from flask_alembic.hooks import Run, Veto

MODES = {"online": [], "plan": ["--plan"], "sql": ["--sql"], "dry-run": ["--dry-run"]}


def steps_of(run: Run) -> list[str]:
    return [f"{step.direction} {step.revision}" for step in run.plan]


def test_hook_before_upgrade(tmp_path: Path, database_url: str) -> None:
    seen: list[Run] = []

    def before_upgrade(run: Run) -> None:
        seen.append(run)
        raise Veto("no backup was made")

    app = app_with(tmp_path, database_url, before_upgrade=before_upgrade)
    write_chain(migrations_of(app), "a1", "a2")
    result = run_db(app, "upgrade", "a1")
    assert result.exit_code == 3
    assert "plugin 'Implementing': no backup was made." in result.stderr
    (run,) = seen
    assert (run.operation, run.target, run.mode) == ("upgrade", "a1", "online")
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
    write_chain(migrations_of(app), "a1", "a2")
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
    write_chain(migrations_of(app), "a1", "a2")
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
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade", *MODES[mode]).exit_code == 3
    if mode != "dry-run":
        assert run_db(app, "stamp", *MODES[mode]).exit_code == 3
    target = ["a1:base"] if mode == "sql" else ["base"]
    assert run_db(app, "downgrade", *target, *MODES[mode]).exit_code == 3
    assert {run.mode for run in seen} == {mode}
    assert version_rows(url_of(app)) == set()
