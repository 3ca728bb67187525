"""All that differs between databases, behind one interface.

:func:`backend_for` gives the :class:`~flask_alembic.dialects.base.Backend` of a
SQLAlchemy dialect. No other package of Flask-Alembic asks which database it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Backend
from .payloads import LockKey, Session

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

__all__ = ["Backend", "LockKey", "Session", "backend_for"]


def backend_for(dialect: Dialect) -> Backend:
    """Return what knows the database behind ``dialect``.

    A database without special support gets :class:`Backend` itself: it works, without
    a lock, without timeouts, and with transactions as its driver gives them.

    :param dialect: ``engine.dialect`` or ``connection.dialect``.

    .. versionadded:: 4.0
    """
    if dialect.name == "postgresql":
        from .postgresql import PostgreSQL

        return PostgreSQL(dialect)
    if dialect.name in ("mysql", "mariadb"):
        from .mysql import MySQL

        return MySQL(dialect)
    if dialect.name == "sqlite":
        from .sqlite import SQLite

        return SQLite(dialect)
    return Backend(dialect)
