"""Flask-Script: the commands and options of ``flask db``, none defined twice."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from apps import make_app, migrations_of, run_db, write_chain, write_table_revision
from flask import Flask
from flask_script_ng import Manager

from flask_alembic import hookimpl
from flask_alembic.builtin import builtin_commands
from flask_alembic.cli.flask_script import make_manager, words

COMMANDS = builtin_commands()

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs ``manage.py db WORDS`` on an app, or on a manager."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(sys, "argv", ["manage.py"])

    def run(app: Any, *typed: str) -> Ended:
        manager = app if isinstance(app, Manager) else manager_of(app)
        capsys.readouterr()
        try:
            manager.handle("manage.py", ["db", *typed])
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *capsys.readouterr())

    return run


def manager_of(app: Any) -> Any:
    """Return a manager as a project has it."""
    manager = Manager(app)
    manager.add_command("db", make_manager())
    return manager


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1", "a2")
    return app


# The same commands and options ---------------------------------------------------


def test_every_command_is_there(app: Flask, run: Run) -> None:
    page = run(app, "--help")
    assert page.exit_code == 0
    listed = re.findall(r"^    ([a-z][\w-]*)", page.stdout, re.M)
    assert listed == sorted(COMMANDS)
    for command in COMMANDS.values():
        assert command.get_short_help_str(100) in page.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_every_option(app: Flask, run: Run, name: str) -> None:
    page = run(app, name, "--help")
    assert (page.exit_code, page.stderr) == (0, "")
    shown = {
        option
        for line in page.stdout.splitlines()
        if line.startswith("  -")
        for option in re.findall(r"(?:^  |, )(--?[\w-]+)", line)
    }
    params = COMMANDS[name].params
    options = [param for param in params if isinstance(param, click.Option)]
    assert shown - {"-?", "--help"} == {
        name for one in options for name in [*one.opts, *one.secondary_opts]
    }
    for option in options:
        assert option.help is not None
        assert option.help in page.stdout
    assert str(COMMANDS[name].help).split(".")[0] in page.stdout


def samples(param: click.Parameter) -> Iterator[list[str]]:
    """Yield what may be typed for a parameter: by each name, and repeated."""
    if isinstance(param.type, click.Choice):
        value = str(param.type.choices[-1])
    elif isinstance(param.type, click.types.FloatParamType):
        value = "2.5"
    else:
        value = "-1" if param.name == "target" else "a:b"
    if isinstance(param, click.Argument):
        yield [value] if param.nargs == 1 else [value, "c"]
        return
    assert isinstance(param, click.Option)
    for name in [*param.opts, *param.secondary_opts]:
        once = [name] if param.is_flag or param.count else [name, value]
        yield once * 2 if param.multiple or param.count else once
        if not param.is_flag and not param.count and name.startswith("--"):
            yield [f"{name}=-x"] if param.type.name == "text" else [f"{name}={value}"]


@pytest.mark.parametrize("name", COMMANDS)
def test_click_reads_what_was_typed(app: Flask, name: str) -> None:
    command = COMMANDS[name]
    parser = manager_of(app).create_parser("manage.py")
    required = [
        next(samples(param))[0]
        for param in command.params
        if isinstance(param, click.Argument) and param.required
    ]
    for param in command.params:
        for typed in samples(param):
            if not isinstance(param, click.Argument):
                typed = [*typed, *required]
            if name == "stamp" and "-1" in typed:
                typed = ["a1"]
            read, rest = parser.parse_known_args(["db", name, *typed])
            handed = words(read.alembic_words, rest)
            assert (
                command.make_context(name, handed).params
                == command.make_context(name, list(typed)).params
            ), typed


def test_words_keep_arguments_that_look_like_options() -> None:
    assert words([("--empty", []), (None, ["-fix"])], []) == ["--empty", "--", "-fix"]
    assert words([(None, ["-1"]), ("-y", [])], []) == ["-y", "-1"]
    assert words([(None, ["a"]), ("--sql", [])], ["b"]) == ["--sql", "a", "b"]


# The same results ----------------------------------------------------------------


def neutral(text: str, app: Flask) -> str:
    """Return output without the folder, the time and the program."""
    text = text.replace(str(Path(app.root_path)), "")
    text = re.sub(r'("(elapsed|seconds)": )[\d.e-]+', r"\1T", text)
    text = re.sub(r"\d+\.\d+ s\b", "T s", text)
    text = re.sub(r'"id": "[0-9a-f]{12}"', '"id": "ID"', text)
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[\d.+:]*", "DATE", text)
    return text.replace("manage.py db", "flask db").replace("shop db", "flask db")


SESSION = (
    ["mkdir"],
    ["heads", "-v"],
    ["branches", "--format", "json"],
    ["check"],
    ["upgrade", "--plan"],
    ["upgrade", "--sql", "a1"],
    ["upgrade", "+1", "--quiet"],
    ["upgrade", "-v", "--format", "json"],
    ["current", "--check-heads"],
    ["status", "--format", "jsonl"],
    ["downgrade", "-1", "--yes"],
    ["current", "--check-heads"],
    ["stamp", "a2", "--tag", "x"],
    ["log", "-r", "a1:a2", "-i"],
    ["show", "a1", "--sql", "--downgrade"],
    ["revision", "more", "--rev-id", "b1", "--no-prove"],
    ["merge", "-m", "nothing to merge", "--rev-id", "m1"],
    ["graph", "--no-databases"],
    ["doctor"],
    ["plugins", "--format", "json"],
    ["downgrade", "base", "--yes", "-x", "a=b", "-vv"],
    ["wait", "--for", "head", "--timeout", "0"],
    ["--traceback", "upgrade", "nosuch"],
    ["upgrade", "nosuch"],
    ["upgrade", "--sql", "--plan"],
    ["upgrade", "--frobnicate"],
    ["wait", "--for", "nobody"],
    ["wait", "--timeout", "long"],
    ["current", "--database", "nosuch"],
    ["current", "--format", "nosuch"],
    ["current", "a", "b"],
    ["show", "a1", "--sql", "a2"],
)


def test_commands_end_as_they_do_with_click(tmp_path: Path, run: Run) -> None:
    apps = [make_app(tmp_path / name, models=define) for name in ("script", "click")]
    for app in apps:
        write_chain(migrations_of(app), "a1", "a2")
    script, by_click = apps
    for typed in SESSION:
        got = run(script, *typed)
        wanted = run_db(by_click, *typed)
        assert got.exit_code == wanted.exit_code, (typed, got)
        assert neutral(got.stdout, script) == neutral(wanted.stdout, by_click), typed
        message, expected = (
            [
                line
                for line in text.splitlines()
                if not line.startswith(("Usage", "Try"))
            ]
            for text in (
                neutral(got.stderr, script),
                neutral(wanted.stderr, by_click),
            )
        )
        if "--traceback" not in typed:
            assert message == expected, typed


def define(db: Any) -> None:
    """Define a model."""
    db.Table("shelf", db.Column("id", db.Integer, primary_key=True))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["squash"], "FROM:TO"),
        (["revision", "--rev-id"], "--rev-id: expected one argument"),
        (["nosuch"], "invalid choice: 'nosuch'"),
        (["wait", "--for", "x"], "'x' is not one of 'database', 'head'"),
        (["upgrade", "--nosuch"], "There is no option '--nosuch'"),
        (["stamp", "--nosuch"], "--nosuch"),
    ],
)
def test_wrong_input_gives_one_message(
    app: Flask, run: Run, typed: list[str], said: str
) -> None:
    ended = run(app, *typed)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(re.findall("(?i)error: ", ended.stderr)) == 1
    assert "Traceback" not in ended.stderr


def test_no_command_shows_the_list(app: Flask, run: Run) -> None:
    ended = run(app)
    assert ended.exit_code == 2
    assert "upgrade" in ended.stdout


# Plugins, and what the project adds ----------------------------------------------


class Extra:
    """Adds a command, a hidden one and a group."""

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        @cli.command("shelves")
        @click.argument("names", nargs=-1)
        @click.option("--pair", nargs=2)
        @click.option("--secret", hidden=True)
        @click.option("--percent", help="100 % of it.")
        def shelves(**options: Any) -> None:
            click.echo(sorted(options.items()))

        @cli.command("concealed", hidden=True)
        def concealed() -> None:
            click.echo("found")

        @click.group("tenants")
        def tenants() -> None:
            pass

        @tenants.command("add")
        @click.argument("name")
        def add(name: str) -> None:
            click.echo(f"added {name}")
            raise click.exceptions.Exit(4)

        cli.add_command(tenants)
        cli.add_lazy("gone", "nosuch_module:command", help="Not there.")


def test_commands_of_plugins_are_there(tmp_path: Path, run: Run) -> None:
    app = make_app(tmp_path, extension={"plugins": [Extra()]})
    page = run(app, "--help").stdout
    assert re.search("^    shelves", page, re.M)
    printed = run(app, "shelves", "--pair", "a", "b", "--secret=s", "x", "y").stdout
    assert printed == (
        "[('names', ('x', 'y')), ('pair', ('a', 'b')), ('percent', None), "
        "('secret', 's')]\n"
    )
    page = run(app, "shelves", "--help").stdout
    assert "100 % of it." in page
    assert "--secret" not in page
    assert run(app, "tenants", "add", "acme") == Ended(4, "added acme\n", "")
    assert "add" in run(app, "tenants", "--help").stdout
    assert run(app, "concealed").stdout == "found\n"
    broken = run(app, "gone")
    assert broken.exit_code == run_db(app, "gone").exit_code == 3
    assert "nosuch_module" in broken.stderr


def test_a_disabled_command_is_not_there(tmp_path: Path, run: Run) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["squash"])
    assert not re.search("^    squash", run(app, "--help").stdout, re.M)
    assert run(app, "squash", "a:b").exit_code == 2


def test_a_command_of_the_project_wins(app: Flask, run: Run) -> None:
    manager = Manager(app)
    database = make_manager()

    @database.command  # type: ignore[untyped-decorator]
    def heads() -> None:
        print("mine")

    manager.add_command("db", database)
    assert run(manager, "heads").stdout == "mine\n"
    assert run(manager, "upgrade").exit_code == 0


def test_a_factory_is_called_once(tmp_path: Path, run: Run) -> None:
    calls = []

    def create_app() -> Flask:
        calls.append(1)
        return make_app(tmp_path, extension={"plugins": [Extra()]})

    manager = manager_of(create_app)
    assert "found" in run(manager, "concealed").stdout
    assert len(calls) == 1


def test_a_factory_with_options_gets_them(tmp_path: Path) -> None:
    def create_app(config: str = "none") -> Flask:
        app = make_app(tmp_path / config)
        write_table_revision(migrations_of(app), "a1")
        return app

    manager = manager_of(create_app)
    manager.add_option("-c", "--config", default="none")
    manager.handle("manage.py", ["-c", "special", "db", "upgrade"])
    assert (tmp_path / "special" / "app.db").exists()


# Start-up ------------------------------------------------------------------------


def test_neither_import_nor_help_imports_alembic(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from flask import Flask\n"
        "from flask_alembic import Alembic, alembic_script\n"
        "commands = [n for n in sys.modules if n.startswith('flask_alembic.commands')]\n"
        "assert not commands, commands\n"
        "from flask_script_ng import Manager\n"
        "app = Flask('empty', root_path=sys.argv[1])\n"
        "Alembic(app, run_mkdir=False)\n"
        "manager = Manager(app)\n"
        "manager.add_command('db', alembic_script)\n"
        "try:\n"
        "    manager.handle('manage.py', ['db', '--help'])\n"
        "except SystemExit as ended:\n"
        "    assert not ended.code\n"
        "assert not set(sys.modules) & {'alembic', 'mako', 'sqlalchemy'}\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
