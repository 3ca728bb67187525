"""The smallest app there is: one table, plain SQLAlchemy."""

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_alembic import Alembic


class Base(DeclarativeBase):  # noqa: D101
    pass


class Thing(Base):  # noqa: D101
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)


app = Flask(__name__)
engine = create_engine("sqlite:///tiny.db")
alembic = Alembic(app, metadatas=Base.metadata, engines=engine)
