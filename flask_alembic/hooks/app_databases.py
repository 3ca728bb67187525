"""The databases of an app, for plugins that read and write them outside of a run.

Inside of a run a plugin uses the connection that its hook gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from .threads import in_thread

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


def engines_of(app: Flask) -> dict[str, Engine | AsyncEngine]:
    """Return the engines of an app by database name, async ones too.

    :param app: The application; an app context must be active.

    .. versionadded:: 4.0
    """
    given = getattr(app.extensions.get("alembic"), "engines", None)
    if given:
        named = given if isinstance(given, Mapping) else {None: given}
        return {name or "default": engine for name, engine in named.items()}
    extension = app.extensions.get("sqlalchemy")
    found: dict[str, Any] = {}
    for attribute in ("engines", "async_engines"):
        for name, engine in (getattr(extension, attribute, None) or {}).items():
            found.setdefault(name or "default", engine)
    return found


def on_connection(engine: Engine | AsyncEngine, work: Callable[[Connection], T]) -> T:
    """Do something on a connection that is opened for it, and commit.

    :param engine: An engine, or an async one.
    :param work: What to do, in a transaction of its own.
    :return: What it returned.

    .. versionadded:: 4.0
    """
    plain: Any = (
        engine  # an async one is recognised by its attribute, without importing it
    )
    if not hasattr(plain, "sync_engine"):
        with plain.begin() as connection:
            return work(connection)
    return _in_loop(plain, work)


def each_database(
    app: Flask, work: Callable[[str, Connection], T], names: Iterable[str] = ()
) -> dict[str, T]:
    """Do something in each database that takes part in migrations.

    :param app: The application; an app context must be active.
    :param work: What to do; each of its statements commits by itself.
    :param names: Only these databases; all for none.
    :return: What it returned, by database.

    .. versionadded:: 4.0
    """
    wanted = set(names)
    engines = engines_of(app)
    if any(hasattr(engine, "sync_engine") for engine in engines.values()):
        # The extension gives out no connections of async engines.
        return {
            name: on_connection(engine, partial(work, name))
            for name, engine in engines.items()
            if not wanted or name in wanted
        }
    contexts = app.extensions["alembic"].migration_contexts
    return {
        name: work(name, context.connection)
        for name, context in contexts.items()
        if not wanted or name in wanted
    }


def _in_loop(engine: Any, work: Callable[[Connection], T]) -> T:
    """Use an async driver from a thread that has an event loop of its own.

    A pool keeps connections of the loop that opened them, so this one is new too.
    """
    from sqlalchemy.engine import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    sync = engine.sync_engine
    own = AsyncEngine(Engine(sync.pool.recreate(), sync.dialect, sync.url))

    async def main() -> T:
        try:
            async with own.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await own.dispose()

    return in_thread(lambda: asyncio.run(main()), name="flask-alembic-databases")
