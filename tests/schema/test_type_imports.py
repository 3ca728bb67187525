"""Types from outside SQLAlchemy and types inside of types, in files that run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import custom_types
import pytest
import sqlalchemy as sa
from apps import extension_of, run_db, write_revision
from plugging import Implementing
from rounds import Rounds, Tables
from sqlalchemy.dialects import mysql, postgresql

pytestmark = pytest.mark.costly


def column(type_: Any) -> Tables:
    """Define one table with a column of a type."""
    return lambda metadata: sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("value", type_),
    )


def line_of(text: str) -> str:
    """Return the line that holds the column."""
    (line,) = {each.strip() for each in text.splitlines() if "'value'" in each}
    return line


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (custom_types.Money(10, 2), "custom_types.Money(precision=10, scale=2)"),
        (custom_types.Guid(), "custom_types.Guid(length=32)"),
        (custom_types.Point(4), "custom_types.Point(srid=4)"),
        (
            sa.String(20).with_variant(custom_types.Money(8, 1), "mysql", "mariadb"),
            ".with_variant(custom_types.Money(precision=8, scale=1), 'mysql')",
        ),
        (
            sa.JSON().with_variant(postgresql.JSONB, "postgresql"),
            "with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')",
        ),
        (
            sa.JSON().with_variant(postgresql.ARRAY(sa.Text), "postgresql"),
            "with_variant(postgresql.ARRAY(sa.Text()), 'postgresql')",
        ),
        (
            sa.Text().with_variant(mysql.LONGTEXT, "mysql", "mariadb"),
            "sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb')",
        ),
    ],
)
def test_a_type_is_written_with_what_it_needs(
    tmp_path: Path, database_url: str, type_: Any, text: str
) -> None:
    (source,) = Rounds(tmp_path, database_url).go(column(type_))
    assert text in source


@pytest.mark.parametrize(
    "type_",
    [
        postgresql.ARRAY(sa.Text),
        postgresql.ARRAY(custom_types.Money(10, 2)),
        sa.ARRAY(sa.String(5)),
        postgresql.JSONB(),
        postgresql.JSONB().with_variant(sa.JSON, "sqlite"),
        postgresql.ARRAY(sa.Enum("a", "b", name="letter")).with_variant(
            sa.JSON, "sqlite"
        ),
    ],
    ids=repr,
)
def test_types_of_postgresql(tmp_path: Path, postgresql_url: str, type_: Any) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(column(type_))
    rounds.run(column(type_), "upgrade")
    rounds.run(column(type_), "check")


@pytest.mark.parametrize(
    "type_", [custom_types.Sealed("key"), custom_types.local_type()], ids=["", "local"]
)
def test_a_decorator_that_cannot_be_built_gives_what_it_stands_for(
    tmp_path: Path, sqlite_url: str, type_: Any
) -> None:
    (source,) = Rounds(tmp_path, sqlite_url).go(column(type_))
    length = type_.impl.length
    assert f"sa.String(length={length})" in line_of(source)
    assert "custom_types" not in source


def test_a_type_that_cannot_be_written_is_refused(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = Rounds(tmp_path, sqlite_url).app(column(custom_types.Shape()))
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3
    assert "The type custom_types.Shape cannot be written" in result.output
    assert not list(Path(tmp_path, "migrations").glob("*.py"))


def test_check_reports_what_differs_where_a_type_cannot_be_written(
    tmp_path: Path, sqlite_url: str
) -> None:
    rounds = Rounds(tmp_path, sqlite_url)
    rounds.go(lambda metadata: None)
    result = run_db(rounds.app(column(custom_types.Shape())), "check")
    assert result.exit_code == 1
    assert "table item is missing from the database" in result.output
    assert "The type custom_types.Shape cannot be written" in result.output


def test_the_apps_own_render_item_is_asked_before(
    tmp_path: Path, sqlite_url: str
) -> None:
    def own(type_: str, object: Any, context: Any) -> Any:
        if isinstance(object, custom_types.Money):
            return "sa.Numeric(10, 2)"
        return False

    money = column(custom_types.Money(10, 2))
    rounds = Rounds(tmp_path, sqlite_url, ALEMBIC_CONTEXT={"render_item": own})
    (source,) = rounds.go(money)
    assert line_of(source) == "sa.Column('value', sa.Numeric(10, 2), nullable=True),"


def test_the_plugin_can_be_disabled(tmp_path: Path, sqlite_url: str) -> None:
    rounds = Rounds(tmp_path, sqlite_url, ALEMBIC_PLUGINS_DISABLED=["type_imports"])
    app = rounds.app(column(custom_types.Money(10, 2)))
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3
    assert "names that it does not define: custom_types (line " in result.output
    assert not list(Path(tmp_path, "migrations").glob("*.py"))


def test_a_name_that_a_plugin_writes_must_be_defined(
    tmp_path: Path, sqlite_url: str
) -> None:
    def render_item(type_: str, object: Any, autogen_context: Any) -> Any:
        return "Chosen()" if isinstance(object, sa.Text) else None

    app = Rounds(tmp_path, sqlite_url).app(column(sa.Text()))
    extension_of(app).register(Implementing(render_item=render_item))
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3
    assert "Chosen (line " in result.output


def test_a_merge_is_held_to_it_too(tmp_path: Path, sqlite_url: str) -> None:
    folder = Path(tmp_path, "migrations")
    app = Rounds(tmp_path, sqlite_url).app(column(sa.Text()))
    assert run_db(app, "init").exit_code == 0
    write_revision(folder, "a1", None)
    write_revision(folder, "b1", None)
    template = Path(folder, "script.py.mako")
    text = template.read_text()
    template.write_text(text.replace("def upgrade", "day = today()\n\n\ndef upgrade"))
    result = run_db(app, "merge")
    assert result.exit_code == 3
    assert "today (line " in result.output
    assert len(list(folder.glob("*.py"))) == 2
