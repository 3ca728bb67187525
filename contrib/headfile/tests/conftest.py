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
    """A function: configuration in, an app with the plugin turned on out."""
    engines = []

    def make(root: Path = tmp_path, **config: Any) -> Flask:
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'app.db'}")
        engines.append(engine)
        metadata.create_all(engine)  # revisions here are empty
        app = Flask("app", root_path=str(root), instance_path=str(root))
        app.config.update({"ALEMBIC_HEADFILE": True, **config})
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


Commit = Callable[..., str]


@pytest.fixture
def commit(make_app: MakeApp) -> Commit:
    """A function: the arguments of a revision in, its id out."""

    def make(message: str, **options: Any) -> str:
        # Another app each time, as each command is another process.
        app = make_app()
        with app.app_context():
            made = app.extensions["alembic"].revision(message, empty=True, **options)
            return str(made[0].revision)

    return make


@pytest.fixture
def ids(folder: Path) -> Callable[[str], list[str]]:
    """A function: the name of a HEAD file in, the ids that it names out."""

    def read(name: str = "HEAD") -> list[str]:
        lines = (folder / name).read_text().splitlines()
        return [line.split()[0] for line in lines if not line.startswith("#")]

    return read
