"""A real app with an empty SQLite database in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic

from flask_alembic_template import plugin

MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    """A function: configuration in, an app with the plugin and 3 revisions out."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'app.db'}")

    def make(**config: Any) -> Flask:
        app = Flask("app", root_path=str(tmp_path), instance_path=str(tmp_path))
        # The plugin is handed over, so that the tests need no installation, and
        # those that are installed, itself too, stay out.
        app.config.update(config, ALEMBIC_PLUGINS=[])
        alembic = Alembic(app, engines=engine, plugins=[plugin])
        with app.app_context():
            for number in range(3):
                alembic.revision(f"revision {number}", empty=True)
        return app

    yield make
    engine.dispose()
