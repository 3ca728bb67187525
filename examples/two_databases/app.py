"""One history for two databases; each has its own version table."""

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_alembic import Alembic


class Base(DeclarativeBase):
    pass


app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
app.config["SQLALCHEMY_BINDS"] = {"archive": "sqlite:///archive.db"}
app.config["ALEMBIC"] = {"databases": ["default", "archive"]}

db = SQLAlchemy(app, model_class=Base)
alembic = Alembic(app)


class Order(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)


class OldOrder(db.Model):
    __bind_key__ = "archive"
    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(50))
