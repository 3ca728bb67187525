from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from flask_alembic_lint.capture import capture
from flask_alembic_lint.examples import revision_text as module
from flask_alembic_lint.revision import RevisionSource
from flask_alembic_lint.servers import server_for
from flask_alembic_lint.squawk import script

from flask_alembic.hooks import PluginError
from flask_alembic.sandbox import Watch

installed = (
    bool(shutil.which("squawk")) or Path(sys.executable).with_name("squawk").exists()
)
needs_squawk = pytest.mark.skipif(not installed, reason="squawk is not installed")


def test_lines_of_the_sql_are_those_of_the_revision():
    source = RevisionSource(
        "b2",
        module(
            """
            op.execute("SELECT 1")
            op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))
            op.create_index("i", "t", ["id"])
            """
        ),
    )
    text, lines = script(
        capture(source, "postgresql", server_for("postgresql", None), Watch())
    )
    by_line = dict(zip(text.splitlines(), lines, strict=False))
    assert by_line["SELECT 1;"] == 9
    assert by_line["CREATE TABLE t ("] == 10
    assert by_line["CREATE INDEX i ON t (id);"] == 11


@needs_squawk
def test_adds_what_we_do_not_know(lint):
    body = 'op.alter_column("users", "a", existing_type=sa.Integer, nullable=True)'
    assert lint(body) == []
    (found,) = lint(body, squawk=True)
    assert found.code == "squawk-ban-drop-not-null"
    assert found.line == 9
    assert lint(body, squawk=True, squawk_exclude=["ban-drop-not-null"]) == []
    waived = body + "  # lint: ignore[squawk-ban-drop-not-null] readers expect NULL"
    assert lint(waived, squawk=True) == []


@needs_squawk
def test_says_nothing_twice(lint):
    body = """
    op.create_index("ix", "users", ["email"])
    op.drop_column("users", "nick")
    op.alter_column("users", "id", type_=sa.BigInteger, existing_type=sa.Integer)
    """
    codes = [each.code for each in lint(body, squawk=True)]
    assert codes == [each.code for each in lint(body)]


@needs_squawk
def test_only_postgresql_is_asked_about(lint):
    body = (
        'with op.batch_alter_table("u") as b:\n    b.alter_column("a", nullable=True)'
    )
    assert lint(body, "sqlite", squawk=True) == []


def test_missing_program_is_a_sentence(lint, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PluginError, match="not installed"):
        lint('op.execute("SELECT 1")', squawk=True)
