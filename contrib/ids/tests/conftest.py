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
    """A function: configuration in, an app on one database and folder out."""

    def make(**config: Any) -> Flask:
        config.setdefault("ALEMBIC_PLUGINS", ["ids"])
        return make_app(root=tmp_path, models=metadata, **config)

    return make


@pytest.fixture
def db() -> Invoke:
    """A function: an app and the words after ``flask db`` in, the result out."""
    return run_db
