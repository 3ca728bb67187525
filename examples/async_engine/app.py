"""Plain SQLAlchemy with an async engine; migrations run inside its event loop."""

import asyncio
from pathlib import Path

from flask import Flask
from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool

from flask_alembic import Alembic


class Base(DeclarativeBase):
    pass


class Tide(Base):
    __tablename__ = "tides"
    id: Mapped[int] = mapped_column(primary_key=True)
    port: Mapped[str] = mapped_column(String(80))


app = Flask(__name__)
Path(app.instance_path).mkdir(exist_ok=True)
url = f"sqlite+aiosqlite:///{app.instance_path}/tides.db"
# Each request has an event loop of its own, and connections belong to one loop.
engine = create_async_engine(url, poolclass=NullPool)
alembic = Alembic(app, engines=engine, metadatas=Base.metadata)


async def read_ports() -> list[str]:
    async with AsyncSession(engine) as session:
        return list(await session.scalars(select(Tide.port)))


@app.get("/")
def ports() -> list[str]:
    return asyncio.run(read_ports())
