"""The hooks around every command, through real commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    migrations_of,
    run_db,
    tables,
    write_revision,
    write_table_revision,
)
from plugging import app_with

from flask_alembic.builtin import builtin_commands
from flask_alembic.errors import Vetoed
from flask_alembic.hooks import Command, Report, Veto

pytestmark = pytest.mark.filterwarnings("error")


COMMANDS = {
    "current": ["current"],
    "heads": ["heads"],
    "branches": ["branches"],
    "log": ["log"],
    "show": ["show", "a1"],
    "mkdir": ["mkdir"],
    "revision": ["revision", "more", "--empty"],
    "upgrade": ["upgrade"],
    "check": ["check"],
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
    assert run_db(app, "--help").exit_code == 0
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


WORDS = {"revision": ["more", "--empty"], "wait": ["--timeout", "0"]}
"""What follows the name of a command that needs something else than ids."""


def words_for(name: str) -> list[str]:
    """Return what to type for a command: an id for each argument it requires."""
    required = [one for one in builtin_commands()[name].params if one.required]
    return [name, *WORDS.get(name, ["a1"] * len(required))]


@pytest.mark.parametrize("name", sorted(builtin_commands()))
def test_every_command_asks_first_and_reports_last(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    heard: list[str] = []
    app = app_with(
        tmp_path,
        before_command=lambda: heard.append("before"),
        after_command=lambda: heard.append("after"),
    )
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, *words_for(name), env={"EDITOR": "true"})
    assert "Usage:" not in result.stderr, "add what it needs to WORDS"
    assert heard[:1] == ["before"], result.output
    assert heard[-1:] == ["after"]
    assert heard.count("before") == heard.count("after")
