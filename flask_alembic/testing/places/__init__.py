"""Where test databases are made, copied and dropped, one module for each database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from .base import Place, own_url

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

__all__ = ["Place", "key_of", "outside_memory", "place_for"]


def key_of(engine: Engine) -> tuple[object, ...]:
    """Return what two engines share whose test databases are made in one place.

    :param engine: An engine of the app; nothing is connected.
    """
    url = own_url(engine)
    backend = url.get_backend_name()
    if backend == "sqlite":
        from .sqlite import is_memory

        return backend, url.get_driver_name(), is_memory(url)
    return backend, url.render_as_string(hide_password=False)


def place_for(engine: Engine, folder: Path) -> Place:
    """Return where test databases of the kind of an engine can be made.

    :param engine: An engine of the app; nothing is connected.
    :param folder: For databases that are files.
    :raises ConfigurationError: When there is no way known for this database.
    """
    backend = engine.url.get_backend_name()
    if backend == "sqlite":
        from . import sqlite

        if sqlite.is_memory(engine.url) and engine.dialect.driver == "pysqlite":
            return sqlite.Memory()
        return sqlite.Files(folder)
    if backend == "postgresql":
        from .postgresql import PostgreSQL

        return PostgreSQL(engine)
    if backend in {"mysql", "mariadb"}:
        from .mysql import MySQL

        return MySQL(engine)
    raise ConfigurationError(
        f"Test databases on {backend} cannot be made.",
        "There is support for SQLite, PostgreSQL, MySQL and MariaDB.",
    )


def outside_memory(url: URL) -> URL:
    """Return the URL of a file for that of a database in memory.

    What another engine fills is not there for the engine that the app will make.

    :param url: Any URL.
    """
    if url.get_backend_name() != "sqlite":
        return url
    from .sqlite import is_memory

    return url.set(database="memory.db", query={}) if is_memory(url) else url
