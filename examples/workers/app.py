"""An app whose workers upgrade before they serve; several may start at once.

The upgrade is in ``wsgi.py``, which only the server loads: ``flask db downgrade`` would
be of no use in an app that upgrades itself whenever it is made.
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

    @app.get("/")
    def index() -> str:
        return "ready"

    return app
