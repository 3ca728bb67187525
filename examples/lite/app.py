"""Flask-SQLAlchemy-Lite: models are plain SQLAlchemy, engines come from the extension."""

from flask import Flask
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_alembic import Alembic


class Base(DeclarativeBase):
    pass


class Bird(Base):
    __tablename__ = "birds"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


app = Flask(__name__)
app.config["SQLALCHEMY_ENGINES"] = {"default": "sqlite:///birds.db"}

db = SQLAlchemy(app)
alembic = Alembic(app, metadatas=Base.metadata)


@app.get("/")
def birds() -> list[str]:
    return list(db.session.scalars(select(Bird.name)))
