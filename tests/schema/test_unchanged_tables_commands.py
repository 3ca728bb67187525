"""The commands that compare give the same with and without proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import extension_of, make_app, migrations_of, run_db, write_revision
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from plugging import Implementing
from sqlalchemy.engine import Engine

pytestmark = pytest.mark.costly

COLUMNS = (
    "sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('name', sa.String(80), nullable=False)"
)
AS_MODELS = [
    f"op.create_table('author', {COLUMNS})",
    "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('title', sa.String(200), nullable=False),"
    " sa.Column('author_id', sa.Integer,"
    " sa.ForeignKey('author.id', name='book_author')))",
]
OTHERWISE = [AS_MODELS[0], AS_MODELS[1].replace("200", "100")]


def at_head(folder: Path, url: str, body: list[str], **config: Any) -> Flask:
    """Return an app whose database is at a revision with this body."""
    app = make_app(folder, url, **config)
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "upgrade").exit_code == 0
    return app


def statements_of(app: Flask, *command: str) -> tuple[Any, list[str]]:
    """Run a command; return its result and what was sent to the database."""
    sent: list[str] = []

    def heard(*arguments: Any) -> None:
        sent.append(arguments[2])

    sa.event.listen(Engine, "before_cursor_execute", heard)
    try:
        return run_db(app, *command), sent
    finally:
        sa.event.remove(Engine, "before_cursor_execute", heard)


@pytest.mark.parametrize("body", [AS_MODELS, OTHERWISE], ids=["equal", "different"])
def test_check(tmp_path: Path, database_url: str, body: list[str]) -> None:
    proving = at_head(tmp_path, database_url, body)
    plain = make_app(tmp_path, database_url, ALEMBIC={"skip_unchanged_tables": False})
    results = {}
    statements_of(proving, "check")  # The tables of the models are described once.
    for name, app in (("proving", proving), ("plain", plain)):
        results[name] = statements_of(app, "check")
    assert results["proving"][0].stdout == results["plain"][0].stdout
    assert results["proving"][0].exit_code == (body is OTHERWISE)
    if body is AS_MODELS:
        assert len(results["proving"][1]) < len(results["plain"][1])


@pytest.mark.parametrize("body", [AS_MODELS, OTHERWISE], ids=["equal", "different"])
def test_revision(tmp_path: Path, database_url: str, body: list[str]) -> None:
    proving = at_head(tmp_path, database_url, body)
    plain = make_app(tmp_path, database_url, ALEMBIC={"skip_unchanged_tables": False})
    bodies = []
    for app in (proving, plain):
        with app.app_context():
            (script,) = extension_of(app).revision("next", empty=False) or [None]
        if script is None:
            bodies.append("")
            continue
        path = Path(script.path)
        bodies.append(path.read_text("utf-8").partition("def upgrade")[2])
        path.unlink()
    assert bodies[0] == bodies[1]
    assert ("alter_column" in bodies[0]) == (body is OTHERWISE)


def test_per_database(tmp_path: Path, database_url: str) -> None:
    app = at_head(tmp_path, database_url, AS_MODELS)
    _, sent = statements_of(app, "check")
    off = make_app(
        tmp_path, database_url, ALEMBIC={"skip_unchanged_tables": {"default": False}}
    )
    _, without = statements_of(off, "check")
    # What reflects the tables is sent without it only, and what reads the catalog with it.
    assert set(without) - set(sent)
    assert set(sent) - set(without)


def test_a_hook_still_edits_what_was_found_where_nothing_was(
    tmp_path: Path, database_url: str
) -> None:
    def process_revision_directives(
        context: Any, revision: Any, directives: list[Any]
    ) -> None:
        from alembic.operations.ops import ExecuteSQLOp

        directives[-1].upgrade_ops.ops.append(ExecuteSQLOp("SELECT 1"))

    plugin = Implementing(process_revision_directives=process_revision_directives)
    app = at_head(tmp_path, database_url, AS_MODELS)
    app = make_app(tmp_path, database_url, extension={"plugins": [plugin]})
    with app.app_context():
        (script,) = extension_of(app).revision("next")
    assert "op.execute('SELECT 1')" in Path(script.path).read_text("utf-8")


def test_a_model_of_nobody_is_created(tmp_path: Path, database_url: str) -> None:
    def models(db: SQLAlchemy) -> None:
        sa.Table("author", db.metadata, *author_columns())
        sa.Table("extra", db.metadata, sa.Column("id", sa.Integer, primary_key=True))

    at_head(tmp_path, database_url, AS_MODELS[:1])
    app = make_app(tmp_path, database_url, models=models)
    with app.app_context():
        found = extension_of(app).compare_metadata()
    assert [(each[0], each[1].name) for each in found] == [("add_table", "extra")]


def author_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
    ]
