"""Where databases are: said with their names, and said where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from apps import make_app, migrations_of, run_db, write_chain
from flask import Flask


@pytest.fixture
def two(tmp_path: Path) -> Flask:
    """An app with two databases and two revisions."""
    app = make_app(
        tmp_path,
        SQLALCHEMY_BINDS={"archive": f"sqlite:///{tmp_path}/archive.db"},
        ALEMBIC={"databases": "*"},
    )
    write_chain(migrations_of(app), "a1", "a2")
    return app


def test_one_database_needs_no_name(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    run_db(app, "upgrade")
    assert run_db(app, "current").stdout == "<base> -> a1 (head), a1\n"


def test_current_says_which_database_is_where(two: Flask) -> None:
    run_db(two, "upgrade", "--database", "default")
    run_db(two, "upgrade", "a1", "--database", "archive")
    newest, oldest = sorted(run_db(two, "current").stdout.splitlines(), reverse=True)
    assert "a2 (head) (current: default), a2" in newest
    assert "a1 (current: archive), a1" in oldest
    assert "(current: archive)" in run_db(two, "current", "-v").stdout
    run_db(two, "upgrade")
    (line,) = run_db(two, "current").stdout.splitlines()
    assert "(current: default, archive)" in line


def test_a_database_at_base_is_told(two: Flask) -> None:
    run_db(two, "upgrade", "--database", "archive")
    result = run_db(two, "current")
    assert "(current: archive)" in result.stdout
    assert result.stderr == "default is at base: no revision is applied.\n"
    assert run_db(two, "current", "-q").stderr == ""


def test_being_at_head_is_not_claimed_unasked(two: Flask) -> None:
    run_db(two, "upgrade", "a1")
    for words in ((), ("--check-heads",)):
        result = run_db(two, "current", *words, "--format", "json")
        assert json.loads(result.stdout)["data"]["at_head"] is False
        assert result.exit_code == bool(words)
    run_db(two, "upgrade")
    data = json.loads(run_db(two, "current", "--format", "json").stdout)["data"]
    assert data["at_head"] is True


@pytest.mark.parametrize(
    "words",
    [("heads",), ("log",), ("history",), ("graph",), ("branches",), ("show",)],
)
def test_nothing_is_said_in_words(tmp_path: Path, words: Sequence[str]) -> None:
    result = run_db(make_app(tmp_path), *words)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.endswith(".\n")
