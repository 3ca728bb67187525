"""A run inside ``run_migrations`` of a subclass, on the connections of its contexts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import AlembicError, DatabaseError, MigrationFailed, UsageError

if TYPE_CHECKING:
    from ..hooks.payloads import RunResult
    from .environment import Environment
    from .request import MigrationRequest

Execute = Callable[["MigrationRequest"], "RunResult"]
"""Runs what was asked for."""


class OverriddenRun:
    """What the method of a subclass surrounds: it calls ``super().run_migrations``.

    It may call it again, after an error or with another function: each call is a run.

    :param environment: The app's environment.
    :param request: What was asked for.
    :param execute: Runs it.

    .. versionadded:: 4.0
    """

    def __init__(
        self, environment: Environment, request: MigrationRequest, execute: Execute
    ) -> None:
        self.environment = environment
        self.request = request
        self.execute = execute
        self.results: list[RunResult] = []
        self.failure: AlembicError | None = None
        """What stopped the last run, where the method gets the error behind it."""

    def steps(self, heads: tuple[str, ...], context: object) -> Sequence[Any]:
        """Return Alembic's steps; the method gets this function and hands it on.

        :param heads: Where the database is.
        :param context: Its migration context.
        """
        from .planner import plan

        request = self.request
        planned = plan(
            self.environment.scripts(),
            ", ".join(request.databases or self.environment.databases()),
            () if request.purge else heads,
            request.target,
            request.direction,
        )
        return [one.alembic for one in planned if one.alembic is not None]

    def run(self, fn: Callable[..., Any], arguments: Mapping[str, Any]) -> RunResult:
        """Run the steps, as the method of the base class does.

        :param fn: The function that the method was given, or one that it puts around
            that or in its place.
        :param arguments: Further arguments for ``upgrade()`` and ``downgrade()``.
        :raises Exception: What the database or the revision has raised, as in version
            3, so that the method can catch it.
        """
        request = replace(
            self.request,
            arguments={**self.request.arguments, **arguments},
            plan_function=None if fn == self.steps else fn,
        )
        try:
            result = self.execute(request)
        except (MigrationFailed, DatabaseError) as error:
            cause, self.failure = error.__cause__, error
        else:
            self.results.append(result)
            return result
        if isinstance(cause, Exception) and not isinstance(cause, AlembicError):
            raise cause
        raise self.failure

    def result(self) -> RunResult:
        """Return what all runs have done together.

        :raises UsageError: When there was none.
        """
        if not self.results:
            raise UsageError(
                "The overridden run_migrations() did not call super().run_migrations(), "
                "so nothing was run.",
                "Call it, or raise an error that says why nothing may run.",
            )
        first, last = self.results[0], self.results[-1]
        applied = [step for result in self.results for step in result.applied]
        return replace(last, applied=tuple(applied), heads_before=first.heads_before)


waiting_run: Final[ContextVar[OverriddenRun | None]] = ContextVar(
    "waiting_run", default=None
)
"""The run that waits for ``super().run_migrations()``."""


def surrounded(
    environment: Environment,
    method: Callable[..., object],
    request: MigrationRequest,
    execute: Execute,
) -> RunResult:
    """Run the steps inside the method of a subclass.

    :param environment: The app's environment.
    :param method: The method ``run_migrations``.
    :param request: What was asked for.
    :param execute: Runs it.
    :raises UsageError: When the method does not call the one of the base class.
    """
    run = OverriddenRun(environment, request, execute)
    token = waiting_run.set(run)
    try:
        method(run.steps)
    except Exception as error:
        if run.failure is not None and error is run.failure.__cause__:
            raise run.failure from error
        raise
    finally:
        waiting_run.reset(token)
    return run.result()
