"""Each built-in plugin disabled: the features of the others still work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from apps import make_app, run_db, tables, url_of
from flask import Flask
from plugging import Implementing

from flask_alembic import builtin
from flask_alembic.cli import AlembicGroup, command
from flask_alembic.hooks.manager import normal
from flask_alembic.plugins.command_list import command_names

pytestmark = pytest.mark.filterwarnings("error")

NEEDED = {
    "connection": "no database is connected without it",
    "settings": "it is what reads ALEMBIC and ALEMBIC_CONTEXT",
}
"""The plugins that cannot be disabled, and why. ``protected`` cannot where it is set."""

WORDS = (
    "--help",
    "list-templates",
    "hooks",
    "revision one --rev-id r1",
    "status",
    "plan",
    "upgrade --dry-run",
    "upgrade",
    "current --check-heads",
    "log -i",
    "graph",
    "check",
    "lint",
    "doctor",
    "wait --timeout 5",
    "revision two --empty --rev-id r2",
    "upgrade --sql",
    "upgrade",
    "status --check --models",
    "status --format json",
    "downgrade base --yes",
    "upgrade",
    "drift",
    "squash :r2",
    "stamp r2 --purge",
)
"""A project from its first revision on, with every kind of command."""

REFUSED = {
    ("backends", "drift"): (3, "there is no way known to create one on sqlite"),
    ("backends", "squash :r2"): (3, "there is no way known to create one on sqlite"),
    # Of a database that nobody describes it is not known whether it can roll DDL back.
    ("backends", "upgrade --dry-run"): (2, "A dry run is not possible"),
    ("json_format", "status --format json"): (2, "There is no format 'json'."),
}
"""What needs the disabled plugin: the exit code and the message."""

MAY_BE_DISABLED = sorted(builtin.names() - NEEDED.keys() - {"commands"})


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", MAY_BE_DISABLED)
def test_the_other_features_work(tmp_path: Path, name: str) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=[name])
    for words in WORDS:
        result = run_db(app, *words.split())
        code, text = REFUSED.get((name, words), (0, ""))
        assert result.exit_code == code, (words, result.output)
        assert text in result.stderr
        assert "Traceback" not in result.output
    assert tables(url_of(app)) >= {"author", "book"}
    assert listed(app)[name] == "disabled"
    assert [each for each, status in listed(app).items() if status != "active"] == [
        name
    ]


def listed(app: Flask) -> dict[str, str]:
    """Return the status of each plugin by its name."""
    with app.app_context():
        records = app.extensions["alembic"].list_plugins()
    return {record.name: record.status for record in records}


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("words", ["plugins", "status", "upgrade"])
def test_what_every_command_needs_cannot_be_disabled(
    tmp_path: Path, name: str, words: str
) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=[name])
    assert run_db(app, "--help").exit_code == 0
    result = run_db(app, words, "--format", "json")
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == (
        f"Error: The built-in plugin {name!r} cannot be disabled: {NEEDED[name]}.\n"
        "Remove it from ALEMBIC_PLUGINS_DISABLED.\n"
    )


def test_without_our_commands_those_of_plugins_work(tmp_path: Path) -> None:
    @command("heads")
    def heads() -> str:
        return "mine"

    def register_commands(cli: AlembicGroup) -> None:
        cli.add_command(heads)

    app = make_app(
        tmp_path,
        extension={"plugins": [Implementing(register_commands=register_commands)]},
        ALEMBIC_PLUGINS_DISABLED=["commands"],
    )
    text = run_db(app, "--help").stdout.partition("Commands:")[2]
    assert [line.split()[0] for line in text.strip().splitlines()] == ["heads"]
    assert json.loads(run_db(app, "heads", "--format", "json").stdout)["data"] == "mine"
    result = run_db(app, "upgrade")
    assert result.exit_code == 2
    assert "ALEMBIC_PLUGINS_DISABLED disables it" in result.stderr
    with app.app_context():
        assert app.extensions["alembic"].heads() == []


def test_without_ids_of_its_own_a_revision_needs_one(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["rev_id"])
    result = run_db(app, "revision", "one")
    assert result.exit_code == 2
    assert "No revision id was given.\nLet rev_id() return one" in result.stderr


def test_no_plugin_has_the_name_of_a_command() -> None:
    """``ALEMBIC_PLUGINS_DISABLED`` holds names of both."""
    plugins = {normal(name) for name in builtin.names()}
    # Both are the same thing to a user: the commands, or the list of plugins.
    assert plugins & {normal(name) for name in command_names()} == set()
