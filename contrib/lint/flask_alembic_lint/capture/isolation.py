"""Keeping a captured revision from real databases and from the terminal."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn

from .driver import Connection

if TYPE_CHECKING:
    from flask_alembic.sandbox import Watch

CHATTY: Final = ("alembic.runtime.migration", "sqlglot")
"""Loggers that tell of each context and each statement they cannot read."""


class ReachedDatabase(Exception):
    """The revision tried to use a connection that is not the recorder's."""


@contextmanager
def isolated(watch: Watch) -> Iterator[None]:
    """Refuse this thread SQLAlchemy's connections, and swallow what it prints.

    The sandbox refuses any connection, but one of a pool may be open already, and it
    cannot name the database of a driver written in C. Other threads go on as before.

    :param watch: Where it is noted.
    :raises ReachedDatabase: Inside, where the revision takes a connection.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import Pool

    thread = threading.get_ident()

    def refuse(what: str) -> NoReturn:
        watch.note(what, 3)
        raise ReachedDatabase("it uses a connection of its own")

    def checkout(connection: Any, *_: Any) -> None:
        if threading.get_ident() == thread and not isinstance(connection, Connection):
            refuse("use a connection of its own")

    def connect(dialect: Any, *_: Any) -> None:
        if threading.get_ident() == thread:
            refuse(f"connect to a {dialect.name} database")

    event.listen(Pool, "checkout", checkout)
    event.listen(Engine, "do_connect", connect)
    try:
        with quiet(), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        event.remove(Pool, "checkout", checkout)
        event.remove(Engine, "do_connect", connect)


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
