"""All that differs between databases, behind one interface.

:class:`~flask_alembic.backends.lookup.Backends` gives the
:class:`~flask_alembic.backends.base.Backend` of a SQLAlchemy dialect, as plugins and we
ourselves give them through the hook ``backends``. No other package of Flask-Alembic asks
which database it has.
"""

from __future__ import annotations

from .base import Backend
from .classifier import classify
from .journal import Journal, Record, Unfinished
from .lock import LockKey, Session
from .lock_file import file_lock, file_lock_holders
from .statement_class import Control, Effect, StatementClass

__all__ = [
    "Backend",
    "Control",
    "Effect",
    "Journal",
    "LockKey",
    "Record",
    "Session",
    "StatementClass",
    "Unfinished",
    "classify",
    "file_lock",
    "file_lock_holders",
]
