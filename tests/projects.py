"""Small projects for tests of runs: a folder of revisions and apps that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_alembic import Alembic

REVISION = '''"""{doc}"""
import time

import sqlalchemy as sa
from alembic import op

revision = {id!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
{up}


def downgrade():
{down_body}
'''


def write_revision(
    folder: Path, id_: str, down: str | None, up: str = "pass", down_body: str = "pass"
) -> Path:
    """Write a revision whose functions have those bodies."""
    path = folder / f"{id_}.py"
    path.write_text(
        REVISION.format(
            doc=f"revision {id_}",
            id=id_,
            down=down,
            up=_indented(up),
            down_body=_indented(down_body),
        )
    )
    return path


def _indented(body: str) -> str:
    return "\n".join(f"    {line}" for line in body.splitlines())


def revision_id(number: int) -> str:
    return f"r{number:03d}"


def write_chain(
    folder: Path, count: int, *, prefix: str = "t", pause: float = 0, rows: int = 3
) -> list[str]:
    """Write revisions that each create a table and insert rows."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [revision_id(number) for number in range(1, count + 1)]
    for number, id_ in enumerate(ids, 1):
        table = f"{prefix}{number}"
        up = (
            f"op.create_table({table!r}, sa.Column('id', sa.Integer, primary_key=True),"
            f" sa.Column('n', sa.Integer))\n"
            f"for n in range({rows}):\n"
            f"    op.execute(f'INSERT INTO {table} (n) VALUES ({{n}})')\n"
            f"time.sleep({pause})"
        )
        down = ids[number - 2] if number > 1 else None
        write_revision(folder, id_, down, up, f"op.drop_table({table!r})")
    return ids


def make_app(
    url: str, folder: Path, *, plugins: Any = (), **config: Any
) -> tuple[Flask, Alembic]:
    """Make an app on a database whose revisions are in a folder."""
    app = Flask("project", root_path=str(folder.parent))
    alembic_config = {"script_location": str(folder), **config.pop("ALEMBIC", {})}
    app.config.update(SQLALCHEMY_DATABASE_URI=url, ALEMBIC=alembic_config, **config)
    SQLAlchemy(app)
    return app, Alembic(app, run_mkdir=False, plugins=plugins)


def dispose(app: Flask) -> None:
    """Close the pools of an app."""
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


def look(url: str) -> tuple[set[str], list[str]]:
    """Return the tables of a database and the rows of its version table."""
    engine = sa.create_engine(url)
    try:
        tables = set(sa.inspect(engine).get_table_names())
        rows: list[str] = []
        if "alembic_version" in tables:
            with engine.connect() as connection:
                query = sa.text("SELECT version_num FROM alembic_version")
                rows = sorted(connection.execute(query).scalars())
        return tables - {"alembic_version", "alembic_version_journal"}, rows
    finally:
        engine.dispose()


def count_rows(url: str, table: str) -> int:
    """Return how many rows a table has."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            query = sa.text(f"SELECT count(*) FROM {table}")
            return int(connection.execute(query).scalar_one())
    finally:
        engine.dispose()
