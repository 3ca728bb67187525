"""Apps that cannot be loaded or lack something, asked through the real ``flask``."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from apps import make_app, write_table_revision
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup
from flask_sqlalchemy import SQLAlchemy
from sandbox import SECRET, Outcome, Sandbox, accepted, clean, flask, told, write_app

from flask_alembic import Alembic, alembic_click
from flask_alembic.cli import flask_command
from flask_alembic.errors import UsageError


def test_the_command_is_installed() -> None:
    """Without it every test below is about Flask alone: install the package again."""
    found = importlib.metadata.entry_points(group="flask.commands", name="db")
    assert "flask_alembic.cli.flask_command:command" in {entry.value for entry in found}


def url_line(url: str) -> str:
    return f'app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}'


LINES = {
    "missing-driver": (
        url_line(f"postgresql+pg8000://me:{SECRET}@h/d"),
        ["pg8000", "pip install"],
    ),
    "unknown-dialect": (url_line(f"nosuchdb://me:{SECRET}@h/d"), ["'nosuchdb'", "URL"]),
    "postgres": (
        url_line(f"postgres://me:{SECRET}@h/d"),
        ["'postgres'", "postgresql://"],
    ),
    "no-url": (url_line(SECRET), ["URL", "%xx"]),
    "bad-port": (url_line(f"postgresql://me:{SECRET}@h:port/d"), ["URL", "port/"]),
    "empty-url": (
        'app.config["SQLALCHEMY_DATABASE_URI"] = ""',
        ["SQLALCHEMY_DATABASE_URI"],
    ),
    "missing-url": (
        'del app.config["SQLALCHEMY_DATABASE_URI"]',
        ["SQLALCHEMY_DATABASE_URI"],
    ),
    "engine-options": (
        'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"nosuch": 1}',
        ["nosuch"],
    ),
    "raises": ("raise ValueError('not today')", ["ValueError: not today"]),
    "raises-nothing": ("raise KeyError()", ["KeyError"]),
    "raises-with-url": (
        f"raise ValueError('postgresql://me:{SECRET}@h/d')",
        ["ValueError", "***"],
    ),
    "name-error": ("nosuch", ["NameError", "'nosuch'"]),
    "missing-module": ("import no_such_module", ["no_such_module", "pip install"]),
    "missing-name": ("from os import nosuch", ["nosuch"]),
    "missing-file": ("open('/no/such/file')", ["/no/such/file"]),
    "exits": ("raise SystemExit(0)", ["sys.exit(0)"]),
    "exits-with-words": ("raise SystemExit('no way')", ["'no way'"]),
    "recursion": ("create_app()", ["RecursionError"]),
}


@pytest.mark.parametrize("kind", LINES)
def test_an_app_that_cannot_be_loaded_is_said_in_one_sentence(
    tmp_path: Path, kind: str
) -> None:
    more, says = LINES[kind]
    write_app(tmp_path, more=more)
    outcome = flask(tmp_path, "db", "upgrade")
    told(outcome, 3, ["The app cannot be loaded", "app.py, line", *says])
    assert [path.name for path in tmp_path.rglob("*.*")] == ["app.py"]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import no_such_module\n", ["'no_such_module'", "line 1"]),
        ("from flask import nosuch\n", ["nosuch", "line 1"]),
        ("def create_app(:\n", ["invalid syntax"]),
        ("import sys\nsys.exit(3)\n", ["sys.exit(3)", "line 2"]),
        ("1 / 0\n", ["ZeroDivisionError", "line 1"]),
        ("x = '\xff'.encode().decode('ascii')\n", ["UnicodeDecodeError"]),
        (
            "import sqlalchemy as sa\n"
            f"sa.create_engine('postgresql+pg8000://me:{SECRET}@h/d')\n",
            ["pg8000", "pip install", "line 2"],
        ),
    ],
)
def test_an_app_module_that_fails_is_said_in_one_sentence(
    tmp_path: Path, source: str, says: list[str]
) -> None:
    (tmp_path / "app.py").write_text(source, "utf-8")
    outcome = flask(tmp_path, "db", "upgrade")
    told(outcome, 3, ["The app cannot be loaded", *says])


def test_the_traceback_is_there_on_request_without_the_password(
    tmp_path: Path,
) -> None:
    write_app(tmp_path, more=f"raise ValueError('postgresql://me:{SECRET}@h/d')")
    for line in (["db", "--traceback", "upgrade"], ["db", "upgrade", "--traceback"]):
        outcome = flask(tmp_path, *line)
        assert outcome.code == 3
        assert "Traceback" in outcome.err
        assert "in create_app" in outcome.err
        assert SECRET not in outcome.text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["db", "upgrade"], "Could not locate a Flask application"),
        (["--app", "nosuch", "db", "upgrade"], "Could not import 'nosuch'"),
        (["db"], "Could not locate a Flask application"),
    ],
)
def test_no_app_is_said_in_flasks_words(
    tmp_path: Path, words: list[str], says: str
) -> None:
    outcome = flask(tmp_path, *words)
    assert outcome.code == 2
    assert says in outcome.err
    clean(outcome)


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
    assert (result.exit_code, result.output) == (0, "")
    assert isinstance(group.commands["db"], flask_command.AppCommand)
    listed = CliRunner().invoke(group, ["--help"])
    assert "Perform database migrations." in listed.output


def test_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys; import flask_alembic.cli.flask_command as m; m.command;"
        "print({'alembic', 'sqlalchemy', 'mako', 'pluggy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


# Apps that are there, without something that is needed ----------------------------


def test_an_app_without_flask_sqlalchemy_is_told_so(tmp_path: Path) -> None:
    other_app(tmp_path, "Alembic(app)")
    (tmp_path / "migrations").mkdir()
    write_table_revision(tmp_path / "migrations", "aaaa1")
    outcome = flask(tmp_path, "db", "upgrade")
    told(outcome, 3, ["No database", "Flask-SQLAlchemy", "engines="])


def test_an_app_without_the_extension_is_told_so(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path))
    app.cli.add_command(alembic_click, "db")
    result = app.test_cli_runner().invoke(args=["db", "upgrade"])
    outcome = Outcome(result.exit_code, result.stdout, result.stderr)
    told(outcome, 2, ["not registered", "Alembic(app)"])


def test_flask_sqlalchemy_may_come_after_the_extension(sandbox: Sandbox) -> None:
    app = Flask("shop", root_path=str(sandbox.folder))
    app.config.update(SQLALCHEMY_DATABASE_URI=sandbox.url, ALEMBIC_PLUGINS=())
    Alembic(app)
    SQLAlchemy(app)
    write_table_revision(sandbox.migrations, "aaaa1")
    accepted(sandbox, "upgrade", app=app)


@pytest.mark.parametrize(
    "use",
    [
        lambda alembic: alembic.upgrade(),
        lambda alembic: alembic.current(),
        lambda alembic: alembic.config,
        lambda alembic: alembic.script_directory,
        lambda alembic: alembic.migration_context,
        lambda alembic: alembic.op,
        lambda alembic: alembic.revision("message"),
        lambda alembic: alembic.plugins,
    ],
)
def test_a_missing_app_context_is_named(sandbox: Sandbox, use: object) -> None:
    alembic = Alembic(sandbox.app(extension=None))
    with pytest.raises(UsageError, match="app context") as caught:
        use(alembic)  # type: ignore[operator]
    assert "with app.app_context()" in caught.value.advice


def test_an_async_url_for_a_sync_engine_is_named(sandbox: Sandbox) -> None:
    app = Flask("shop", root_path=str(sandbox.folder))
    app.config["ALEMBIC_PLUGINS"] = ()
    engine = sa.create_engine(f"sqlite+aiosqlite:///{sandbox.folder / 'app.db'}")
    Alembic(app, engines=engine)
    write_table_revision(sandbox.migrations, "aaaa1")
    for line in ("upgrade", "current"):
        outcome = sandbox.db(line, app=app)
        told(outcome, 3, ["aiosqlite", "async"])


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///app.db",
        f"postgresql+asyncpg://me:{SECRET}@127.0.0.1:1/shop",
    ],
)
def test_an_async_url_in_flask_sqlalchemy_is_named(tmp_path: Path, url: str) -> None:
    write_app(tmp_path, url=url)
    write_table_revision(tmp_path / "migrations", "aaaa1")
    outcome = flask(tmp_path, "db", "upgrade")
    told(outcome, 3, ["async"])


# The same sentences in a process of its own, where nothing catches what is logged ---


@pytest.mark.parametrize(
    ("more", "line", "code", "says"),
    [
        ("", "upgrade nosuch", 2, "'nosuch'"),
        ("", "upgrade --nosuch", 2, "--nosuch"),
        ("app.config['ALEMBIC'] = {'lock': 'no'}", "upgrade", 3, "'no'"),
        ("app.config['ALEMBIC'] = 5", "current", 3, "dict"),
        ("app.config['ALEMBIC'] = {'script_location': 'c:d'}", "heads", 3, "'c'"),
        (
            "app.config['ALEMBIC'] = {'script_location': '/proc/no'}",
            "heads",
            3,
            "/proc",
        ),
        ("app.config['ALEMBIC_PLUGINS'] = ['nosuch']", "heads", 3, "'nosuch'"),
        ("app.config['ALEMBIC_CONTEXT'] = {'compare_type': 'x'}", "check", 3, "'x'"),
        ("", "revision --empty --rev-id ../../evil message", 2, "'../../evil'"),
        ("", "merge", 2, "nothing to merge"),
        ("", "downgrade nosuch@base", 2, "'nosuch'"),
        ("", "--no-plugins show nosuch", 2, "'nosuch'"),
    ],
)
def test_one_message_is_all_that_is_written(
    tmp_path: Path, more: str, line: str, code: int, says: str
) -> None:
    write_app(tmp_path, more=more)
    write_table_revision(tmp_path / "migrations", "aaaa1")
    outcome = flask(tmp_path, "db", *line.split())
    told(outcome, code, says)
    assert outcome.out == ""


def test_a_message_of_bytes_that_are_no_text_is_kept(tmp_path: Path) -> None:
    """The terminal may hand over anything; Python reads it as lone surrogates."""
    write_app(tmp_path)
    accepted_message = b"caf\xe9 \xff".decode("utf-8", "surrogateescape")
    outcome = flask(tmp_path, "db", "revision", "--empty", accepted_message)
    assert outcome.code == 0, outcome.text
    (path,) = (tmp_path / "migrations").glob("*.py")
    compile(path.read_bytes(), str(path), "exec")
    outcome = flask(tmp_path, "db", "log")
    assert outcome.code == 0, outcome.text
    assert "caf\\udce9 \\udcff" in outcome.out
