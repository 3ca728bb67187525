"""Pools that go with their engines, so that what is left open was left by us.

Most tests make an app and drop it. Its engines keep a connection for the next request,
which nobody makes, and from Python 3.13 on SQLite warns of each that is dropped open.
"""

from __future__ import annotations

import weakref
from typing import Any

import sqlalchemy as sa
from sqlalchemy.event import listens_for

_known: weakref.WeakSet[sa.Pool] = weakref.WeakSet()


@listens_for(sa.Engine, "engine_connect")
def _follow(connection: sa.Connection) -> None:
    """Let the connections that a pool keeps be closed when its engine is gone."""
    engine: Any = connection.engine
    if engine.pool not in _known and not engine.dialect.is_async:
        _known.add(engine.pool)
        weakref.finalize(engine, engine.pool.dispose)
