"""The hooks of autogenerate, each through a real comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    write_revision,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from plugging import Implementing, app_with
from sqlalchemy.types import TypeDecorator


def at_head(app: Flask, *statements: str) -> None:
    """Bring the database to a revision with these statements."""
    body = [f"op.execute({statement!r})" for statement in statements]
    write_revision(migrations_of(app), "a0", None, body, labels="default")
    assert run_db(app, "upgrade").exit_code == 0


def with_tables(app: Flask, *names: str) -> None:
    """Bring the database to a revision that creates tables beside the models' own."""
    author = "CREATE TABLE author (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(80))"
    at_head(app, author, *(f"CREATE TABLE {name} (i INTEGER)" for name in names))


def upgrade_text(app: Flask) -> str:
    """Make a revision and return the text of its ``upgrade()``."""
    with app.app_context():
        (script,) = extension_of(app).revision("next")
    text = Path(script.path).read_text("utf-8")
    return text.partition("def downgrade")[0]


def test_hook_include_name(tmp_path: Path) -> None:
    seen: list[tuple[str | None, str, Any]] = []

    def include_name(name: str | None, type_: str, parent_names: Any) -> bool | None:
        seen.append((name, type_, dict(parent_names)))
        return False if type_ == "table" and name == "spatial_ref_sys" else None

    app = app_with(tmp_path, include_name=include_name)
    with_tables(app, "spatial_ref_sys", "old")
    text = upgrade_text(app)
    assert "op.drop_table('old')" in text
    assert "spatial_ref_sys" not in text
    assert any((name, type_) == ("old", "table") for name, type_, _ in seen)
    assert any(parents.get("table_name") == "author" for _, _, parents in seen)


def test_hook_include_name_and_the_apps_own_callable_both_decide(
    tmp_path: Path,
) -> None:
    app = make_app(
        tmp_path,
        extension={"plugins": [Implementing(include_name=lambda name: name != "one")]},
        ALEMBIC_CONTEXT={"include_name": lambda name, type_, parents: name != "two"},
    )
    with_tables(app, "one", "two", "three")
    text = upgrade_text(app)
    assert "drop_table('three')" in text
    assert "drop_table('one')" not in text
    assert "drop_table('two')" not in text


def test_hook_include_object(tmp_path: Path) -> None:
    seen: list[tuple[str, str | None, bool, bool]] = []

    def include_object(
        object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
    ) -> bool | None:
        seen.append((type_, name, reflected, compare_to is not None))
        return not (type_ == "table" and name == "book")

    app = app_with(tmp_path, include_object=include_object)
    with_tables(app, "old")
    text = upgrade_text(app)
    assert "drop_table('old')" in text
    assert "book" not in text
    assert ("table", "old", True, False) in seen
    assert ("table", "author", False, True) in seen
    assert ("table", "book", False, False) in seen


def test_hook_compare_type(tmp_path: Path) -> None:
    seen = []

    def compare_type(
        inspected_column: Any, metadata_type: Any, inspected_type: Any
    ) -> bool | None:
        seen.append((inspected_column.name, str(inspected_type), str(metadata_type)))
        return True if inspected_column.name == "name" else None

    def author(db: SQLAlchemy) -> None:
        sa.Table(
            "author",
            db.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(80)),
        )

    plugin = Implementing(compare_type=compare_type)
    app = make_app(
        tmp_path,
        models=author,
        extension={"plugins": [plugin]},
        ALEMBIC={"prove_revisions": False},  # the plugin finds a difference for ever
    )
    with_tables(app)
    text = upgrade_text(app)
    assert "alter_column('name'" in text
    assert "alter_column('id'" not in text
    assert ("name", "VARCHAR(80)", "VARCHAR(80)") in seen


def test_hook_compare_server_default(tmp_path: Path) -> None:
    seen = []

    def compare_server_default(
        inspected_column: Any, inspected_default: Any, rendered_metadata_default: Any
    ) -> bool | None:
        seen.append((inspected_default, rendered_metadata_default))
        return False

    def author(db: SQLAlchemy) -> None:
        sa.Table(
            "author", db.metadata, sa.Column("rank", sa.Integer, server_default="1")
        )

    plugin = Implementing(compare_server_default=compare_server_default)
    app = make_app(tmp_path, models=author, extension={"plugins": [plugin]})
    at_head(app, "CREATE TABLE author (rank INTEGER DEFAULT 2)")
    with app.app_context():
        assert extension_of(app).compare_metadata() == []
    assert len(seen) == 1
    assert "2" in seen[0][0]
    assert "1" in seen[0][1]
    plain = make_app(tmp_path, models=author)
    with plain.app_context():
        assert extension_of(plain).compare_metadata() != []


class Point(TypeDecorator[str]):
    impl = sa.String
    cache_ok = True


def test_hook_render_item(tmp_path: Path) -> None:
    def render_item(type_: str, object: Any, autogen_context: Any) -> str | None:
        if type_ == "type" and isinstance(object, Point):
            autogen_context.imports.add("import collections")
            return "collections.OrderedDict()"
        return None

    def place(db: SQLAlchemy) -> None:
        sa.Table("place", db.metadata, sa.Column("at", Point), sa.Column("n", sa.Text))

    plugin = Implementing(render_item=render_item)
    app = make_app(
        tmp_path,
        models=place,
        extension={"plugins": [plugin]},
        ALEMBIC={"prove_revisions": False},  # what the plugin writes is no type
    )
    text = upgrade_text(app)
    assert "\nimport collections\n" in text
    assert "sa.Column('at', collections.OrderedDict(), nullable=True)" in text
    assert "sa.Column('n', sa.Text(), nullable=True)" in text


def test_hook_process_revision_directives(tmp_path: Path) -> None:
    order: list[str] = []

    def process_revision_directives(
        context: Any, revision: Any, directives: list[Any]
    ) -> None:
        order.append("plugin")
        without_book(context, revision, directives)

    def own(context: Any, revision: Any, directives: list[Any]) -> None:
        order.append("app")
        directives[0].message = f"{directives[0].message} (checked)"

    plugin = Implementing(process_revision_directives=process_revision_directives)
    app = make_app(
        tmp_path,
        extension={"plugins": [plugin]},
        ALEMBIC_CONTEXT={"process_revision_directives": own},
    )
    text = upgrade_text(app)
    assert order == ["plugin", "app"] * 2  # the proof compares once more
    assert text.startswith('"""next (checked)')
    assert "create_table('author'" in text
    assert "create_table('book'" not in text


def test_hook_process_revision_directives_may_make_no_file(tmp_path: Path) -> None:
    app = app_with(
        tmp_path, process_revision_directives=lambda directives: directives.clear()
    )
    result = run_db(app, "revision", "next")
    assert result.exit_code == 0
    assert list(migrations_of(app).glob("*.py")) == []


def without_book(context: Any, revision: Any, directives: list[Any]) -> None:
    """Take what is about the table out of a revision."""
    for operations in (directives[0].upgrade_ops, directives[0].downgrade_ops):
        operations.ops = [each for each in operations.ops if each.table_name != "book"]


@pytest.mark.parametrize("by", ["plugin", "app"])
def test_what_is_taken_out_of_a_revision_is_no_difference(
    tmp_path: Path, by: str
) -> None:
    app = make_app(
        tmp_path,
        extension={
            "plugins": [Implementing(process_revision_directives=without_book)]
            if by == "plugin"
            else []
        },
        **(
            {"ALEMBIC_CONTEXT": {"process_revision_directives": without_book}}
            if by == "app"
            else {}
        ),
    )
    at_head(
        app,
        "CREATE TABLE author (id INTEGER NOT NULL PRIMARY KEY, "
        "name VARCHAR(80) NOT NULL)",
    )
    result = run_db(app, "revision", "next")
    assert "No changes detected" in result.output
    result = run_db(app, "check")
    assert (result.exit_code, "No changes detected" in result.output) == (0, True)
    status = run_db(app, "status", "--models", "--format", "json")
    assert status.exit_code == 0
    assert "book" not in status.stdout
    with app.app_context():
        alembic = extension_of(app)
        assert alembic.compare_metadata() == []
        assert not alembic.needs_revision()
        assert alembic.produce_migrations().upgrade_ops.ops == []
        (database,) = alembic.drift().databases
        assert "book" not in str(database)


def test_a_hook_may_split_what_was_found(tmp_path: Path) -> None:
    def process_revision_directives(
        context: Any, revision: Any, directives: list[Any]
    ) -> None:
        from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps

        tables = directives[0].upgrade_ops.ops
        directives[:] = [
            MigrationScript(None, UpgradeOps([each]), DowngradeOps([each.reverse()]))
            for each in tables
        ]

    app = app_with(tmp_path, process_revision_directives=process_revision_directives)
    at_head(app, "SELECT 1")
    with app.app_context():
        found = extension_of(app).compare_metadata()
    assert [(word, table.name) for word, table in found] == [
        ("add_table", "author"),
        ("add_table", "book"),
    ]


def test_comparators_get_one_metadata_as_one(tmp_path: Path) -> None:
    from alembic.autogenerate import comparators

    seen: list[set[str]] = []
    app = make_app(tmp_path)
    at_head(app, "SELECT 1")

    def look(autogen_context: Any, upgrade_ops: Any, schemas: Any) -> None:
        seen.append(set(autogen_context.metadata.tables))

    registry: Any = comparators
    kept = {key: list(value) for key, value in registry._registry.items()}
    comparators.dispatch_for("schema")(look)
    try:
        assert run_db(app, "check").exit_code == 1
        assert run_db(app, "revision", "next").exit_code == 0
    finally:
        registry._registry.clear()
        registry._registry.update(kept)
    # The check, the comparison for the revision and the one of its proof.
    assert seen == [{"author", "book"}] * 3
