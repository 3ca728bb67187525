"""Scratch databases for one command, and a shield before the live ones meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..dialects import backend_for
from ..errors import ConfigurationError, Refused
from .databases import Database

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

    from .objects import Environment


@contextmanager
def scratch_database(
    environment: Environment, database: Database, url: str | None = None
) -> Iterator[Database]:
    """Give an empty database of the same kind that is gone at the end.

    :param environment: The app's environment.
    :param database: The live database, which is not touched.
    :param url: Where to make it; ``ALEMBIC["scratch_url"]`` by default, and without
        that beside the live database.
    :return: The database under its name, with an engine of its own.
    :raises DatabaseError: When none can be made.
    """
    given = url or environment.settings.of("scratch_url", database.name)
    backend = backend_for(database.engine.dialect)
    with backend.scratch(database.engine, _parsed(given)) as engine:
        yield replace(database, engine=engine)


def _parsed(text: str | None) -> URL | None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if not text:
        return None
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "The URL of the scratch database cannot be understood.",
            "Write it like SQLALCHEMY_DATABASE_URI; special characters in a password "
            "are written as %xx.",
        ) from error


@contextmanager
def shielded(environment: Environment) -> Iterator[None]:
    """Refuse every statement of this thread on the app's own engines.

    A revision may use the session of the app instead of ``op``: built on a scratch
    database it would then write into the live one.

    :param environment: The app's environment; an app context must be active.
    """
    from sqlalchemy import event

    thread = threading.get_ident()

    def refuse(*arguments: Any) -> None:
        if threading.get_ident() == thread:
            raise Refused(
                "A revision used an engine or a session of the app, which is connected "
                "to the live database; the statement was not sent.",
                "Let the revision use op.get_bind(), which is what it is run on.",
            )

    engines = _engines(environment)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", refuse)


def _engines(environment: Environment) -> list[Engine]:
    """Return every engine of the app, also of databases that are not migrated."""
    found = {id(one.engine): one.engine for one in environment.databases().values()}
    extension = environment.app.extensions.get("sqlalchemy")
    known = [
        *(environment.given.engines or {}).values(),
        *(getattr(extension, "engines", None) or {}).values(),
        *(getattr(extension, "async_engines", None) or {}).values(),
    ]
    for engine in known:
        sync = getattr(engine, "sync_engine", engine)
        found[id(sync)] = sync
    return list(found.values())
