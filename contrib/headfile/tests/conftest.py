"""Apps with a SQLite file, in which the plugin is found as an installed package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from flask_alembic.testing import run_db

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
def make_app(make_app: MakeApp, tmp_path: Path, metadata: sa.MetaData) -> MakeApp:
    """A function: configuration in, an app with the plugin turned on out."""

    def make(root: Path = tmp_path, **config: Any) -> Flask:
        config = {"ALEMBIC_HEADFILE": True, "ALEMBIC_PLUGINS": ["headfile"], **config}
        url = f"sqlite:///{tmp_path / 'app.db'}"
        app = make_app(root=root, url=url, models=metadata, **config)
        with app.app_context():  # revisions here are empty
            metadata.create_all(app.extensions["sqlalchemy"].engine)
        return app

    return make


@pytest.fixture
def db() -> Invoke:
    """A function: an app and the words after ``flask db`` in, the result out."""
    return run_db


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
