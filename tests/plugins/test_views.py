"""The views of commands: each prints a report, and a plugin can replace each."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from copy import copy
from functools import wraps
from pathlib import Path
from typing import Any

import click
import pytest
from apps import make_app, migrations_of, run_db, write_revision, write_table_revision
from flask import Flask
from plugging import Implementing, app_with

import flask_alembic.cli
from flask_alembic.cli import AlembicGroup, Writer, base, command
from flask_alembic.hooks import Report
from flask_alembic.plugins.command_list import command_names
from flask_alembic.plugins.views import VIEWS

pytestmark = pytest.mark.filterwarnings("error")

COMMANDS = Path(flask_alembic.__file__).parent / "commands"

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "adopt": (),
    "branches": (),
    "check": (),
    "current": ("--check-heads",),
    "doctor": (),
    "downgrade": ("-1",),
    "drift": (),
    "edit": ("a1",),
    "graph": ("--no-databases",),
    "heads": ("-v",),
    "history": ("-i",),
    "hooks": ("report_views",),
    "import-env": ("old",),
    "init": ("--package",),
    "lint": (),
    "list-templates": (),
    "log": ("-r", "a1:"),
    "merge": ("-m", "join"),
    "migrate": ("-m", "new"),
    "mkdir": (),
    "new-plugin": ("shout", "--into", "."),
    "plan": (),
    "plugins": ("views",),
    "prove": ("--all",),
    "revision": ("new", "--empty", "--parent", "a2"),
    "show": ("a1",),
    "squash": (":a2",),
    "stamp": ("a1",),
    "status": ("--check",),
    "upgrade": ("--sql", "a1"),
    "wait": (),
}
"""What each command is run with."""

BEFORE: dict[str, tuple[tuple[str, ...], ...]] = {
    "check": (("upgrade",),),
    "current": (("upgrade",),),
    "downgrade": (("upgrade",),),
    "drift": (("upgrade",),),
    "status": (("upgrade",),),
    "wait": (("upgrade",),),
}
"""What is run before."""


def replaced(name: str) -> Any:
    def view(report: Report, writer: Writer) -> None:
        writer.line(f"view of {name}: {report.command.name} {report.exit_code}")

    return view


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An app with two revisions and a plugin with a view of every command."""
    views = {name: replaced(name) for name in command_names()}
    app = app_with(tmp_path, report_views=lambda: views)
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "a2", "a1")
    return app


def test_every_command_has_a_view() -> None:
    assert set(VIEWS) == set(ARGUMENTS) == command_names()
    for target in VIEWS.values():
        module, _, attribute = target.partition(":")
        assert callable(getattr(importlib.import_module(module), attribute))


@pytest.mark.sample("all")
@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_a_plugin_replaces_what_a_command_prints(
    app: Flask, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITOR", "true")
    if name == "merge":
        write_revision(migrations_of(app), "b1", None)
    if name == "import-env":
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "env.py").write_text("launch(1)\n")
    if name == "migrate":
        for path in migrations_of(app).glob("a*.py"):
            path.unlink()
    for words in BEFORE.get(name, ()):
        assert run_db(app, *words).exit_code == 0
    result = run_db(app, name, *ARGUMENTS[name])
    (line,) = result.stdout.splitlines()
    known_as = {"init": "mkdir", "history": "log", "migrate": "revision"}
    known_as["plan"] = "upgrade"
    said = f"view of {name}: {known_as.get(name, name)} "
    assert line == f"{said}{line[-1]}", result.output
    # A check may say no; nothing else may fail.
    assert result.exit_code == int(line[-1])


def calls(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def test_no_command_prints_past_its_view() -> None:
    """But for the question before a downgrade, and drawings, which are formats."""
    printing = {
        path.relative_to(COMMANDS).as_posix()
        for path in COMMANDS.rglob("*.py")
        if {"echo", "note", "print"} & set(calls(path))
    }
    assert printing == {"upgrade/commands.py", "graph/picture.py"}


def test_commands_call_public_methods_only() -> None:
    private = {
        f"{path.relative_to(COMMANDS.parent)}: {node.attr}"
        for folder in ("commands", "cli")
        for path in (COMMANDS.parent / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "get_extension"
    }
    assert private == set()


# Who prints, and how often ------------------------------------------------------


def test_base_functions_print_through_the_views(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        base.upgrade()
        base.current(True)
        base.history()
        base.plugins()
    assert capsys.readouterr().out.splitlines() == [
        "view of upgrade: upgrade 0",
        "view of current: current 0",
        "view of history: log 0",
        "view of plugins: plugins 0",
    ]


def deploying(tmp_path: Path, *commands: click.Command) -> Flask:
    def register_commands(cli: AlembicGroup) -> None:
        for each in commands:
            cli.add_command(each)

    app = app_with(tmp_path, register_commands=register_commands)
    write_table_revision(migrations_of(app), "a1")
    return app


def test_commands_inside_the_command_of_a_plugin_print_each_once(
    tmp_path: Path,
) -> None:
    @command("deploy")
    @click.pass_context
    def deploy(ctx: click.Context) -> None:
        base.mkdir()
        ctx.invoke(flask_alembic.cli.upgrade)
        base.current()

    app = deploying(tmp_path, deploy)
    lines = run_db(app, "deploy").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["The", "Applied", "<base>"]
    assert run_db(app, "deploy", "--format", "json").stdout[0] == "{"


def test_a_command_of_an_app_around_a_base_function_prints_once(
    tmp_path: Path,
) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")

    @command("upgrade")
    def upgrade() -> None:
        base.upgrade()

    app.cli.add_command(upgrade, "to-head")
    result = app.test_cli_runner().invoke(args=["to-head"])
    assert len(result.stdout.splitlines()) == 1, result.output
    assert result.stdout.startswith("Applied 1 revision")


def test_a_command_of_ours_that_a_plugin_wraps_prints_as_before(
    tmp_path: Path,
) -> None:
    seen: list[str] = []
    mine = copy(flask_alembic.cli.heads)
    before = mine.callback
    assert before is not None

    @wraps(before)
    def around(**options: Any) -> Any:
        seen.append("heads")
        return before(**options)

    mine.callback = around
    app = deploying(tmp_path, mine, copy(flask_alembic.cli.current))
    assert run_db(app, "heads").stdout == "<base> -> a1 (head), a1\n"
    assert seen == ["heads"]
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "current").stdout == "<base> -> a1 (head), a1\n"


def test_a_command_in_place_of_ours_is_not_printed_by_our_view(
    tmp_path: Path,
) -> None:
    @command("status")
    def status() -> dict[str, int]:
        return {"temperature": 37}

    app = deploying(tmp_path, status)
    result = run_db(app, "status")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize("names", [["views"]])
def test_without_views_only_reports_are_left(tmp_path: Path, names: list[str]) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=names)
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "heads").output == ""
    assert '"a1"' in run_db(app, "heads", "--format", "json").stdout


def test_a_view_gets_the_report_before_the_command_fails(tmp_path: Path) -> None:
    seen: list[Report] = []

    def show(report: Report, writer: Writer) -> None:
        seen.append(report)

    views = {"heads": show, "current": show, "check": show}
    plugin = Implementing(report_views=lambda: views)
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "b1")
    assert run_db(app, "heads", "--check").exit_code == 1
    assert run_db(app, "current", "--check-heads").exit_code == 1
    assert run_db(app, "check").exit_code == 1
    assert [report.ok for report in seen] == [False] * 3
    assert [report.error for report in seen] == [None] * 3
    assert run_db(app, "upgrade", "nosuch").exit_code == 2
    assert len(seen) == 3
