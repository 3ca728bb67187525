"""A project of plain Alembic: what the page says about it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from apps import run_db, url_of, version_rows, write_revision
from flask import Flask

from flask_alembic import Alembic


def plain(folder: Path, url: str) -> Config:
    """Return the configuration of a new project of plain Alembic."""
    command.init(Config(str(folder / "alembic.ini")), str(folder / "alembic"))
    config = Config()  # without the file, whose logging would hold for other tests
    config.set_main_option("script_location", str(folder / "alembic"))
    config.set_main_option("sqlalchemy.url", url)
    return config


def test_a_project_of_plain_alembic_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    config = plain(tmp_path, url)
    versions = tmp_path / "alembic" / "versions"
    line = "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))"
    write_revision(versions, "a1", None, line, "op.drop_table('book')")
    command.upgrade(config, "head")

    metadata = sa.MetaData()
    title = sa.Column("title", sa.String(80))
    sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True), title)
    app = Flask("shop", root_path=str(tmp_path))
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["ALEMBIC"] = {"script_location": "alembic"}
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    Alembic(app, metadatas=metadata, engines=engine)
    assert "a1" in run_db(app, "status").output
    assert "none of them for a person" in run_db(app, "import-env").output
    assert run_db(app, "revision", "title", "--rev-id", "b2").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "check").exit_code == 0

    assert version_rows(url_of(app)) == {"b2"}
    command.downgrade(config, "a1")
    assert version_rows(url_of(app)) == {"a1"}
