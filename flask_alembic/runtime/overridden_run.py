"""A run inside ``run_migrations`` of a subclass, on the connections of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .contexts import Connected, contexts_of_run

if TYPE_CHECKING:
    from ..hooks.payloads import RunResult, Step
    from .run_state import RunState


class OverriddenRun:
    """What the method of a subclass surrounds: it calls ``super().run_migrations``.

    :param state: The run; its databases are connected, locked and planned.
    :param execute: Runs the steps.

    .. versionadded:: 4.0
    """

    def __init__(self, state: RunState, execute: Callable[[], RunResult]) -> None:
        self.state = state
        self.execute = execute
        self.opened: dict[str, Connected] = {}

    def steps(self, heads: tuple[str, ...], context: object) -> tuple[Step, ...]:
        """Return the plan; the method gets this function and hands it on.

        :param heads: Where the database is.
        :param context: Its migration context.
        """
        return self.state.planned().plan

    def resume(self, fn: object, arguments: Mapping[str, Any]) -> RunResult:
        """Run the steps, as the method of the base class does.

        :param fn: The function that it was given.
        :param arguments: Further arguments for ``upgrade()`` and ``downgrade()``.
        :raises UsageError: When it is another function: the plan is made.
        """
        if fn != self.steps:
            raise UsageError(
                "run_migrations() handed on another function than it was given.",
                "Hand on the same one; the hook apply_revision wraps each revision.",
            )
        for connected in self.opened.values():
            if connected.connection.in_transaction():
                connected.connection.commit()
        given = {**self.state.request.arguments, **arguments}
        self.state.request = replace(self.state.request, arguments=given)
        return self.execute()

    def connected(self, name: str) -> Connected | None:
        """Return the context of a database on the connection of the run.

        :param name: The name of the database; ``None`` is returned for one that
            takes no part.
        """
        for run in self.state.database_runs:
            if run.name == name and name not in self.opened:
                environment = self.state.environment
                context = environment.environment_context(
                    run.database, environment.scripts(), run.connection
                )
                self.opened[name] = Connected(run.connection, context)
                run.is_prepared = True
        return self.opened.get(name)


waiting_run: Final[ContextVar[OverriddenRun | None]] = ContextVar(
    "waiting_run", default=None
)
"""The run that waits for ``super().run_migrations()``."""


def surrounded(state: RunState, execute: Callable[[], RunResult]) -> None:
    """Run the steps inside the method of a subclass.

    :param state: The run.
    :param execute: Runs the steps.
    :raises UsageError: When the method does not call the one of the base class.
    """
    method = state.request.surround
    assert method is not None
    run = OverriddenRun(state, execute)
    with _waiting(run):
        method(run.steps)
    if state.finished is None and state.failed is None:
        raise UsageError(
            "The overridden run_migrations() did not call super().run_migrations(), so "
            "nothing was run.",
            "Call it, or raise an error that says why nothing may run.",
        )


@contextmanager
def _waiting(run: OverriddenRun) -> Iterator[None]:
    tokens = (
        waiting_run.set(run),
        contexts_of_run.set((run.state.environment, run.connected)),
    )
    try:
        yield
    finally:
        waiting_run.reset(tokens[0])
        contexts_of_run.reset(tokens[1])
