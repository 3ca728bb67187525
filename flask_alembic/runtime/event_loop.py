"""Async engines: commands stay synchronous and bring an event loop of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from ..errors import UsageError
from ..hooks.threads import in_thread
from .databases import loop_engines

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from .environment import Environment

P = ParamSpec("P")
R = TypeVar("R")


def refuse_async(environment: Environment, name: str) -> None:
    """Refuse to hand out a connection of an async engine.

    :param environment: The app's environment.
    :param name: The name of the database.
    :raises UsageError: It would work only inside an event loop.
    """
    if environment.databases()[name].is_async:
        raise UsageError(
            f"The database {name!r} has an async engine, whose connection cannot be "
            "used outside a command.",
            "Use the commands (upgrade, current, ...), or pass a sync engine.",
        )


def call(
    environment: Environment,
    function: Callable[Concatenate[Environment, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Call a command; where an engine is async, in a thread with an event loop.

    SQLAlchemy lets synchronous code use an async driver inside ``run_sync``. The
    thread gets a copy of the context, so the app context is active there, and it has
    a loop of its own even if the caller's thread runs one.

    :param environment: The app's environment.
    :param function: The command.
    """
    engines = environment.async_engines()
    if not engines:
        return function(environment, *args, **kwargs)

    def bound() -> R:
        return function(environment, *args, **kwargs)

    return in_thread(lambda: _in_loop(engines, bound))


def _in_loop(engines: Sequence[Any], work: Callable[[], R]) -> R:
    """Run synchronous work where async drivers can be used.

    A pool keeps connections of the loop that opened them, so each engine gets a
    pool of its own for this loop.
    """
    import asyncio

    from sqlalchemy.engine import Engine
    from sqlalchemy.ext.asyncio import AsyncSession

    own = {
        id(engine.sync_engine): Engine(
            engine.sync_engine.pool.recreate(), engine.dialect, engine.url
        )
        for engine in engines
    }
    loop_engines.set(own)

    async def main() -> R:
        # A session without an engine opens no connection: it only makes the
        # greenlet in which the drivers of all engines work.
        async with AsyncSession() as session:
            try:
                return await session.run_sync(lambda _: work())
            finally:
                await session.run_sync(lambda _: _dispose(own.values()))

    return asyncio.run(main())


def _dispose(engines: Iterable[Engine]) -> None:
    for engine in engines:
        engine.dispose()
