"""Apps that cannot be loaded, asked through the real ``flask``."""

from __future__ import annotations

from pathlib import Path

import pytest
from sandbox import SECRET, clean, flask, told, write_app


def url_line(url: str) -> str:
    return f'app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}'


LINES = {
    "missing-driver": (
        url_line(f"postgresql+psycopg2cffi://me:{SECRET}@h/d"),
        ["psycopg2cffi", "pip install"],
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


@pytest.mark.sample(5)
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
            f"sa.create_engine('postgresql+psycopg2cffi://me:{SECRET}@h/d')\n",
            ["psycopg2cffi", "pip install", "line 2"],
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
