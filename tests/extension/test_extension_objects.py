"""Alembic's own objects for an app, and what happens to their connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from apps import (
    extension_of,
    make_app,
    migrations_of,
    tables,
    url_of,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


def test_config_holds_what_the_app_gives(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        ALEMBIC={
            "file_template": "%(rev)s",
            "timezone": "UTC",
            "post_write_hooks": {"hooks": "tidy", "tidy.type": "console_scripts"},
        },
    )
    with app.app_context():
        config = extension_of(app).config
        assert config.get_main_option("timezone") == "UTC"
        assert config.get_main_option("file_template") == "%(rev)s"
        section = config.get_section("post_write_hooks")
        assert section is not None
        assert (section["hooks"], section["tidy.type"]) == ("tidy", "console_scripts")
        assert extension_of(app).config is config


def test_connections_are_closed_when_the_app_context_ends(app: Flask) -> None:
    alembic = extension_of(app)
    with app.app_context():
        opened = [alembic.migration_context.connection, alembic.op.get_bind()]
        assert alembic.environment_context.get_bind() is opened[0]
        assert not any(connection.closed for connection in opened if connection)
    assert all(connection.closed for connection in opened if connection)


def test_one_context_does_not_close_what_another_opened(app: Flask) -> None:
    alembic = extension_of(app)
    with app.app_context():
        outer = alembic.context.connection
        with app.app_context():
            inner = alembic.context.connection
            assert inner is not outer
        assert inner is not None
        assert outer is not None
        assert inner.closed
        assert not outer.closed


def test_operations_outside_a_revision_are_committed(
    tmp_path: Path, database_url: str
) -> None:
    app = make_app(tmp_path, database_url)
    with app.app_context():
        op = extension_of(app).op
        op.create_table("loose", sa.Column("id", sa.Integer, primary_key=True))
        assert tables(database_url) == {"loose"}
        op.execute("INSERT INTO loose VALUES (1)")
    with app.app_context():
        found = extension_of(app).op.get_bind().execute(sa.text("SELECT id FROM loose"))
        assert found.scalars().all() == [1]


def test_run_migrations_takes_the_place_of_env_py(app: Flask) -> None:
    alembic = extension_of(app)
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            "name = arguments['table']",
            "op.create_table(name, sa.Column('id', sa.Integer))",
        ],
        message="create chosen",
    )
    write_table_revision(migrations_of(app), "a2", "a1")
    seen = []

    def only_the_first(heads: Any, context: MigrationContext) -> Any:
        from alembic.runtime.migration import RevisionStep

        seen.append((heads, type(context)))
        script = alembic.script
        return [RevisionStep(script.revision_map, script.get_revision("a1"), True)]

    with app.app_context():
        result = alembic.run_migrations(only_the_first, table="chosen")
    assert seen[-1] == ((), MigrationContext)
    assert [step.step.revision for step in result.applied] == ["a1"]
    (step,) = result.run.plan
    assert step == result.applied[0].step
    assert (step.revision, step.doc, step.direction) == (
        "a1",
        "create chosen",
        "upgrade",
    )
    assert step.path is not None
    assert step.path.parent == migrations_of(app)
    assert step.down_revisions == ()
    assert tables(url_of(app)) == {"chosen"}
    assert version_rows(url_of(app)) == {"a1"}


def test_run_migrations_may_stamp(app: Flask) -> None:
    """A step without a revision names the row that it writes."""
    alembic = extension_of(app)
    write_table_revision(migrations_of(app), "a1", None)

    def stamp(heads: Any, context: MigrationContext) -> Any:
        from alembic.runtime.migration import StampStep

        revision_map = alembic.script.revision_map
        return [StampStep((), "a1", True, True, revision_map)]

    with app.app_context():
        result = alembic.run_migrations(stamp)
    (step,) = result.run.plan
    assert (step.revision, step.direction, step.path) == ("a1", "stamp", None)
    assert version_rows(url_of(app)) == {"a1"}
    assert tables(url_of(app)) == set()
