"""Plugins that read and write the databases of an app outside of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from async_engines import async_url
from flask import Flask
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from flask_alembic import Alembic
from flask_alembic.hooks import each_database, engines_of, on_connection


def make_table(connection: sa.Connection) -> str:
    connection.exec_driver_sql("CREATE TABLE mine (n INTEGER)")
    return connection.engine.dialect.name


def put_row(name: str, connection: sa.Connection) -> tuple[str, int]:
    connection.exec_driver_sql("INSERT INTO mine VALUES (1)")
    return name, connection.exec_driver_sql("SELECT count(*) FROM mine").scalar_one()


def app_of(folder: Path, engines: object) -> Flask:
    app = Flask("shop", root_path=str(folder))
    if isinstance(engines, dict):
        app.config["ALEMBIC"] = {"databases": list(engines)}
    Alembic(app, metadatas=sa.MetaData(), engines=engines)  # type: ignore[arg-type]
    return app


def test_each_of_several_databases(tmp_path: Path) -> None:
    engines = {
        name: sa.create_engine(f"sqlite:///{tmp_path}/{name}.db")
        for name in ("default", "news")
    }
    app = app_of(tmp_path, engines)
    with app.app_context():
        assert engines_of(app) == engines
        assert [on_connection(each, make_table) for each in engines.values()] == [
            "sqlite",
            "sqlite",
        ]
        found = each_database(app, put_row)
        assert found == {"default": ("default", 1), "news": ("news", 1)}
        assert each_database(app, put_row, ["news"]) == {"news": ("news", 2)}
    for engine, rows in zip(engines.values(), (1, 2), strict=True):
        with engine.connect() as connection:
            counted = connection.exec_driver_sql("SELECT count(*) FROM mine")
            assert counted.scalar_one() == rows
        engine.dispose()


def test_a_single_engine_is_the_default_database(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/a.db")
    app = app_of(tmp_path, engine)
    with app.app_context():
        assert engines_of(app) == {"default": engine}
    engine.dispose()


def test_an_error_takes_back_what_was_done(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/a.db")
    on_connection(engine, make_table)

    def fail(connection: sa.Connection) -> None:
        put_row("", connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        on_connection(engine, fail)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM mine").scalar() == 0
    engine.dispose()


def test_async_engines(tmp_path: Path, database_url: str) -> None:
    kind = sa.make_url(database_url).get_backend_name().replace("mysql", "mariadb")
    engine: AsyncEngine = create_async_engine(async_url(database_url, kind))
    app = app_of(tmp_path, engine)
    with app.app_context():
        on_connection(engine, make_table)
        assert each_database(app, put_row) == {"default": ("default", 1)}
        assert each_database(app, put_row, ["other"]) == {}
