"""Warnings of Alembic, SQLAlchemy and ours are seen where nobody configured logging."""

from __future__ import annotations

import logging
from typing import Final

LOGGERS: Final = ("alembic", "sqlalchemy", "flask_alembic")
"""The loggers that get a handler if nobody gave them one."""


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr as long as the app configures no logging of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave a record to the handlers of the root logger, once there are any.

        What the terminal says already (``is_told``) is not said a second time.
        """
        if logging.root.handlers or getattr(record, "is_told", False):
            return False
        return bool(super().filter(record))


def configure_logging() -> None:
    """Give our loggers a handler on stderr if they do not already have one.

    Levels are left alone, and whatever the app configures, now or later, is too.
    """
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not logger.hasHandlers():
            handler = StderrHandler()
            handler.setFormatter(
                logging.Formatter("%(levelname)s [%(name)s] %(message)s")
            )
            logger.addHandler(handler)
