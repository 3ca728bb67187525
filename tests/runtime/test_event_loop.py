"""Async engines: commands stay synchronous, also where an event loop is running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from async_engines import DRIVERS, async_url
from flask import Flask
from projects import look, write_chain
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from flask_alembic import Alembic
from flask_alembic.errors import MigrationFailed, UsageError


@pytest.fixture
def project(
    make_database: Callable[[str], str], kind: str, tmp_path: Path
) -> tuple[Flask, Alembic, str, AsyncEngine]:
    pytest.importorskip(DRIVERS[kind].partition("+")[2])
    folder = tmp_path / "migrations"
    write_chain(folder, 3)
    url = make_database(kind)
    app = Flask("project", root_path=str(tmp_path))
    app.config["ALEMBIC"] = {"script_location": str(folder)}
    engine = create_async_engine(async_url(url, kind))
    metadata = sa.MetaData()
    alembic = Alembic(app, run_mkdir=False, engines=engine, metadatas=metadata)
    for number in (1, 2, 3):
        sa.Table(
            f"t{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("n", sa.Integer),
        )
    return app, alembic, url, engine


def work(app: Flask, alembic: Alembic) -> None:
    with app.app_context():
        assert len(alembic.upgrade("r002").applied) == 2
        assert [script.revision for script in alembic.current()] == ["r002"]
        assert alembic.needs_upgrade()
        assert alembic.upgrade().ok
        assert not alembic.needs_revision()
        assert alembic.downgrade().ok
        assert alembic.stamp("r003").ok


def test_commands(project: tuple[Flask, Alembic, str, AsyncEngine]) -> None:
    app, alembic, url, _ = project
    work(app, alembic)
    assert look(url) == ({"t1", "t2"}, ["r003"])


def test_inside_a_running_loop(
    project: tuple[Flask, Alembic, str, AsyncEngine],
) -> None:
    app, alembic, url, engine = project

    async def main() -> None:
        async with engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))
            work(app, alembic)
            # The app's own connection still belongs to the app's own loop.
            await connection.execute(sa.text("SELECT 1"))
        await engine.dispose()

    asyncio.run(main())
    assert look(url)[1] == ["r003"]


def test_failure(
    project: tuple[Flask, Alembic, str, AsyncEngine], tmp_path: Path
) -> None:
    app, alembic, url, _ = project
    path = tmp_path / "migrations" / "r002.py"
    path.write_text(path.read_text().replace("time.sleep(0)", "op.execute('SELCT 1')"))
    with app.app_context(), pytest.raises(MigrationFailed, match="r002"):
        alembic.upgrade()
    tables, rows = look(url)
    if url.startswith("mysql"):
        assert rows == ["r001"]
    else:
        assert (tables, rows) == (set(), [])


def test_no_connection_is_handed_out(
    project: tuple[Flask, Alembic, str, AsyncEngine],
) -> None:
    app, alembic, _, _ = project
    with app.app_context(), pytest.raises(UsageError, match="async engine"):
        _ = alembic.op
