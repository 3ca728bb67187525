"""Keeping a captured revision from real databases and from the terminal."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from .driver import Connection

CHATTY: Final = ("alembic.runtime.migration", "sqlglot")
"""Loggers that tell of each context and each statement they cannot read."""


class ReachedDatabase(Exception):
    """The revision tried to use a connection that is not the recorder's."""


@contextmanager
def isolated() -> Iterator[None]:
    """Refuse this thread every real connection, and swallow what it prints.

    A revision that goes to a database by itself, through ``db.session`` or an
    engine of its own, stops there; other threads go on as before.

    :raises ReachedDatabase: Inside, where the revision takes a connection.
    """
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    thread = threading.get_ident()

    def refuse(connection: Any, *_: Any) -> None:
        if threading.get_ident() == thread and not isinstance(connection, Connection):
            raise ReachedDatabase("it uses a connection of its own")

    event.listen(Pool, "checkout", refuse)
    try:
        with quiet(), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        event.remove(Pool, "checkout", refuse)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep loggers and warnings silent that speak of work which is not done."""

    def silent(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR

    loggers = [logging.getLogger(name) for name in CHATTY]
    for logger in loggers:
        logger.addFilter(silent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(silent)
