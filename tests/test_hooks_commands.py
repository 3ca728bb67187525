"""The hooks around every command, through real commands."""

from __future__ import annotations

import json
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
    tables,
    write_revision,
    write_table_revision,
)
from flask import Flask

from flask_alembic.errors import Vetoed
from flask_alembic.hooks import Command, Report, Veto

pytestmark = pytest.mark.filterwarnings("error")


def app_with(folder: Path, url: str | None = None, **functions: Any) -> Flask:
    return make_app(folder, url, extension={"plugins": [Implementing(**functions)]})


COMMANDS = {
    "current": ["current"],
    "heads": ["heads"],
    "branches": ["branches"],
    "log": ["log"],
    "show": ["show", "a1"],
    "check": ["check"],
    "mkdir": ["mkdir"],
    "revision": ["revision", "more", "--empty"],
    "upgrade": ["upgrade"],
    "downgrade": ["downgrade"],
    "stamp": ["stamp"],
    "plugins": ["plugins"],
    "hooks": ["hooks"],
}


def test_hook_before_command(tmp_path: Path) -> None:
    """Every command asks, reading ones too, and a veto leaves everything as it is."""
    seen: list[Command] = []

    def before_command(command: Command) -> None:
        seen.append(command)
        raise Veto("there is a change freeze")

    app = app_with(tmp_path, before_command=before_command)
    write_table_revision(migrations_of(app), "a1")
    for name, words in COMMANDS.items():
        result = run_db(app, *words)
        assert result.exit_code == 3, name
        assert "change freeze" in result.stderr
        assert seen[-1].name == name
        assert seen[-1].argv == tuple(words)
    assert len(seen) == len(COMMANDS)
    assert len(list(migrations_of(app).glob("*.py"))) == 1
    assert tables(f"sqlite:///{tmp_path}/app.db") == set()
    with app.app_context(), pytest.raises(Vetoed, match="change freeze"):
        extension_of(app).heads()
    assert seen[-1].argv is None


def test_hook_after_command(tmp_path: Path) -> None:
    seen: list[Report] = []
    app = app_with(tmp_path, after_command=lambda report: seen.append(report))
    write_table_revision(migrations_of(app), "a1")
    for name, words in COMMANDS.items():
        result = run_db(app, *words)
        assert seen[-1].command.name == name
        assert seen[-1].exit_code == result.exit_code, name
        assert seen[-1].ok is (result.exit_code == 0), name
    assert len(seen) == len(COMMANDS)
    by_name = {report.command.name: report for report in seen}
    assert [script.revision for script in by_name["heads"].scripts] == ["a1"]
    assert list(by_name["check"].diffs) == ["default"]
    assert by_name["check"].exit_code == 1
    upgrade = by_name["upgrade"]
    assert upgrade.run is not None
    assert upgrade.result is not None
    assert upgrade.result.run is upgrade.run
    assert upgrade.result.applied[0].step.revision == "a1"


def test_hook_after_command_hears_of_a_failure(tmp_path: Path) -> None:
    seen: list[Report] = []
    app = app_with(tmp_path, after_command=lambda report: seen.append(report))
    write_revision(migrations_of(app), "a1", upgrade="raise ValueError('no')")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    (report,) = seen
    assert (report.ok, report.exit_code) == (False, 3)
    assert report.error is not None
    assert report.result is not None
    assert report.result.failure is not None
    assert report.result.failure.step is not None
    assert report.result.failure.step.revision == "a1"


def test_hook_after_command_finds_lock_and_connections_free(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/app.db"
    seen: list[set[str]] = []

    def after_command(report: Report) -> None:
        engine = sa.create_engine(url, connect_args={"timeout": 0})
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE from_plugin (id INTEGER)")
        engine.dispose()
        seen.append(tables(url))

    app = app_with(tmp_path, url, after_command=after_command)
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert seen == [{"t_a1", "from_plugin"}]


def test_hooks_see_no_password(tmp_path: Path) -> None:
    """An unreachable server with a password in its URL: no payload shows it."""
    shown: list[str] = []
    url = "postgresql+psycopg://shop:hunter2@127.0.0.1:1/shop"
    app = app_with(
        tmp_path,
        url,
        before_command=lambda command: shown.append(repr(command)),
        after_command=lambda report: shown.append(repr(report)),
    )
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade", "--format", "json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["type"] == "DatabaseError"
    assert len(shown) == 2
    assert "hunter2" not in "".join(shown) + result.output + result.stderr
