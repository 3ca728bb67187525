"""An app whose workers upgrade before they serve; several may start at once.

With a server that forks workers before it loads the app, such as
``gunicorn -w 4 --chdir examples/workers "app:create_app()"``, each worker gets here: the
first one takes the lock and upgrades, the others wait and find nothing left to do.
"""

from __future__ import annotations

import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_alembic import Alembic


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
alembic = Alembic()


class Visit(db.Model):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(80))


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get(
        "WORKERS_DATABASE_URL", "sqlite:///workers.db"
    )
    app.config["ALEMBIC"] = {"lock_timeout": 300}
    db.init_app(app)
    alembic.init_app(app)

    with app.app_context():
        result = alembic.upgrade()
        app.logger.warning("worker applied %d revisions", len(result.applied))

    @app.get("/")
    def index() -> str:
        return "ready"

    return app
