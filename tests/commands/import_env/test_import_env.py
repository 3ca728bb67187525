"""The command ``import-env``: files, output, exit codes, and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import env_files
import pytest
import sqlalchemy as sa
from apps import extension_of, make_app, migrations_of, run_db
from env_files import plain
from flask import Flask

from flask_alembic import Alembic
from flask_alembic.errors import CheckFailed, ConfigurationError, UsageError
from flask_alembic.results import EnvItem, ImportEnvResult

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.chdir(tmp_path)
    return make_app(tmp_path)


def write(folder: Path, text: str | bytes, ini: str = "") -> Path:
    """Write the folder of Flask-Migrate or Alembic."""
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "env.py").write_bytes(data)
    if ini:
        (folder / "alembic.ini").write_text(ini, "utf-8")
    return folder


def test_the_folder_of_the_app(app: Flask) -> None:
    write(migrations_of(app), env_files.FLASK_MIGRATE)
    result = run_db(app, "import-env")
    assert result.exit_code == 0, result.output
    assert "Not needed here" in result.stdout
    assert "arguments of Migrate(...) -> ALEMBIC_CONTEXT" in result.stdout
    assert "Nothing has to be set." in result.stdout


def test_a_named_folder(app: Flask, tmp_path: Path) -> None:
    write(tmp_path / "old" / "alembic", plain())
    result = run_db(app, "import-env", "old/alembic")
    assert result.exit_code == 0, result.output
    assert "'script_location': 'old/alembic'" in result.stdout


def test_the_folder_of_an_alembic_ini(app: Flask, tmp_path: Path) -> None:
    ini = "[alembic]\nscript_location = %(here)s/database\ntimezone = UTC\n"
    write(tmp_path / "database", plain())
    (tmp_path / "alembic.ini").write_text(ini, "utf-8")
    for words in ([], ["."], ["database"]):
        result = run_db(app, "import-env", *words)
        assert result.exit_code == 0, result.output
        assert "'timezone': 'UTC'" in result.stdout
        assert "'script_location': 'database'" in result.stdout


def test_an_ini_of_another_folder_is_not_read(app: Flask, tmp_path: Path) -> None:
    ini = "[alembic]\nscript_location = other\ntimezone = UTC\n"
    write(tmp_path / "database", plain())
    (tmp_path / "alembic.ini").write_text(ini, "utf-8")
    assert "timezone" not in run_db(app, "import-env", "database").stdout


def test_the_keys_of_an_ini(app: Flask) -> None:
    ini = """\
[DEFAULT]
folder = special

[alembic]
script_location = %(here)s
file_template = %%(year)d_%%(rev)s
truncate_slug_length = 20
timezone = UTC
sourceless = false
output_encoding = latin-1
recursive_version_locations = true
prepend_sys_path = .
revision_environment = true
version_locations = %(here)s/versions %(here)s/%(folder)s shop:revisions
path_separator = space
lock = mine
password = tulip
empty =

[post_write_hooks]
hooks = black
black.type = console_scripts
black.entrypoint = black
black.options = -l 79 REVISION_SCRIPT_FILENAME

[mirror]
sqlalchemy.url = postgresql://shop:tulip@host/db
size = 3

[other]
script_location = other

[logger_root]
level = WARN
"""
    folder = write(migrations_of(app), env_files.FLASK_MIGRATE, ini)
    with app.app_context():
        result = extension_of(app).import_env(folder)
    found = {
        item.what: (item.verdict, item.key)
        for item in result.items
        if item.file == "alembic.ini"
    }
    assert found == {
        "[DEFAULT]": ("not needed", ""),
        "script_location": ("not needed", ""),
        "file_template": ("setting", 'ALEMBIC["file_template"]'),
        "truncate_slug_length": ("setting", 'ALEMBIC["truncate_slug_length"]'),
        "timezone": ("setting", 'ALEMBIC["timezone"]'),
        "sourceless": ("not needed", ""),
        "output_encoding": ("setting", 'ALEMBIC["output_encoding"]'),
        "recursive_version_locations": (
            "setting",
            'ALEMBIC["recursive_version_locations"]',
        ),
        "prepend_sys_path": ("not needed", ""),
        "revision_environment": ("not needed", ""),
        "version_locations": ("setting", 'ALEMBIC["version_locations"]'),
        "path_separator": ("not needed", ""),
        "lock": ("no counterpart", ""),
        "password": ("no counterpart", ""),
        "empty": ("setting", 'ALEMBIC["empty"]'),
        "[post_write_hooks]": ("setting", 'ALEMBIC["post_write_hooks"]'),
        "[mirror] sqlalchemy.url": ("not needed", ""),
        "[mirror]": ("setting", 'ALEMBIC["mirror"]'),
        "[other]": ("no counterpart", ""),
        "[logger_root]": ("not needed", ""),
    }
    settings = result.settings
    assert "'file_template': '%(year)d_%(rev)s'," in settings
    assert "['migrations/special', 'shop:revisions']" in settings
    assert "tulip" not in repr(result)
    lines = ini.splitlines()
    for item in result.items:
        if item.file == "alembic.ini":
            key = item.what.rpartition(" ")[2]
            assert lines[item.line - 1].startswith(key), item


def test_a_pyproject(app: Flask, tmp_path: Path) -> None:
    write(tmp_path / "database", plain())
    (tmp_path / "pyproject.toml").write_text(
        "[project]\nname = 'shop'\n\n[tool.alembic]\n"
        'script_location = "%(here)s/database"\ntimezone = "UTC"\n'
        'file_template = "%%(rev)s"\nversion_locations = ["%(here)s/more"]\n\n'
        "[[tool.alembic.post_write_hooks]]\n"
        'name = "ruff"\ntype = "module"\nmodule = "ruff"\n'
    )
    with app.app_context():
        result = extension_of(app).import_env("database")
    if sys.version_info < (3, 11):
        assert result.items[-1].verdict == "unknown"
        return
    assert "'timezone': 'UTC'" in result.settings
    assert "'file_template': '%(rev)s'" in result.settings
    assert "'version_locations': ['more']" in result.settings
    assert "'hooks': 'ruff', 'ruff.type': 'module'" in result.settings
    place = {item.what: item.line for item in result.items}
    assert place["timezone"] == 6


def test_check(app: Flask) -> None:
    folder = write(migrations_of(app), env_files.FLASK_MIGRATE)
    assert run_db(app, "import-env", "--check").exit_code == 0
    write(folder, env_files.FLASK_MIGRATE + "launch(1)\n")
    assert run_db(app, "import-env").exit_code == 0
    result = run_db(app, "import-env", "--check")
    assert result.exit_code == 1
    assert "Not recognised (1)" in result.stdout
    assert "launch(1)" in result.stdout
    assert "Error: 1 part of migrations/env.py needs a person." in " ".join(
        result.stderr.split()
    ).replace(str(folder.parent) + "/", "")
    with app.app_context():
        assert not extension_of(app).import_env().ok


def test_json(app: Flask) -> None:
    write(migrations_of(app), env_files.FLASK_MIGRATE + "launch(1)\n")
    result = run_db(app, "import-env", "--check", "--format", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["ok"], document["exit_code"]) == (False, 1)
    last = document["data"]["items"][-1]
    assert last == {
        "file": "env.py",
        "line": 68,
        "last_line": 68,
        "what": "launch(1)",
        "verdict": "unknown",
        "reason": last["reason"],
        "key": "",
        "code": "launch(1)",
    }


def test_a_file_is_written(app: Flask, tmp_path: Path) -> None:
    write(migrations_of(app), plain(online="compare_type=False,"))
    result = run_db(app, "import-env", "--write", "moved.py")
    assert result.exit_code == 0, result.output
    assert "Wrote moved.py" in result.stdout
    text = (tmp_path / "moved.py").read_text()
    assert "    import moved\n" in text
    assert "ALEMBIC_CONTEXT = {" not in result.stdout
    again = run_db(app, "import-env", "--write", "moved.py")
    assert again.exit_code == 2
    assert "moved.py is there already." in again.stderr
    assert (tmp_path / "moved.py").read_text() == text


def test_nothing_is_written_where_nothing_is_set(app: Flask, tmp_path: Path) -> None:
    write(migrations_of(app), env_files.OLD_FLASK_MIGRATE)
    result = run_db(app, "import-env", "--write", "moved.py")
    assert result.exit_code == 0, result.output
    assert "Nothing has to be set." in result.stdout
    assert not (tmp_path / "moved.py").exists()


def test_a_file_that_cannot_be_written(app: Flask) -> None:
    write(migrations_of(app), plain())
    result = run_db(app, "import-env", "--write", "missing/moved.py")
    assert result.exit_code == 3
    assert "cannot be written: No such file or directory" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.sample("all")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:\n", "no valid Python in line 1"),
        (b"x = '\xff'\n", "cannot be read as text"),
        (b"# coding: nonsense\n", "cannot be read as text"),
        (b"x = 1\0\n", "no valid Python"),
        ("x = " + "(" * 500 + ")" * 500, "no valid Python"),
    ],
)
def test_a_broken_file(app: Flask, text: str | bytes, said: str) -> None:
    write(migrations_of(app), text)
    result = run_db(app, "import-env")
    assert result.exit_code == 3
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    with app.app_context(), pytest.raises(ConfigurationError):
        extension_of(app).import_env()


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("sqlalchemy.url = postgresql://shop:tulip@host/db\n", "in line 1"),
        ("[alembic]\n url tulip\n", "in line 2"),
        ("[alembic]\na = 1\na = tulip\n", "in line 3"),
    ],
)
def test_a_broken_ini(app: Flask, ini: str, said: str) -> None:
    write(migrations_of(app), plain(), ini)
    result = run_db(app, "import-env")
    assert result.exit_code == 3
    assert f"no valid configuration file {said}" in " ".join(result.stderr.split())
    assert "tulip" not in result.output


def test_missing_files(app: Flask, tmp_path: Path) -> None:
    nothing = run_db(app, "import-env")
    assert nothing.exit_code == 2
    assert "There is no env.py in" in nothing.stderr
    missing = run_db(app, "import-env", "nowhere")
    assert missing.exit_code == 2
    assert "'nowhere' does not exist." in missing.stderr
    (tmp_path / "file").write_text("")
    assert "'file' is a file." in run_db(app, "import-env", "file").stderr
    with app.app_context(), pytest.raises(UsageError):
        extension_of(app).import_env("nowhere")


def test_odd_files_are_read(app: Flask) -> None:
    folder = migrations_of(app)
    for text in (
        b"",
        b"\xef\xbb\xbf# a comment\r\n",
        "# coding: latin-1\nname = 'Größe'\n".encode("latin-1"),
        b"x = '\\d'\n",  # which the compiler warns of
        b"x = 1; y = 2; launch(3)\n",
        b"if True:\n\tlaunch(3)\n",
        "name = 'ÄÖÜ'; launch(3)  # Größe\n".encode(),
        b'def f():\n    return """\nleft\n"""\nlaunch(f())\n',
    ):
        write(folder, text)
        with app.app_context():
            result = extension_of(app).import_env(folder)
        assert ("launch" in repr(result.remaining)) == (b"launch" in text)


def test_no_password_is_shown(app: Flask) -> None:
    code = """
from shop.db import connect, login

URL = "postgresql://shop:tulip@localhost/shop"
OPTIONS = {"password": "tulip"}


def wanted(name, type_, parents):
    connect(URL, **OPTIONS)
    return True


def render(type_, obj, autogen_context):
    return connect(password="tulip")


if login(password="tulip") == "postgresql://shop:tulip@localhost":
    raise RuntimeError(login(password="tulip"))
start(password="tulip")
"""
    ini = "[alembic]\nsqlalchemy.url = postgresql://shop:tulip@host/db\n"
    text = plain(top=code, online="include_name=wanted, render_item=render,")
    write(migrations_of(app), text, ini)
    for words in ((), ("--format", "json"), ("--write", "moved.py")):
        result = run_db(app, "import-env", *words)
        assert result.exit_code == 0, result.output
        assert "tulip" not in result.output
    assert "tulip" not in Path("moved.py").read_text()
    with app.app_context():
        result_ = extension_of(app).import_env()
    masked = [item for item in result_.remaining if "***" in item.reason]
    assert {item.what for item in masked} == {"URL", "OPTIONS"}
    refused = {item.what: item.reason for item in result_.remaining}
    assert "there is a password in it" in refused["render_item"]
    assert "://shop:***@localhost" in result_.settings


def test_nothing_of_it_is_executed(app: Flask, tmp_path: Path) -> None:
    write(
        migrations_of(app),
        plain(top="open('executed', 'w').close()\nimport executed_module"),
    )
    (tmp_path / "executed_module.py").write_text("open('executed', 'w').close()")
    assert run_db(app, "import-env").exit_code == 0
    assert not (tmp_path / "executed").exists()
    assert "executed_module" not in sys.modules


def test_alembic_is_not_imported(tmp_path: Path) -> None:
    write(tmp_path / "migrations", plain())
    (tmp_path / "app.py").write_text(
        "import sys\nfrom flask import Flask\nfrom flask_alembic import Alembic\n"
        "app = Flask(__name__)\nalembic = Alembic(app)\n"
        "with app.app_context():\n    alembic.import_env()\n"
        "print([name for name in ('alembic', 'sqlalchemy') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_an_app_without_a_database(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path), instance_path=str(tmp_path))
    alembic = Alembic(app)
    write(tmp_path / "migrations", plain())
    with app.app_context():
        result = alembic.import_env()
    keys = {item.what: item.key for item in result.items}
    assert keys["connection"] == "Alembic(engines=...)"


def test_plugins_may_refuse_it(tmp_path: Path) -> None:
    from flask_alembic.signals import before_command

    app = make_app(tmp_path)
    write(migrations_of(app), plain())
    seen = []

    def listen(sender: object, command: object, **more: object) -> None:
        seen.append(command)

    with before_command.connected_to(listen):
        assert run_db(app, "import-env").exit_code == 0
    assert [command.name for command in seen] == ["import-env"]  # type: ignore[attr-defined]


def test_the_types(app: Flask) -> None:
    write(migrations_of(app), plain())
    with app.app_context():
        result = extension_of(app).import_env(check=True)
    assert isinstance(result, ImportEnvResult)
    assert all(isinstance(item, EnvItem) for item in result.items)
    assert [path.name for path in result.files] == ["env.py"]
    assert CheckFailed.exit_code == 1


def test_engines_given_to_the_extension(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path), instance_path=str(tmp_path))
    alembic = Alembic(app, engines=sa.create_engine("sqlite://"))
    write(tmp_path / "migrations", plain())
    with app.app_context():
        result = alembic.import_env()
    keys = {item.what: item.key for item in result.items}
    assert keys["connection"] == ""
