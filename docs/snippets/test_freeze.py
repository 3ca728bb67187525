from pathlib import Path

import pytest
from flask import Flask
from freeze import Freeze
from sqlalchemy import MetaData, create_engine

from flask_alembic import Alembic
from flask_alembic.errors import Vetoed


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__)
    app.config["ALEMBIC"] = {"script_location": str(tmp_path / "migrations")}
    alembic = Alembic(
        engines=create_engine(f"sqlite:///{tmp_path / 'test.db'}"),
        metadatas=MetaData(),
        plugins=[Freeze()],
    )
    alembic.init_app(app)
    with app.app_context():
        alembic.revision("first", empty=True)
    return app


def test_an_upgrade_is_refused(app: Flask) -> None:
    app.config["FREEZE"] = "Christmas"
    alembic = app.extensions["alembic"]
    with app.app_context():
        with pytest.raises(Vetoed, match="have to wait: 1; Christmas"):
            alembic.upgrade()
        assert alembic.current() == []
        assert alembic.plan().run.plan  # looking is allowed


def test_without_a_freeze_it_runs(app: Flask) -> None:
    alembic = app.extensions["alembic"]
    with app.app_context():
        assert len(alembic.upgrade().applied) == 1
