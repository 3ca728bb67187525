"""Whether the databases are ready, asked once or until they are."""

from __future__ import annotations

import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
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

    errors: Mapping[str, str] = field(default_factory=dict)
    """Why databases are unreachable."""

    @property
    def ready(self) -> bool:
        """Whether none is behind; one that newer code has upgraded is no problem."""
        return all(state in {"at head", "ahead"} for state in self.states.values())


def readiness(environment: Environment, names: Sequence[str] = ()) -> Readiness:
    """Return whether the databases are at the heads of the code.

    Cheap enough for a probe each second: the heads come from the index of the
    history, no revision file is executed, and each database gets one small query.

    :param environment: The app's environment; an app context must be active.
    :param names: Which databases; all for none.
    :raises UsageError: When there is no such database.
    """
    heads, known = known_history(environment)
    states: dict[str, State] = {}
    errors: dict[str, str] = {}
    for database in choose(environment.databases(), names):
        try:
            states[database.name] = _state(environment, database, heads, known)
        except DatabaseError as error:
            states[database.name] = "unreachable"
            errors[database.name] = error.message
    return Readiness(states, errors)


def _state(
    environment: Environment,
    database: Database,
    heads: frozenset[str],
    known: Container[str],
) -> State:
    backend = backend_for(database.engine.dialect)
    seconds = environment.settings.of("connect_timeout", database.name)
    connection = backend.connect(database.engine, seconds)
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
    :raises UsageError: When ``until`` is something else, a database is not there, or
        a number makes no sense.
    """
    if until not in {"database", "head"}:
        raise UsageError(f"{until!r} cannot be waited for.", "Use database or head.")
    if not timeout >= 0 or not interval > 0:
        raise UsageError(
            f"A timeout of {timeout:g} s with an interval of {interval:g} s cannot be "
            "waited for.",
            "Give a timeout of 0 or more, and an interval above 0.",
        )
    with invoked(
        environment, "wait", until=until, timeout=timeout, databases=tuple(databases)
    ) as call:
        started = time.monotonic()
        while True:
            found = readiness(environment, databases)
            call.data = {
                "states": found.states,
                "ready": found.ready,
                "errors": found.errors,
            }
            if all(_met(state, until) for state in found.states.values()):
                return found
            waited = time.monotonic() - started
            if waited >= timeout:
                raise _given_up(found, until, waited)
            for name, state in found.states.items():
                if not _met(state, until):
                    tell(Progress("unready", name, elapsed=waited, text=state))
            # One look more at the very end.
            time.sleep(min(interval, timeout - waited))


def _met(state: State, until: str) -> bool:
    if until == "database":
        return state != "unreachable"
    return state in {"at head", "ahead"}


def _given_up(found: Readiness, until: str, waited: float) -> CheckFailed:
    told = []
    for name, state in found.states.items():
        if not _met(state, until):
            why = found.errors.get(name, "").rstrip(".")
            told.append(f"{name} is {state}" + (f" ({why})" if why else ""))
    return CheckFailed(
        f"Waited {waited:.0f} s for {until}: {'; '.join(told)}.",
        "Check that the server runs and that its address is right."
        if found.errors
        else "Run flask db upgrade, or see flask db status.",
    )
