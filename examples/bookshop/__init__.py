"""A small bookshop: what Flask-Alembic looks like in an app that grew for a while.

Run it from the root of the checkout::

    flask --app examples/bookshop db upgrade
    flask --app examples/bookshop stock-up
    flask --app examples/bookshop run

``BOOKSHOP_DATABASE_URL`` names another database than the SQLite file in the
instance folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from flask_alembic import Alembic

from .guards import KeepOrders
from .models import db

alembic = Alembic(plugins=[KeepOrders()])


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    instance = Path(__file__).parent / "instance"
    app = Flask(__name__, instance_path=str(instance))
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=os.environ.get(
            "BOOKSHOP_DATABASE_URL", "sqlite:///bookshop.db"
        ),
        BOOKSHOP_KEEP_ORDERS=True,
    )
    app.config.from_mapping(config or {})
    app.logger.setLevel("INFO")

    db.init_app(app)
    alembic.init_app(app)

    from . import notices, shelves, views

    notices.init_app(app)
    app.register_blueprint(shelves.bp)
    app.register_blueprint(views.bp)
    return app
