"""Running both functions of a revision against the recorder."""

from __future__ import annotations

import builtins
import dataclasses
import inspect
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..facts.base import Direction
from . import database as databases
from .driver import World
from .events import Capture, Event, Failure, Refusal
from .isolation import isolated
from .proxies import LOCK, Busy, installed
from .recorder import Recorder
from .standins import Importer

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    from flask_alembic.sandbox import Watch

    from ..revision import RevisionSource
    from ..servers import Server


STATEMENTS = 1_000
"""How many statements a function may send before it is taken to be endless."""

ROWS = 20
"""How many queries find a row when everything is there."""


def capture(
    revision: RevisionSource,
    dialect: str,
    server: Server,
    watch: Watch,
    *,
    database: str = "default",
    config: Config | None = None,
    options: dict[str, Any] | None = None,
) -> Capture:
    """Run a revision against a recorder, in a sandbox.

    ``upgrade()`` runs with a database in which nothing exists, ``downgrade()`` with
    one in which everything the file names does. If a function stopped, or operations
    were not reached because the revision asks first, both run once more with
    everything there.

    :param revision: The revision's source.
    :param dialect: The name of the dialect.
    :param server: The server behind it.
    :param watch: Of the sandbox in which it is called.
    :param database: The database's name, for an ``upgrade(engine_name)``.
    :param config: What ``context.config`` shows.
    :param options: Arguments of ``EnvironmentContext.configure``.
    """
    attempt = _Attempt(
        revision, dialect, server, watch, database, config, options or {}
    )
    with LOCK, isolated(watch):
        try:
            first = attempt.run()
        except Busy as error:
            failure = Failure(None, None, f"Busy: {error}")
            return Capture(attempt.dialect, failures=(failure,))
        seen = {event.line for event in first.events}
        unreached = revision.unreached(seen)
        if not unreached and not first.failures:
            return first
        second = attempt.run(everything=True)
    stopped = {failure.direction for failure in first.failures}
    more = tuple(
        event
        for event in second.events
        if event.line not in seen
        and (event.direction in stopped or revision.within(event.line, unreached))
    )
    return dataclasses.replace(
        first,
        events=_merged(first.events, more),
        failures=_still_stopped(first.failures, second.failures),
        refusals=_by_line((*first.refusals, *second.refusals)),
    )


def unread_capture(
    dialect: str, server: Server, failures: tuple[Failure, ...]
) -> Capture:
    """Return what is captured of a revision that cannot be run.

    :param dialect: The name of the dialect.
    :param server: The server behind it.
    :param failures: Why it cannot.
    """
    return Capture(
        databases.recording_dialect(dialect, server, World()), failures=failures
    )


def _by_line(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Return the first refusal of each line."""
    found: dict[tuple[Direction | None, int | None], Refusal] = {}
    for refusal in refusals:
        found.setdefault((refusal.direction, refusal.line), refusal)
    return tuple(found.values())


def _still_stopped(
    first: Iterable[Failure], second: Iterable[Failure]
) -> tuple[Failure, ...]:
    """Return the failures of functions that stopped in both runs.

    A function that ran to its end with everything there was looked at to its end.
    """
    again = {failure.direction for failure in second}
    return tuple(failure for failure in first if failure.direction in again)


def _merged(events: Iterable[Event], more: Iterable[Event]) -> tuple[Event, ...]:
    """Put each further event before the first one that stands below it."""
    merged = list(events)
    for event in more:
        place = len(merged)
        for index, other in enumerate(merged):
            later = other.direction == "downgrade" and event.direction == "upgrade"
            below = (other.line or 0) > (event.line or 0)
            if later or (other.direction == event.direction and below):
                place = index
                break
        merged.insert(place, event)
    return tuple(merged)


class _Attempt:
    """One way of running a revision, used for both runs."""

    def __init__(
        self,
        revision: RevisionSource,
        dialect: str,
        server: Server,
        watch: Watch,
        database: str,
        config: Config | None,
        options: dict[str, Any],
    ) -> None:
        self.revision = revision
        self.server = server
        self.watch = watch
        self.database = database
        self.config = config
        self.options = options
        self.world = World(columns=revision.identifiers)
        self.dialect = databases.recording_dialect(dialect, server, self.world)

    def run(self, *, everything: bool = False) -> Capture:
        from alembic.operations import Operations

        recorder = Recorder(self.revision.filename)
        engine = databases.recording_engine(
            self.dialect, recorder.statement, self.world
        )
        failures: list[Failure] = []
        self.missing: list[tuple[int | None, str]] = []
        self.unwatched: list[tuple[int | None, str]] = []
        self.refusals: list[Refusal] = []
        with engine.connect() as connection:
            environment = self._environment(connection)
            context = environment.get_context()
            operations = Operations(context)
            recorder.attach(operations, context)
            given = {"op": operations, "context": environment}
            with installed(environment, operations):
                namespace = self._execute(recorder, given, failures)
                self._pretend(exists=everything, rows=ROWS if everything else 0)
                self._call(namespace, "upgrade", recorder, failures)
                self._pretend(exists=True, rows=ROWS if everything else 0)
                self._call(namespace, "downgrade", recorder, failures)
        return Capture(
            dialect=self.dialect,
            events=tuple(recorder.events),
            failures=tuple(failures),
            namespace=namespace,
            missing=tuple(dict.fromkeys(self.missing)),
            unwatched=tuple(dict.fromkeys(self.unwatched)),
            refusals=_by_line(self.refusals),
        )

    def _pretend(self, *, exists: bool, rows: int) -> None:
        """Set what the next function finds; a downgrade finds what it takes away."""
        self.world.names = self.revision.literals if exists else ()
        self.world.rows = rows
        self.world.statements = STATEMENTS

    def _environment(self, connection: Any) -> EnvironmentContext:
        from alembic.config import Config
        from alembic.runtime.environment import EnvironmentContext

        # A revision sees no script directory: it only is what it says.
        environment = EnvironmentContext(self.config or Config(), None)  # type: ignore[arg-type]
        environment.configure(connection=connection, **self.options)
        return environment

    def _execute(
        self, recorder: Recorder, given: dict[str, Any], failures: list[Failure]
    ) -> dict[str, Any]:
        module = types.ModuleType("revision_under_analysis")
        module.__file__ = self.revision.filename
        importer = Importer(
            lambda name: self.missing.append((recorder.line(), name)),
            given,
            None
            if self.watch.is_complete
            else lambda name: self.unwatched.append((recorder.line(), name)),
        )
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": importer}
        try:
            code = compile(
                self.revision.text, self.revision.filename, "exec", dont_inherit=True
            )
            with self._watched(None):
                exec(code, vars(module))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failures.append(self._failure(None, error))
        return vars(module)

    def _call(
        self,
        namespace: dict[str, Any],
        direction: Direction,
        recorder: Recorder,
        failures: list[Failure],
    ) -> None:
        function = namespace.get(direction)
        if not callable(function) or any(f.direction is None for f in failures):
            return
        recorder.direction = direction
        try:
            with self._watched(direction):
                function(*self._arguments(function))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if not self.revision.only_raises(direction):
                failures.append(self._failure(direction, error))

    @contextmanager
    def _watched(self, direction: Direction | None) -> Iterator[None]:
        """Keep what the block tries, and what it has started."""
        before = len(self.watch.attempts)
        try:
            yield
        finally:
            self.watch.settle()
            function = self.revision.function(direction) if direction else None
            start = function.lineno if function is not None else None
            for attempt in self.watch.attempts[before:]:
                line = attempt.line_in(self.revision.filename) or start
                self.refusals.append(Refusal(direction, line, attempt.what))

    def _arguments(self, function: Callable[..., Any]) -> list[str]:
        """Return what the function has to be called with.

        The templates for several databases write ``upgrade(engine_name)``.
        """
        needed = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind
            in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
        return [self.database] if len(needed) == 1 else []

    def _failure(self, direction: Direction | None, error: BaseException) -> Failure:
        line = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.revision.filename:
                line = trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line = error.lineno
        text = str(error).strip().splitlines()
        first = f": {text[0]}" if text else ""
        return Failure(direction, line, f"{type(error).__name__}{first}")
