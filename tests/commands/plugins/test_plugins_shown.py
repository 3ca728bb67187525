"""``flask db plugins`` and ``flask db hooks``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from apps import (
    make_app,
    run_db,
)
from distributions import (
    app_in,
    site,
    write_distribution,
)

__all__ = ["site"]

from flask_alembic.hooks.signals import spec_functions


@pytest.fixture(autouse=True)
def _plugins_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_ALEMBIC_NO_PLUGINS", raising=False)


@pytest.mark.usefixtures("site")
def test_flask_db_plugins(tmp_path: Path) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS_DISABLED=["idle"])
    result = run_db(app, "plugins")
    assert result.exit_code == 0
    lines = (line.split("  ") for line in result.stdout.splitlines())
    header, *rows = ([cell.strip() for cell in row if cell.strip()] for row in lines)
    assert header == ["Name", "Distribution", "Source", "Status", "Hooks"]
    # The other built-in plugins are listed in the same way.
    rows = [row for row in rows if row[2] != "core" or row[0] == "rev_id"]
    assert rows == [
        ["good", "flask-alembic-good 1.2", "entry point", "active", "after_command"],
        ["rev_id", "-", "core", "active", "rev_id"],
        [
            "idle",
            "flask-alembic-idle 2.0",
            "entry point",
            "disabled: in ALEMBIC_PLUGINS_DISABLED",
            "-",
        ],
        [
            "broken",
            "flask-alembic-broken 0.3",
            "entry point",
            "failed: ModuleNotFoundError: No module named 'a_module_that_is_not_there'",
            "-",
        ],
        [
            "gone",
            "flask-alembic-broken 0.3",
            "entry point",
            "failed: ModuleNotFoundError: No module named 'plugin_gone'",
            "-",
        ],
    ]


@pytest.mark.usefixtures("site")
def test_flask_db_plugins_as_json(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    result = run_db(app, "plugins", "--format", "json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)["data"]["plugins"]
    assert shown[0] == {
        "name": "good",
        "source": "entry point",
        "status": "active",
        "distribution": "flask-alembic-good",
        "version": "1.2",
        "reason": "",
        "hooks": ["after_command"],
    }


@pytest.mark.usefixtures("site")
def test_flask_db_hooks(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    lines = run_db(app, "hooks").stdout.splitlines()
    assert lines[0].split() == ["Name", "Kind", "Signal", "Implementations"]
    assert len(lines) == len(spec_functions()) + 1
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in lines[1:]}
    assert rows["after_command"] == "event after-command good, idle"
    assert rows["before_statement"] == "guard - -"
    assert rows["rev_id"] == "firstresult - rev_id"


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("name", ["after_command", "after-command"])
def test_flask_db_hooks_of_one_name(tmp_path: Path, name: str) -> None:
    result = run_db(app_in(tmp_path), "hooks", name)
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "after_command(app, report)\n"
        "Kind: event\n"
        "Signal: after-command\n"
        "Implementations: good, idle\n"
        "\n"
        "Hear how a command ended, on success and on failure.\n"
    )


def test_flask_db_hooks_shows_no_markup(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    shown = run_db(app, "hooks", "before_upgrade").output
    assert "in sql, plan and dry-run mode, which run.mode tells.\n" in shown
    assert "\nrun: What is about to be done; run.plan lists the steps.\n" in shown
    assert shown.endswith("\nSince 4.0.\n")
    rows = run_db(app, "hooks").stdout.splitlines()[1:]
    for name in (row.split()[0] for row in rows):
        found = run_db(app, "hooks", name).output
        assert not re.search(r"``|:\w+:`|:param|:return:|^\.\. ", found, re.MULTILINE)


def test_flask_db_hooks_of_an_unknown_name(tmp_path: Path) -> None:
    result = run_db(make_app(tmp_path), "hooks", "before_upgarde")
    assert result.exit_code == 2
    assert "There is no hook 'before_upgarde'." in result.stderr
    assert "Did you mean 'before_upgrade'?" in result.stderr


def test_the_command_of_an_installed_plugin_is_listed_and_runs(tmp_path: Path) -> None:
    """In a process of its own, as it is installed."""
    site = tmp_path / "site-packages"
    write_distribution(
        site,
        "flask-alembic-seed",
        entry_points={"seed": "plugin_seed"},
        modules={
            "plugin_seed": """
                import click
                from flask_alembic import hookimpl

                @hookimpl
                def register_commands(app, cli):
                    @cli.command("seed")
                    def seed():
                        "Fill the tables."
                        click.echo("seeded " + app.name)
            """,
            "shop": f"""
                from flask import Flask
                from flask_alembic import Alembic

                app = Flask("shop", root_path={str(tmp_path)!r})
                Alembic(app)
            """,
        },
    )

    def flask(*words: str) -> str:
        result = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "shop", "db", *words],
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return result.stdout + result.stderr

    assert re.search(r"^  seed +Fill the tables\.$", flask("--help"), re.MULTILINE)
    assert flask("seed") == "seeded shop\n"
    assert "No such command 'seed'" in flask("--no-plugins", "seed")
