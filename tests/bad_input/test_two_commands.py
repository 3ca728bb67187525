"""``flask db`` of two packages on one app, of which one wins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

APP = """
import click
from flask import Flask
from flask_alembic import Alembic

@click.group("db")
def db():
    pass

@db.command()
def greet():
    click.echo("hello")

db.callback.__module__ = "other_tool.cli"
app = Flask(__name__)
{order}
"""
THEIRS, OURS = "app.cli.add_command(db)", "Alembic(app)"


@pytest.mark.parametrize(
    ("order", "words", "note"),
    [
        ((THEIRS, OURS), "heads", "which has replaced that of other_tool."),
        (
            (OURS, THEIRS),
            "greet",
            "is the command of other_tool, which was initialized",
        ),
        ((OURS,), "heads", ""),
        ((OURS, OURS), "heads", ""),
        ((THEIRS, "Alembic(app, command_name='x')"), "greet", ""),
    ],
)
def test_the_command_that_wins_is_reported_once(
    tmp_path: Path, order: tuple[str, ...], words: str, note: str
) -> None:
    (tmp_path / "two.py").write_text(APP.format(order="\n".join(order)), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "two", "db", words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Note:") == bool(note)
    assert note in done.stderr
