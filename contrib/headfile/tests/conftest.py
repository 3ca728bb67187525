"""Apps with a SQLite file, in which the plugin is found as an installed package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from flask_alembic import Alembic

MakeApp = Callable[..., Flask]
Invoke = Callable[..., Result]


@pytest.fixture
def metadata() -> sa.MetaData:
    """The models of the apps."""
    metadata = sa.MetaData()
    sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of revisions."""
    return tmp_path / "migrations"


@pytest.fixture
def make_app(tmp_path: Path, metadata: sa.MetaData) -> Iterator[MakeApp]:
    """A function: configuration in, an app on one database and folder out."""
    engines = []

    def make(**config: Any) -> Flask:
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'app.db'}")
        engines.append(engine)
        app = Flask("app", root_path=str(tmp_path), instance_path=str(tmp_path))
        app.config.update(config)
        Alembic(app, engines=engine, metadatas=metadata)
        return app

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def db() -> Invoke:
    """A function: an app and the words after ``flask db`` in, the result out."""

    def invoke(app: Flask, *words: str) -> Result:
        return app.test_cli_runner().invoke(args=["db", *words])

    return invoke
