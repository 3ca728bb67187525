"""Whether the databases are ready, asked once or until they are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...errors import CheckFailed, DatabaseError, UsageError
from ...hooks import specs
from ...hooks.payloads import DatabaseState, ProgressEvent, ReadinessProblem
from ...runtime.connections import close
from ...runtime.databases import Database, choose
from ...runtime.environment import history_reader
from ...runtime.invocation import invoked
from ...runtime.linter import require_payloads
from ...runtime.progress import notify
from ...script.view import HistoryReader
from ..status.status import read_state

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...hooks.dispatcher import Hooks
    from ...runtime.environment import Environment


SHORTEST: Final = 1.0
"""How long a database may take to answer in any case, in seconds."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the code can work with the databases.

    .. versionadded:: 4.0
    """

    states: dict[str, DatabaseState]
    """The state of each database, by name."""

    errors: Mapping[str, str] = field(default_factory=dict)
    """Why databases are unreachable."""

    problems: Mapping[str, tuple[ReadinessProblem, ...]] = field(default_factory=dict)
    """Why databases are not ready, by name; those that are ready have no entry."""

    @property
    def ready(self) -> bool:
        """Whether every database is ready: no check of any plugin has a problem."""
        return not any(self.problems.values())


def readiness(
    environment: Environment,
    names: Sequence[str] = (),
    hooks: Hooks | None = None,
    seconds: float | None = None,
) -> Readiness:
    """Return whether the code can work with the databases.

    Cheap enough for a probe each second: the heads come from the index of the
    history, no revision file is executed, and each database gets a small query or two.

    :param environment: The app's environment; an app context must be active.
    :param names: Which databases; all for none.
    :param hooks: The dispatcher of the command, if there is one.
    :param seconds: How long a database may take to answer, at most
        ``connect_timeout``.
    :raises UsageError: When there is no such database.
    :raises HookError: When a readiness check of a plugin fails.
    """
    view = history_reader(environment, cheap=True)
    states: dict[str, DatabaseState] = {}
    errors: dict[str, str] = {}
    problems: dict[str, tuple[ReadinessProblem, ...]] = {}
    for database in choose(environment.databases(), names):
        name = database.name
        try:
            states[name], found = _look(
                environment, hooks or environment.hooks, view, database, seconds
            )
        except DatabaseError as error:
            states[name] = DatabaseState.UNREACHABLE
            errors[name] = error.message
            found = (_unreachable(error),)
        if found:
            problems[name] = found
    return Readiness(states, errors, problems)


def _look(
    environment: Environment,
    hooks: Hooks,
    view: HistoryReader,
    database: Database,
    seconds: float | None,
) -> tuple[DatabaseState, tuple[ReadinessProblem, ...]]:
    backend = database.backend
    limit = environment.settings.of("connect_timeout", database.name)
    if seconds is not None:
        limit = min(limit or seconds, seconds)
    connection = backend.connect(database.engine, limit)
    try:
        state = read_state(environment, view, database, connection, limit).state
        return state, _problems(hooks, database.name, connection, state)
    finally:
        close(connection)


def _problems(
    hooks: Hooks, database: str, connection: Connection, state: DatabaseState
) -> tuple[ReadinessProblem, ...]:
    answers = hooks.collect(
        specs.readiness_checks, database=database, connection=connection, state=state
    )
    for plugin, answer in answers:
        require_payloads(
            hooks, plugin, specs.readiness_checks, [answer], ReadinessProblem
        )
    return tuple(answer for _, answer in answers if answer is not None)


def _unreachable(error: DatabaseError) -> ReadinessProblem:
    return ReadinessProblem(
        DatabaseState.UNREACHABLE.value,
        error.message,
        "Check that the server runs and that its address is right.",
    )


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
            rest = max(SHORTEST, timeout - (time.monotonic() - started))
            found = readiness(environment, databases, call.hooks, rest)
            call.data = {
                "states": found.states,
                "ready": found.ready,
                "errors": found.errors,
                "problems": found.problems,
            }
            missing = {
                name: _not_met(found, name, until)
                for name in found.states
                if _not_met(found, name, until)
            }
            if not missing:
                return found
            waited = time.monotonic() - started
            if waited >= timeout:
                raise _given_up(found, missing, until, waited)
            for name, problems in missing.items():
                codes = ", ".join(problem.code for problem in problems)
                event = ProgressEvent(
                    "not_ready", database=name, elapsed=waited, text=codes
                )
                notify(call.hooks, event)
            # One look more at the very end.
            time.sleep(min(interval, timeout - waited))


def _not_met(found: Readiness, name: str, until: str) -> tuple[ReadinessProblem, ...]:
    if until == "database" and name not in found.errors:
        return ()
    return tuple(found.problems.get(name, ()))


def _given_up(
    found: Readiness,
    missing: Mapping[str, tuple[ReadinessProblem, ...]],
    until: str,
    waited: float,
) -> CheckFailed:
    reasons = []
    for name, problems in missing.items():
        state = found.states[name]
        why = found.errors.get(name, "").rstrip(".")
        reason = f"{name} is {state}" + (f" ({why})" if why else "")
        others = [
            problem.message.rstrip(".") for problem in problems if problem.code != state
        ]
        reasons.append(": ".join(filter(None, [reason, "; ".join(others)])))
    advice = {
        problem.advice: None
        for problems in missing.values()
        for problem in problems
        if problem.advice
    }
    return CheckFailed(
        f"Waited {waited:.0f} s for {until}: {'; '.join(reasons)}.", " ".join(advice)
    )
