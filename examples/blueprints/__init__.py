"""An app factory with blueprints, each of which ships its tables and its revisions.

A blueprint's folder is a branch of its own: ``flask db upgrade accounts@head`` upgrades
one, ``flask db revision --branch blog "..."`` writes into the blog's folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from flask_alembic import Alembic

from . import accounts, blog
from .database import db

alembic = Alembic()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    app = Flask(__name__)
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI="sqlite:///blueprints.db",
        ALEMBIC={
            "relative_to": "root",
            "version_locations": [
                ("accounts", "accounts/migrations"),
                ("blog", "blog/migrations"),
            ],
        },
    )
    app.config.from_mapping(config or {})
    db.init_app(app)
    alembic.init_app(app)
    app.register_blueprint(accounts.bp)
    app.register_blueprint(blog.bp)
    return app
