"""Connections that go with their engines, so that what is left open was left by us.

Most tests make an app and drop it. Its engines keep a connection for the next request,
which nobody makes, and from Python 3.13 on SQLite warns of each that is dropped open.

What closes them must not refer to the pool: that refers to its engine, which would stay for
ever, with all that it has compiled.
"""

from __future__ import annotations

import contextlib
import weakref
from typing import Any

import sqlalchemy as sa
from sqlalchemy.event import listen, listens_for

_known: weakref.WeakSet[sa.Pool] = weakref.WeakSet()


@listens_for(sa.Engine, "engine_connect")
def _follow(connection: sa.Connection) -> None:
    """Let the connections that a pool keeps be closed when its engine is gone."""
    engine: Any = connection.engine
    pool = engine.pool  # while a run lends its connection, it is no pool of SQLAlchemy
    if not isinstance(pool, sa.Pool) or pool in _known or engine.dialect.is_async:
        return
    _known.add(pool)
    idle: dict[int, Any] = {}

    def keep(dbapi: Any, *_: object) -> None:
        idle[id(dbapi)] = dbapi

    def forget(dbapi: Any, *_: object) -> None:
        idle.pop(id(dbapi), None)

    listen(pool, "checkin", keep)
    listen(pool, "checkout", forget)
    listen(pool, "close", forget)
    weakref.finalize(engine, _close, idle)


def _close(idle: dict[int, Any]) -> None:
    for dbapi in idle.values():
        with contextlib.suppress(Exception):
            dbapi.close()
