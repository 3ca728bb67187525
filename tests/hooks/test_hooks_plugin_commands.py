"""Commands of plugins: imported late, reporting like ours, shown by views."""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import pytest
from apps import extension_of, make_app, migrations_of, run_db, write_table_revision
from flask import current_app
from plugging import Implementing, app_with

from flask_alembic.cli import (
    AlembicGroup,
    DatabaseType,
    RevisionType,
    Writer,
    command,
    current_command,
    database_option,
)
from flask_alembic.errors import UsageError
from flask_alembic.hooks import Problem, Report

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an importable module with commands, not imported yet."""
    name = f"late_{tmp_path.name.replace('-', '_')}"
    code = """
        import click
        from flask_alembic.cli import command, current_command

        nothing = 1

        @command("greet")
        def greet():
            \"""Say hello.\"""
            current_command().data = {"words": "hello"}

        @click.command("plain")
        def plain():
            click.echo("plain")
    """
    Path(tmp_path, f"{name}.py").write_text(dedent(code), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_a_lazy_command_is_listed_without_import(tmp_path: Path, module: str) -> None:
    heard: list[str] = []

    def register_commands(cli: AlembicGroup) -> None:
        cli.add_lazy("greet", f"{module}:greet", help="Say hello.")
        cli.add_lazy("secret", f"{module}:plain", help="Nothing.", hidden=True)

    def before_command(command: Any) -> None:
        heard.append(command.name)

    app = app_with(
        tmp_path, register_commands=register_commands, before_command=before_command
    )
    listed = run_db(app, "--help").stdout
    assert re.search(r"^  greet +Say hello\.$", listed, re.M)
    assert "secret" not in listed
    assert module not in sys.modules
    document = json.loads(run_db(app, "greet", "--format", "json").stdout)
    assert (document["command"], document["data"]) == ("greet", {"words": "hello"})
    assert module in sys.modules
    assert run_db(app, "secret").stdout == "plain\n"
    assert heard == ["greet", "secret"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("no_such_module:x", "No module named 'no_such_module'"),
        ("{}:x", "has no attribute 'x'"),
        ("{}:nothing", "is not a Click command but 1"),
    ],
)
def test_a_lazy_command_that_cannot_be_imported(
    tmp_path: Path, module: str, target: str, words: str
) -> None:
    def register_commands(cli: AlembicGroup) -> None:
        cli.add_lazy("greet", target.format(module), help="Say hello.")

    app = app_with(tmp_path, register_commands=register_commands)
    assert "Say hello." in run_db(app, "--help").stdout
    result = run_db(app, "greet")
    assert result.exit_code == 3
    assert words in result.stderr
    assert "plugin 'Implementing'" in result.stderr
    assert run_db(app, "heads").exit_code == 0


@pytest.mark.parametrize("target", ["", "module", ":x", "module:", "module:a.b"])
def test_a_lazy_command_without_a_target_is_refused(
    tmp_path: Path, target: str
) -> None:
    def register_commands(cli: AlembicGroup) -> None:
        cli.add_lazy("greet", target)

    app = app_with(tmp_path, register_commands=register_commands)
    result = run_db(app, "Implementing")
    assert result.exit_code == 3
    assert "must be 'package.module:attribute'" in result.stderr


def test_a_plugin_replaces_a_command_of_ours_lazily(
    tmp_path: Path, module: str
) -> None:
    def register_commands(cli: AlembicGroup) -> None:
        cli.add_lazy("heads", f"{module}:greet", help="Say hello instead.")

    app = app_with(tmp_path, register_commands=register_commands)
    assert "Say hello instead." in run_db(app, "--help").stdout
    document = json.loads(run_db(app, "heads", "--format", "json").stdout)
    assert document["data"] == {"words": "hello"}


def test_an_option_that_a_plugin_adds_is_not_on_other_apps(tmp_path: Path) -> None:
    def register_commands(cli: AlembicGroup) -> None:
        cli.commands["heads"].params.append(click.Option(["--ticket"]))

    app = app_with(tmp_path / "a", register_commands=register_commands)
    assert "--ticket" in run_db(app, "heads", "--help").stdout
    other = make_app(tmp_path / "b")
    assert "--ticket" not in run_db(other, "heads", "--help").stdout


def test_a_command_of_ours_is_disabled_by_name(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["squash", "List_Templates"])
    write_table_revision(migrations_of(app), "a1")
    listed = run_db(app, "--help").stdout
    assert "squash" not in listed
    assert "list-templates" not in listed
    assert "upgrade" in listed
    result = run_db(app, "squash", "a1:")
    assert result.exit_code == 2
    assert (
        "No such command 'squash': ALEMBIC_PLUGINS_DISABLED disables it."
        in result.stderr
    )
    assert run_db(app, "upgrade").exit_code == 0
    everything = make_app(tmp_path / "b", ALEMBIC_PLUGINS_DISABLED=["commands"])
    assert "upgrade" not in run_db(everything, "--help").stdout
    assert run_db(everything, "upgrade").exit_code == 2


def test_a_plugin_may_add_a_command_whose_name_is_disabled(
    tmp_path: Path, module: str
) -> None:
    def register_commands(cli: AlembicGroup) -> None:
        cli.add_lazy("squash", f"{module}:greet", help="Another one.")

    plugin = Implementing(register_commands=register_commands)
    app = make_app(
        tmp_path,
        extension={"plugins": [plugin]},
        ALEMBIC_PLUGINS_DISABLED=["squash"],
    )
    assert run_db(app, "squash").exit_code == 0


def reporting(*commands: click.Command, **hooks: Any) -> dict[str, Any]:
    def register_commands(cli: AlembicGroup) -> None:
        for each in commands:
            cli.add_command(each)

    return {"register_commands": register_commands, **hooks}


def document_of(app: Any, *words: str) -> tuple[int, dict[str, Any]]:
    result = run_db(app, *words, "--format", "json")
    document = json.loads(result.stdout)
    assert document["exit_code"] == result.exit_code
    return result.exit_code, document


def test_a_command_reports_like_ours(tmp_path: Path) -> None:
    @command("sizes")
    @database_option
    def sizes(databases: tuple[str, ...]) -> None:
        """Show sizes."""
        print("measuring")
        current = current_command()
        assert current.command.name == "sizes"
        current.data = {"databases": databases}
        current.problems = [Problem("SIZE1", "too large", "error")]
        current.ok = False

    seen: list[Report] = []
    app = app_with(
        tmp_path, **reporting(sizes, after_command=lambda report: seen.append(report))
    )
    code, document = document_of(app, "sizes", "--database", "default")
    assert code == 1
    assert document["ok"] is False
    assert document["error"] is None
    assert document["data"] == {"databases": ["default"]}
    assert document["problems"][0]["code"] == "SIZE1"
    assert (seen[0].ok, seen[0].exit_code, seen[0].error) == (False, 1, None)
    line = run_db(app, "sizes", "--format", "jsonl").stdout
    assert json.loads(line)["event"] == "report"
    quiet = run_db(app, "sizes", "--quiet")
    assert (quiet.exit_code, quiet.stdout) == (1, "measuring\n")


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ({"n": 1}, {"n": 1}),
        ([1, "a", None], [1, "a", None]),
        (False, False),
        (None, None),
        (object(), None),
        ({"n": object()}, None),
        ({1: 2}, None),
    ],
)
def test_what_a_command_returns_becomes_data(
    tmp_path: Path, value: Any, data: Any
) -> None:
    @command("hello")
    def hello() -> Any:
        return value

    app = app_with(tmp_path, **reporting(hello))
    assert document_of(app, "hello")[1]["data"] == data


def test_what_is_set_counts_more_than_what_is_returned(tmp_path: Path) -> None:
    @command("hello")
    def hello() -> dict[str, int]:
        current_command().data = {"set": 1}
        extension_of(current_app).status()
        return {"returned": 2}

    app = app_with(tmp_path, **reporting(hello))
    assert document_of(app, "hello")[1]["data"] == {"set": 1}


def test_a_check_inside_a_command_does_not_fail_it(tmp_path: Path) -> None:
    @command("look")
    def look() -> None:
        assert not extension_of(current_app).check().ok

    app = app_with(tmp_path, **reporting(look))
    code, document = document_of(app, "look")
    assert (code, document["ok"]) == (0, True)
    assert document["diffs"]


@pytest.mark.parametrize("number", [0, 1, 7])
def test_a_command_that_exits_is_reported_with_its_code(
    tmp_path: Path, number: int
) -> None:
    @command("leave")
    @click.pass_context
    def leave(ctx: click.Context) -> None:
        current_command().data = "left"
        ctx.exit(number)

    seen: list[Report] = []
    app = app_with(
        tmp_path, **reporting(leave, after_command=lambda report: seen.append(report))
    )
    code, document = document_of(app, "leave")
    assert (code, document["ok"], document["data"]) == (number, number == 0, "left")
    assert run_db(app, "leave").exit_code == number
    assert [report.exit_code for report in seen] == [number, number]
    assert seen[0].error is None


def test_no_command_is_running(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no command is running"):
        current_command()


def test_types_of_parameters_are_public() -> None:
    assert RevisionType().name == "revision"
    assert isinstance(DatabaseType(), click.ParamType)


def test_hook_report_views(tmp_path: Path) -> None:
    @command("sizes")
    def sizes() -> None:
        current_command().data = [("users", 3)]
        current_command().ok = False

    def show(report: Report, writer: Writer) -> None:
        writer.table(("Table", "Rows"), report.data)
        writer.line(f"verbosity {writer.verbosity}")
        writer.note("counted")

    app = app_with(tmp_path, **reporting(sizes, report_views=lambda: {"sizes": show}))
    result = run_db(app, "sizes")
    assert result.exit_code == 1
    assert result.stdout == "Table  Rows\nusers  3\nverbosity 0\n"
    assert result.stderr == "counted\n"
    assert run_db(app, "sizes", "-q").stderr == ""
    assert document_of(app, "sizes")[1]["data"] == [["users", 3]]


def test_a_view_takes_the_place_of_ours(tmp_path: Path) -> None:
    def show(report: Report, writer: Writer) -> None:
        for status in report.data["databases"]:
            writer.line(f"{status['database']}: {len(status['pending'])}")

    app = app_with(tmp_path, report_views=lambda: {"status": show})
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "status")
    assert result.stdout == "default: 1\n", result.output
    checked = run_db(app, "status", "--check")
    assert (checked.exit_code, checked.stdout) == (1, "default: 1\n")
    assert "Not every database is up to date." in checked.stderr


def failing(report: Report, writer: Writer) -> None:
    raise ValueError("no colours")


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ({"status": failing}, "failed in its view of 'status': ValueError: no colours"),
        ({"status": 1}, "gave {'status': 1} to report_views"),
        ([], "gave [] to report_views"),
    ],
)
def test_a_view_that_fails_names_its_plugin(
    tmp_path: Path, views: Mapping[str, Any], words: str
) -> None:
    app = app_with(tmp_path, report_views=lambda: views)
    result = run_db(app, "status")
    assert result.exit_code == 3
    assert words in result.stderr
    assert "Plugin 'Implementing'" in result.stderr
    assert "Traceback" not in result.output


def test_two_plugins_with_views_of_one_command_are_refused(tmp_path: Path) -> None:
    plugins = [Implementing(report_views=lambda: {"status": failing}) for _ in "ab"]
    app = make_app(tmp_path, extension={"plugins": plugins})
    result = run_db(app, "status")
    assert result.exit_code == 3
    assert "both give a view of the command 'status'" in result.stderr


def test_status_can_be_written_as_a_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example of the documentation, which is what a stranger has."""
    snippets = Path(__file__).parents[2] / "docs" / "snippets"
    monkeypatch.syspath_prepend(str(snippets))
    plugin = importlib.import_module("state_plugin")
    assert len(Path(snippets, "state_plugin.py").read_text().splitlines()) < 60
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "state")
    assert result.stdout.splitlines()[1].split() == ["default", "empty", "base", "1"]
    assert result.stderr == "default lacks a1.\n"
    code, theirs = document_of(app, "state", "--check", "--database", "default")
    assert code == 1
    _, ours = document_of(app, "status")
    for name, value in theirs["data"]["databases"][0].items():
        assert ours["data"]["databases"][0][name] == value
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "state", "--check").exit_code == 0
    assert "state" in run_db(app, "--help").stdout
    unknown = run_db(app, "state", "--database", "nosuch")
    assert unknown.exit_code == 2


def test_status_is_replaced_from_outside(tmp_path: Path) -> None:
    """The command, what it prints, its JSON and a format, by public names only."""
    source = Path(__file__).with_name("replaced_status.py").read_text("utf-8")
    assert len(source.splitlines()) < 60
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and "flask_alembic" in str(node.module):
            public = importlib.import_module(str(node.module)).__all__
            assert {alias.name for alias in node.names} <= set(public)
    plugin = importlib.import_module("replaced_status")
    seen: list[str] = []
    listening = Implementing(after_command=lambda report: seen.append(report.data))
    app = make_app(tmp_path, extension={"plugins": [plugin, listening]})
    write_table_revision(migrations_of(app), "a1")
    assert "Count what is pending." in run_db(app, "--help").stdout
    assert "--models" not in run_db(app, "status", "--help").stdout
    result = run_db(app, "status")
    assert (result.exit_code, result.output) == (0, "default: 1 pending\n")
    data = {"default": {"pending": 1, "head": False}}
    assert seen[-1] == data
    code, document = document_of(app, "status", "--strict")
    assert (code, document["command"], document["data"]) == (1, "status", data)
    assert run_db(app, "status", "--format", "csv").stdout == "default,1\n"
    assert run_db(app, "status", "--database", "nosuch").exit_code == 2
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "status", "--strict").stdout == "default: 0 pending\n"
