"""Whether the databases are ready, asked once or until they are."""

from __future__ import annotations

import time
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..dialects import backend_for
from ..environment.databases import Database, choose
from ..environment.progress import Progress, tell
from ..errors import CheckFailed, DatabaseError, UsageError
from .connecting import close, current_heads
from .invocation import invoked
from .reading import known_history

if TYPE_CHECKING:
    from ..environment.objects import Environment

State = Literal["at head", "behind", "ahead", "unversioned", "unreachable"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the code can work with the databases.

    .. versionadded:: 4.0
    """

    states: dict[str, State]
    """Per database: ``at head``, ``behind``, ``ahead`` of the code, ``unversioned``
    or ``unreachable``."""

    @property
    def ready(self) -> bool:
        """Whether none is behind; one that newer code has upgraded is no problem."""
        return all(state in {"at head", "ahead"} for state in self.states.values())


def readiness(environment: Environment) -> Readiness:
    """Return whether the databases are at the heads of the code.

    Cheap enough for a probe each second: the heads come from the index of the
    history, no revision file is executed, and each database gets one small query.

    :param environment: The app's environment; an app context must be active.
    """
    heads, known = known_history(environment)
    return Readiness(
        {
            database.name: _state(environment, database, heads, known)
            for database in choose(environment.databases(), ())
        }
    )


def _state(
    environment: Environment,
    database: Database,
    heads: frozenset[str],
    known: Container[str],
) -> State:
    backend = backend_for(database.engine.dialect)
    seconds = environment.settings.of("connect_timeout", database.name)
    try:
        connection = backend.connect(database.engine, seconds)
    except DatabaseError:
        return "unreachable"
    try:
        ids = frozenset(current_heads(environment, database, connection))
    finally:
        close(connection)
    if ids == heads:
        return "at head"
    if not ids:
        return "unversioned"
    return "behind" if all(id_ in known for id_ in ids) else "ahead"


def wait(
    environment: Environment,
    until: str = "head",
    *,
    timeout: float = 60.0,
    interval: float = 1.0,
    databases: Sequence[str] = (),
) -> Readiness:
    """Wait until the databases answer, or until they are at head.

    :param environment: The app's environment; an app context must be active.
    :param until: What to wait for: ``database`` or ``head``.
    :param timeout: How long, in seconds.
    :param interval: How long to pause between two looks, in seconds.
    :param databases: Which databases; all for none.
    :raises CheckFailed: When the time is over.
    :raises UsageError: When ``until`` is something else.
    """
    if until not in {"database", "head"}:
        raise UsageError(f"{until!r} cannot be waited for.", "Use database or head.")
    with invoked(
        environment, "wait", until=until, timeout=timeout, databases=tuple(databases)
    ) as call:
        started = time.monotonic()
        while True:
            found = readiness(environment)
            wanted = {
                name: state
                for name, state in found.states.items()
                if not databases or name in databases
            }
            call.data = {"states": wanted, "ready": found.ready}
            open_ = [name for name, state in wanted.items() if not _met(state, until)]
            if not open_:
                return found
            waited = time.monotonic() - started
            if waited + interval > timeout:
                raise CheckFailed(
                    f"Waited {waited:.0f} s for {until}: "
                    + "; ".join(f"{name} is {wanted[name]}" for name in open_)
                    + ".",
                    "Run flask db upgrade, or see flask db status."
                    if until == "head"
                    else "Check that the server runs and that its address is right.",
                )
            for name in open_:
                tell(Progress("unready", name, elapsed=waited, text=wanted[name]))
            time.sleep(interval)


def _met(state: State, until: str) -> bool:
    if until == "database":
        return state != "unreachable"
    return state in {"at head", "ahead"}
