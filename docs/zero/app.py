"""An app on PostgreSQL whose customers get their whole name while it runs."""

import os

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_alembic import Alembic


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    full_name: Mapped[str] = mapped_column(index=True)


app = Flask(__name__)
app.config["ALEMBIC"] = {"ddl_lock_timeout": 2, "lock_retries": 1}
app.config["ALEMBIC_CONTEXT"] = {"transaction_per_migration": True}
engine = create_engine(os.environ["DATABASE_URL"])
alembic = Alembic(app, engines=engine, metadatas=Base.metadata)
