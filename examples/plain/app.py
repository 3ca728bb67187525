"""One file, one table."""

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_alembic import Alembic


class Base(DeclarativeBase):
    pass


app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///plain.db"

db = SQLAlchemy(app, model_class=Base)
alembic = Alembic(app)


class Wish(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(200))


@app.get("/")
def wishes() -> list[str]:
    return list(db.session.scalars(db.select(Wish.words)))
