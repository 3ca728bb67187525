"""What people from Flask-Alembic 3 and Flask-Migrate type."""

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
    tables,
    url_of,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask

from flask_alembic.cli import base
from flask_alembic.errors import CheckFailed


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1", None, labels="default")
    write_table_revision(migrations_of(app), "a2", "a1")
    return app


def test_current_check_heads(app: Flask) -> None:
    behind = run_db(app, "current", "--check-heads")
    assert behind.exit_code == 1
    assert "flask db upgrade" in behind.stderr
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "current", "--check-heads").exit_code == 0


def test_check(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    result = run_db(app, "check")
    assert result.exit_code == 1
    assert "author" in result.output
    with app.app_context(), pytest.raises(CheckFailed):
        base.check()
    assert run_db(app, "migrate", "-m", "models").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "check").exit_code == 0


def test_init_and_migrate(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"run_mkdir": False})
    assert run_db(app, "init").exit_code == 0
    assert run_db(app, "migrate", "-m", "add models").exit_code == 0
    assert len(list(migrations_of(app).glob("*_add_models.py"))) == 1
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(url_of(app)) == {"author", "book"}
    assert run_db(app, "migrate", "-m", "nothing").exit_code == 0


def test_an_app_that_upgrades_when_it_starts(tmp_path: Path, database_url: str) -> None:
    """Its models are ahead of the database whenever a revision is to be written."""

    def create_app(*names: str) -> Flask:
        def models(db: Any) -> None:
            number = [sa.Column("id", sa.Integer, primary_key=True)]
            texts = [sa.Column(name, sa.String(20)) for name in names]
            sa.Table("book", db.metadata, *number, *texts)

        app = make_app(tmp_path, database_url, models=models)
        with app.app_context():
            extension_of(app).upgrade()
        return app

    for names in (["title"], ["title", "pages"]):
        assert run_db(create_app(*names), "revision", "next").exit_code == 0
        assert run_db(create_app(*names), "check").exit_code == 0


def test_history(app: Flask) -> None:
    assert run_db(app, "upgrade", "a1").exit_code == 0
    lines = run_db(app, "history", "-i").output.splitlines()
    assert [line.split(",")[0].split()[2] for line in lines] == ["a2", "a1"]
    assert "(current)" in lines[1]
    assert "(current)" not in lines[0]
    assert len(run_db(app, "history", "-r", "a2:").output.splitlines()) == 1


def test_merge_with_an_id(app: Flask) -> None:
    write_revision(migrations_of(app), "b1")
    assert run_db(app, "merge", "--rev-id", "m1", "-m", "join").exit_code == 0
    assert (migrations_of(app) / "m1_join.py").is_file()


def test_edit(app: Flask, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho '# edited' >> \"$1\"\n")
    editor.chmod(0o755)
    result = run_db(app, "edit", "a1", env={"EDITOR": str(editor)})
    assert result.exit_code == 0, result.output
    assert (migrations_of(app) / "a1_.py").read_text("utf-8").endswith("# edited\n")


def test_stamp_purge(app: Flask) -> None:
    assert run_db(app, "upgrade").exit_code == 0
    (migrations_of(app) / "a2_.py").unlink()
    assert run_db(app, "stamp", "a1").exit_code == 3
    assert run_db(app, "stamp", "a1", "--purge").exit_code == 0
    assert version_rows(url_of(app)) == {"a1"}


def test_sql_of_upgrade_and_downgrade(app: Flask, tmp_path: Path) -> None:
    up = run_db(app, "upgrade", "--sql")
    assert up.exit_code == 0
    assert up.stdout.index("CREATE TABLE t_a1") < up.stdout.index("CREATE TABLE t_a2")
    assert "INSERT INTO alembic_version" in up.stdout
    down = run_db(app, "downgrade", "a2:a1", "--sql")
    assert down.exit_code == 0
    assert "DROP TABLE t_a2" in down.stdout
    assert "DROP TABLE t_a1" not in down.stdout
    assert not Path(tmp_path, "app.db").exists()


def test_sql_for_several_databases(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        SQLALCHEMY_BINDS={"other": "postgresql+psycopg://nobody@nowhere/nothing"},
        ALEMBIC={"databases": "*"},
    )
    write_revision(
        migrations_of(app),
        "a1",
        upgrade="op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))",
    )
    result = run_db(app, "upgrade", "--sql")
    assert result.exit_code == 0
    first, second = result.stdout.split("-- Database: other")
    assert "-- Database: default" in first
    assert "id INTEGER NOT NULL" in first
    assert "id SERIAL NOT NULL" in second
