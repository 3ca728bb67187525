"""The async drivers of the test databases."""

from __future__ import annotations

import sqlalchemy as sa

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mariadb": "mysql+asyncmy",
}


def async_url(url: str, kind: str) -> sa.URL:
    return sa.make_url(url).set(drivername=DRIVERS[kind])
