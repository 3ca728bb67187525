"""What could not be looked at is reported, and is not run in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask_alembic_lint import plugin
from flask_alembic_lint.examples import revision_text

from flask_alembic.errors import Vetoed
from flask_alembic.testing import MakeApp

STOPS = """
name = op.get_bind().execute(sa.text("SELECT to_regclass('account')")).scalar_one()
op.execute(f"DROP TABLE {name.lower()}")
"""
RAISES = 'op.execute("SELECT 1")\nraise RuntimeError("no such server")'
NEEDS_ROWS = """
rows = op.get_bind().execute(sa.text("SELECT id, name FROM t")).fetchall()
first, second = rows
op.execute(f"DELETE FROM t WHERE id = {first.id}")
"""
BUILDS_SQL = """
op.execute("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'a' || 'b'); END $$")
"""
NOT_IMPORTED = "raise ImportError('gone')\n\ndef upgrade():\n    pass"
NOT_HERE = """
from not_there import helper

def upgrade():
    helper(op)
"""
NO_PYTHON = "def upgrade(:\n    pass"


@pytest.mark.parametrize(
    ("body", "dialect", "code"),
    [
        (STOPS, "postgresql", "FA904"),
        (RAISES, "postgresql", "FA904"),
        (NEEDS_ROWS, "postgresql", "FA904"),
        (NOT_IMPORTED, "sqlite", "FA904"),
        (NOT_HERE, "sqlite", "FA904"),
        (NO_PYTHON, "sqlite", "FA904"),
        (BUILDS_SQL, "postgresql", "FA905"),
        ('op.execute("FROBNICATE a")', "sqlite", "FA905"),
        ('op.execute("EXECUTE IMMEDIATE @text")', "mariadb", "FA905"),
    ],
)
def test_is_a_warning_and_unchecked(body, dialect, code, lint):
    (found,) = lint(body, dialect)
    assert (found.code, found.severity, found.unchecked) == (code, "warning", True)


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("DO $$ BEGIN EXECUTE 'DROP TABLE account'; END $$", "postgresql"),
        (
            "DO $$ BEGIN IF true THEN EXECUTE 'DROP TABLE a'; END IF; END $$",
            "postgresql",
        ),
        ("PREPARE s FROM 'DROP TABLE account'", "mysql"),
        ("EXECUTE IMMEDIATE 'DROP TABLE account'", "mariadb"),
    ],
)
def test_constant_sql_is_looked_at(sql, dialect, codes):
    assert codes(f'op.execute("{sql}")', dialect) == ["FA501"]


def test_a_function_that_needs_a_row_is_looked_at_with_one(codes):
    body = """
row = op.get_bind().execute(sa.text("SELECT id FROM t")).fetchone()
op.get_bind().execute(sa.text(f"DELETE FROM t WHERE id > {row[0]}"))
op.get_bind().execute(sa.text("DROP TABLE t"))
"""
    assert codes(body, "sqlite") == ["FA501"]


def test_a_downgrade_that_stops_does_not_concern_an_upgrade(lint):
    body = """
def upgrade():
    op.execute("SELECT 1")

def downgrade():
    op.execute(undefined_name)
"""
    (found,) = lint(body)
    assert (found.code, found.severity, found.unchecked) == ("FA904", "warning", False)


CUSTOM = """
from alembic.operations import MigrateOperation, Operations


class Custom(MigrateOperation):
    pass


@Operations.implementation_for(Custom)
def run(operations, operation):
    {}


def upgrade():
    op.invoke(Custom())


def downgrade():
    raise NotImplementedError
"""


@pytest.mark.parametrize(
    ("implementation", "expected"),
    [
        ('operations.execute("DROP TABLE a")', ["FA501"]),
        ("pass", ["FA905"]),
        ("undefined_name", ["FA905"]),
    ],
)
def test_custom_operations(implementation, expected, codes):
    assert codes(CUSTOM.format(implementation)) == expected


@pytest.fixture
def app(tmp_path, make_app: MakeApp, monkeypatch):
    monkeypatch.delenv("ALEMBIC_LINT_GUARD", raising=False)
    (tmp_path / "migrations").mkdir()
    app = make_app(root=tmp_path, name="shop", plugins=[plugin], TESTING=False)
    with app.app_context():
        yield app


def write(app, revision: str, parent: str | None, body: str) -> None:
    text = revision_text(body).replace('revision = "b2"', f"revision = {revision!r}", 1)
    text = text.replace('down_revision = "a1"', f"down_revision = {parent!r}")
    path = Path(app.root_path, "migrations", f"{revision}_x.py")
    path.write_text(text, "utf-8")


HARMLESS = """
def upgrade():
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("t")
"""
WRITES_ROWS = """
def upgrade():
    first, second = op.get_bind().execute(sa.text("VALUES (1), (2)")).fetchall()
    op.execute("INSERT INTO t VALUES (2)")

def downgrade():
    pass
"""


def lint_command(app):
    result = app.test_cli_runner().invoke(args=["db", "lint"])
    return result.exit_code, result.output


def test_a_history_of_which_nothing_can_be_read_fails(app):
    write(app, "a1", None, WRITES_ROWS)
    code, output = lint_command(app)
    assert code == 1
    assert "error: " in output
    assert "FA904" in output


def test_a_history_of_which_something_can_be_read_passes(app):
    write(app, "a1", None, HARMLESS)
    write(app, "b2", "a1", WRITES_ROWS)
    code, output = lint_command(app)
    assert code == 0
    assert "warning: " in output
    assert "FA904" in output


def test_guard_refuses_what_was_not_checked_whatever_its_level(app):
    write(app, "a1", None, HARMLESS)
    write(app, "b2", "a1", WRITES_ROWS)
    app.config["ALEMBIC_LINT"] = {"guard": True}
    alembic = app.extensions["alembic"]
    with pytest.raises(Vetoed, match="1 part that could not be checked") as caught:
        alembic.upgrade()
    assert "b2_x.py:9: FA904" in str(caught.value)
    assert alembic.current() == []


@pytest.mark.parametrize("settings", [{}, {"disable": ["FA904"]}])
def test_guard_runs_it_once_it_is_waived_or_disabled(app, settings):
    waiver = "# lint: ignore-file[FA904] it inserts one row\n"
    write(app, "a1", None, HARMLESS)
    write(app, "b2", "a1", ("" if settings else waiver) + WRITES_ROWS)
    app.config["ALEMBIC_LINT"] = {"guard": True, **settings}
    alembic = app.extensions["alembic"]
    alembic.upgrade()
    assert [script.revision for script in alembic.current()] == ["b2"]
