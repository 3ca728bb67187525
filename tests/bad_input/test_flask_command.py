"""``flask db`` before there is an app: it hands over to whatever the app has."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import click
import pytest
from apps import make_app
from click.testing import CliRunner
from flask.cli import FlaskGroup
from sandbox import Outcome, clean, flask, write_app

from flask_alembic.cli import app_loader as flask_command


def test_the_command_is_installed() -> None:
    """Without it the tests here are about Flask alone: install the package again."""
    found = importlib.metadata.entry_points(group="flask.commands", name="db")
    assert "flask_alembic.cli.app_loader:command" in {entry.value for entry in found}


OTHER = {
    "none": ("", "does not use it"),
    "other-name": ("Alembic(app, command_name='migrations')", "flask migrations"),
    "off": ("Alembic(app, command_name=False)", "Alembic"),
}


def other_app(folder: Path, more: str) -> None:
    (folder / "app.py").write_text(
        "from flask import Flask\nfrom flask_alembic import Alembic\n"
        f"app = Flask(__name__)\n{more}\n"
    )


@pytest.mark.parametrize("kind", OTHER)
def test_an_app_without_the_command_does_not_list_it(tmp_path: Path, kind: str) -> None:
    more, says = OTHER[kind]
    other_app(tmp_path, more)
    listed = flask(tmp_path, "--help")
    assert listed.code == 0
    assert "\n  db" not in listed.out
    outcome = flask(tmp_path, "db", "upgrade")
    assert outcome.code == 2
    assert "No such command 'db'" in outcome.err
    assert says in outcome.err
    clean(outcome)


FOREIGN = """
import click

@app.cli.group("db", short_help="Feed the ducks.")
def db():
    "Theirs."

@db.command()
@click.option("--traceback", is_flag=True)
@click.argument("name")
def duck(name, traceback):
    from flask import current_app
    click.echo(f"{name} in {current_app.name} {traceback}")
    raise SystemExit(7)
"""


def test_a_command_of_another_extension_is_handed_over_to(tmp_path: Path) -> None:
    other_app(tmp_path, FOREIGN)
    listed = flask(tmp_path, "--help")
    assert "Feed the ducks." in listed.out
    outcome = flask(tmp_path, "db", "duck", "Donald", "--traceback")
    assert outcome.out == "Donald in app True\n"
    assert outcome.code == 7
    assert "Theirs." in flask(tmp_path, "db", "--help").out
    wrong = flask(tmp_path, "db", "nosuch")
    assert wrong.code == 2
    assert "No such command 'nosuch'" in wrong.err


def test_a_plain_command_is_handed_over_to(tmp_path: Path) -> None:
    other_app(tmp_path, "@app.cli.command('db')\ndef db():\n    print('plain')\n")
    assert flask(tmp_path, "db").out == "plain\n"


def run_main(folder: Path, *words: str, plugins: bool) -> Outcome:
    """Run Flask's own ``main``, as if no entry point was installed or with it."""
    lines = ["import sys, flask.cli"]
    if not plugins:
        lines += ["flask.cli.FlaskGroup._load_plugin_commands = lambda self: None"]
    lines += ["sys.argv[0] = 'flask'", "flask.cli.main()"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["db", "--help"],
        ["db"],
        ["db", "upgrade", "--help"],
        ["db", "nosuch"],
        ["db", "heads"],
        ["--app", "app:create_app", "db", "--help"],
    ],
)
def test_a_good_app_looks_the_same_as_without_it(
    tmp_path: Path, words: list[str]
) -> None:
    write_app(tmp_path)
    with_it = run_main(tmp_path, *words, plugins=True)
    assert with_it == run_main(tmp_path, *words, plugins=False)
    assert "db" in with_it.text or words[-1] == "heads"


def test_help_of_a_broken_app_is_flasks_own(tmp_path: Path) -> None:
    write_app(tmp_path, more="raise ValueError('not today')")
    listed = flask(tmp_path, "--help")
    assert listed.code == 0
    assert "\n  db" not in listed.out
    assert "\n  routes" in listed.out


def test_the_shell_completes_what_the_app_has(tmp_path: Path) -> None:
    write_app(tmp_path)
    for words, offered in (("flask d", "db"), ("flask db up", "upgrade")):
        count = str(len(words.split()) - 1)
        env = {
            "_FLASK_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": count,
        }
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import flask.cli; flask.cli.cli(prog_name='flask')",
            ],
            cwd=tmp_path,
            env={**env, "PATH": "/usr/bin"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert f"plain,{offered}" in done.stdout.splitlines(), done.stdout + done.stderr


def test_a_group_of_the_apps_own_keeps_its_command(tmp_path: Path) -> None:
    group = FlaskGroup(create_app=lambda: make_app(tmp_path))

    @group.command("db")
    def db() -> None:
        click.echo("the group's own")

    result = CliRunner().invoke(group, ["db"])
    assert result.output == "the group's own\n"


def test_a_group_of_the_apps_own_gets_the_apps_command(tmp_path: Path) -> None:
    group = FlaskGroup(create_app=lambda: make_app(tmp_path))
    result = CliRunner().invoke(group, ["db", "heads"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert isinstance(group.commands["db"], flask_command.AppCommand)
    listed = CliRunner().invoke(group, ["--help"])
    assert "Perform database migrations." in listed.output


def test_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys; import flask_alembic.cli.app_loader as m; m.command;"
        "print({'alembic', 'sqlalchemy', 'mako', 'pluggy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
