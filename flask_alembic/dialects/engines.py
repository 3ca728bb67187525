"""Engines of our own, for other databases than those of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .connecting import own_connection

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

# How drivers call the database to connect to; ours must win.
_DATABASE = ("database", "dbname", "db")


def engine_beside(engine: Engine, url: URL, **arguments: Any) -> Engine:
    """Return an engine of its own for another database.

    It shares no pool and no dialect with the app's engine: the dialect of MySQL keeps
    the name of the database that it reads the schema of. What the app passes to the
    driver beside the URL (certificates, say) goes along. Listeners of the app's engine
    do not; those of the class ``Engine`` are there.

    :param engine: The app's engine.
    :param url: What to connect to.
    :param arguments: Further arguments for the driver.
    """
    import sqlalchemy as sa

    return sa.create_engine(
        url,
        poolclass=sa.NullPool,
        connect_args={**_driver_arguments(engine), **arguments},
    )


def engine_for(url: URL) -> Engine:
    """Return an engine for a URL that a person gave.

    :param url: The URL.
    """
    import sqlalchemy as sa

    return sa.create_engine(url, poolclass=sa.NullPool)


def _driver_arguments(engine: Engine) -> dict[str, Any]:
    """Return what the app's engine gives to its driver beside what its URL says."""
    from sqlalchemy import event

    seen: dict[str, Any] = {}

    def look(
        dialect: Any, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> None:
        seen.update(cparams)

    event.listen(engine, "do_connect", look)
    try:
        _, close = own_connection(engine)
        close()
    finally:
        event.remove(engine, "do_connect", look)
    _, from_url = engine.dialect.create_connect_args(engine.url)
    return {
        name: value
        for name, value in seen.items()
        if name not in _DATABASE and from_url.get(name) != value
    }
