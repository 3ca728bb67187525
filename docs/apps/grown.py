import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_alembic import Alembic


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
alembic = Alembic()


class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    words: Mapped[str | None] = mapped_column(Text)


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get(
        "DATABASE_URL", "sqlite:///notes.db"
    )
    db.init_app(app)
    alembic.init_app(app)
    return app
