"""Apps with a DuckDB file, in which the plugin is found as an installed package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_alembic import Alembic

MakeApp = Callable[..., Flask]

REVISION = '''"""{revision}"""

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the database."""
    return tmp_path / "app.duckdb"


@pytest.fixture
def metadata() -> sa.MetaData:
    """The models of the apps."""
    metadata = sa.MetaData()
    sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price", sa.Numeric(10, 2)),
        sa.Column("seen", sa.DateTime),
    )
    return metadata


@pytest.fixture
def make_app(tmp_path: Path, path: Path, metadata: sa.MetaData) -> MakeApp:
    """A function: configuration in, an app with the plugin out."""

    def make(**config: Any) -> Flask:
        app = Flask("shop", root_path=str(tmp_path))
        app.config.update({"ALEMBIC_PLUGINS": ["duckdb"], **config})
        engine = sa.create_engine(f"duckdb:///{path}", poolclass=sa.NullPool)
        Alembic(app, metadatas=metadata, engines=engine)
        return app

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """A function: a revision in, written as a file."""

    def make(revision: str, down: str | None, upgrade: str, downgrade: str) -> None:
        folder = tmp_path / "migrations"
        folder.mkdir(exist_ok=True)
        text = REVISION.format(
            revision=revision, down=down, upgrade=upgrade, downgrade=downgrade
        )
        (folder / f"{revision}.py").write_text(text, "utf-8")

    return make


def tables(path: Path) -> set[str]:
    """Return the tables of a file."""
    import duckdb

    with duckdb.connect(str(path)) as connection:
        rows = connection.execute("SELECT table_name FROM duckdb_tables()")
        return {name for (name,) in rows.fetchall()}
