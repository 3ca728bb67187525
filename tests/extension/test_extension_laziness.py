"""What a web worker pays: nothing of Alembic, Mako or pluggy until it migrates."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from projects import write_revision

from flask_alembic.builtin import builtin_commands
from flask_alembic.plugins.command_list import COMMANDS

LATE = ("alembic", "mako", "pluggy")
"""What is imported when the first command runs."""

APP = """
    from flask import Flask
    from flask_alembic import Alembic

    app = Flask(__name__, root_path={root!r})
    app.config["ALEMBIC_PLUGINS"] = ()
    Alembic(app)
"""

SAY = """
import atexit, json, sys
atexit.register(
    lambda: print(json.dumps(sorted(set(sys.modules))), file=sys.stderr)
)
"""


def modules_after(folder: Path, *words: str, code: str = "") -> set[str]:
    """Return what a new process has imported when it ends.

    :param words: For ``python -m flask --app lazy_shop``; else ``code`` is run.
    """
    source = dedent(APP).format(root=str(folder))
    Path(folder, "lazy_shop.py").write_text(source, "utf-8")
    main = "from flask.cli import main; main()" if words else code
    arguments = ["--app", "lazy_shop", *words] if words else []
    result = subprocess.run(
        [sys.executable, "-c", f"{SAY}\n{main}", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stderr.splitlines()[-1]))


def late(modules: set[str]) -> list[str]:
    return sorted(modules & {*LATE})


def test_importing_the_package_imports_nothing_late(tmp_path: Path) -> None:
    loaded = modules_after(tmp_path, code="import flask_alembic")
    assert late(loaded) == []
    assert "sqlalchemy" not in loaded
    ours = {name for name in loaded if name.startswith("flask_alembic")}
    assert ours <= {"flask_alembic", "flask_alembic.extension"}


def test_setting_up_an_app_imports_nothing_late(tmp_path: Path) -> None:
    loaded = modules_after(tmp_path, code="import lazy_shop")
    assert late(loaded) == []
    assert "sqlalchemy" not in loaded
    assert Path(tmp_path, "migrations", "script.py.mako").is_file()


@pytest.mark.parametrize(
    "words", [("routes",), ("--help",), ("db", "--help")], ids=" ".join
)
def test_commands_that_need_nothing_import_nothing_late(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert late(modules_after(tmp_path, *words)) == []


def test_a_request_imports_nothing_late(tmp_path: Path) -> None:
    code = "from lazy_shop import app; app.test_client().get('/nothing')"
    assert late(modules_after(tmp_path, code=code)) == []


def test_a_command_imports_what_it_needs(tmp_path: Path) -> None:
    """So that the tests above are known to be able to fail."""
    code = (
        "from lazy_shop import app\n"
        "with app.app_context():\n"
        "    app.extensions['alembic'].script_directory.get_heads()"
    )
    assert late(modules_after(tmp_path, code=code)) == ["alembic", "mako", "pluggy"]


@pytest.mark.parametrize("words", ["heads", "log", "history", "branches", "show"])
def test_a_command_that_shows_revisions_needs_no_alembic(
    tmp_path: Path, words: str
) -> None:
    Path(tmp_path, "migrations").mkdir()
    write_revision(tmp_path / "migrations", "r001", None)
    assert late(modules_after(tmp_path, "db", words)) == ["pluggy"]


def test_an_app_that_is_set_up_reads_no_settings(tmp_path: Path) -> None:
    modules_after(tmp_path, code="import lazy_shop")
    loaded = modules_after(tmp_path, code="import lazy_shop")
    ours = {name for name in loaded if name.startswith("flask_alembic")}
    assert ours == {
        "flask_alembic",
        "flask_alembic.config_defaults",
        "flask_alembic.cli",
        "flask_alembic.cli.group",
        "flask_alembic.cli.lazy",
        "flask_alembic.builtin",
        "flask_alembic.extension",
        "flask_alembic.script",
        "flask_alembic.script.existing_folder",
    }


def command_modules(loaded: set[str]) -> set[str]:
    return {target.partition(":")[0] for _, target, _ in COMMANDS} & loaded


def test_the_list_of_our_commands_is_right() -> None:
    for name, _, help_ in COMMANDS:
        command = builtin_commands()[name]
        assert command.name == name
        assert command.get_short_help_str(300) == help_


def test_help_imports_no_command(tmp_path: Path) -> None:
    modules_after(tmp_path, "routes")  # makes the script directory
    loaded = modules_after(tmp_path, "db", "--help")
    assert command_modules(loaded) == set()
    ours = {name for name in loaded if name.startswith("flask_alembic")}
    assert len(ours) <= 29, sorted(ours)


def test_completing_a_command_imports_no_command(tmp_path: Path) -> None:
    code = (
        "import os; os.environ.update(FLASK_APP='lazy_shop', COMP_WORDS='flask db s', "
        "COMP_CWORD='2', _FLASK_COMPLETE='bash_complete')\n"
        "from flask.cli import cli; cli.main(prog_name='flask')"
    )
    loaded = modules_after(tmp_path, code=code)
    assert "flask_alembic.plugins.command_list" in loaded
    assert command_modules(loaded) == set()


def test_a_command_imports_no_other_commands(tmp_path: Path) -> None:
    Path(tmp_path, "migrations").mkdir()
    write_revision(tmp_path / "migrations", "r001", None)
    loaded = modules_after(tmp_path, "db", "--no-plugins", "heads")
    assert command_modules(loaded) == {"flask_alembic.commands.history.commands"}
