"""Revisions run on a scratch database, in silence: no hook and no signal hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ...dialects import backend_for
from ...environment.progress import Observer, Progress, current_observer, observing
from ...environment.scratch import scratch_database, shielded
from ...errors import DatabaseError, NestedRun
from ...hooks.payloads import Direction, Failure
from ..members import Manner, Member, Stopped
from ..planning import plan
from ..requests import Request, make_run
from ..running import _running
from ..transacting import DatabaseRun
from ..working import one_at_a_time

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...environment.databases import Database
    from ...environment.objects import Environment
    from ...environment.scripts import Scripts

R = TypeVar("R")


class _Silence:
    """Stands in for the hooks: an upgrade of a scratch database is nobody's business.

    What is told in past tense would be a lie, and what is asked is asked again when
    the revisions run for real.
    """

    def implemented(self, spec: object) -> bool:
        """Return that nobody listens."""
        return False

    def around(self, spec: object, work: Callable[[], R], **arguments: Any) -> R:
        """Do the work with nobody around it."""
        return work()

    def tell(self, spec: object, **arguments: Any) -> None:
        """Tell nobody."""


class _Silently(DatabaseRun):
    """Runs steps without the callbacks that the app gave to Alembic."""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have everything in force on the connection that the steps need."""
        with super().opened():
            self.context.opts["on_version_apply"] = ()
            yield


class Building:
    """A scratch database, and the revisions that were run on it.

    :param environment: The app's environment.
    :param database: The scratch database.
    :param connection: A connection to it.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """

    def __init__(
        self,
        environment: Environment,
        database: Database,
        connection: Connection,
        x_arguments: tuple[str, ...] = (),
    ) -> None:
        self.environment = environment
        self.database = database
        self.connection = connection
        self.x_arguments = x_arguments
        self.heads: tuple[str, ...] = ()

    def upgrade(self, scripts: Scripts, target: Any) -> None:
        """Run the revisions up to a target.

        :param scripts: The history.
        :param target: Where to; nothing is run for ``base`` or no revisions.
        :raises DatabaseError: When a revision fails.
        """
        if target and target != "base":
            self._run(scripts, target, "upgrade")

    def downgrade(self, scripts: Scripts, target: Any) -> None:
        """Undo the revisions down to a target.

        :param scripts: The history.
        :param target: Where to.
        :raises DatabaseError: When a revision fails.
        """
        self._run(scripts, target, "downgrade")

    def _run(self, scripts: Scripts, target: Any, direction: Direction) -> None:
        name = self.database.name
        steps = plan(scripts, name, self.heads, target, direction)
        if not steps:
            return
        request = Request(direction, target, x_arguments=self.x_arguments)
        run = make_run(request, {name: steps}, {name: self.heads})
        member = Member(
            self.database,
            self.connection,
            backend_for(self.database.engine.dialect),
            self.heads,
            steps,
        )
        member.scripts = scripts
        hooks: Any = _Silence()
        manner = Manner(arguments={}, x_arguments=self.x_arguments)
        part = _Silently(self.environment, hooks, run, member, manner)
        try:
            observer = _building(current_observer())
            with alone(), shielded(self.environment), observing(observer):
                self.heads = part.execute()
        except Stopped as stopped:
            raise _failed(stopped.failure, stopped.error) from stopped.error


def _building(observer: Observer) -> Observer:
    """Return what tells of steps on a scratch database, in words of its own."""

    def observe(moment: Progress, /) -> None:
        if moment.moment == "started":
            observer(replace(moment, moment="building"))
        elif moment.moment in {"blocked", "retrying"}:
            observer(moment)

    return observe


@contextmanager
def alone() -> Iterator[None]:
    """Hold ``alembic.op``, which is one object for the whole process.

    :raises NestedRun: Inside a run, which holds it already.
    """
    running = _running.get()
    if running is not None:
        raise NestedRun(
            f"A scratch database was to be built inside a running {running}.",
            "A hook or a revision cannot do that; do it after the command.",
        )
    with one_at_a_time:
        yield


@contextmanager
def building(
    environment: Environment,
    database: Database,
    url: str | None = None,
    x_arguments: tuple[str, ...] = (),
) -> Iterator[Building]:
    """Give an empty scratch database to run revisions on.

    :param environment: The app's environment.
    :param database: The live database; it is not touched.
    :param url: Where to make it.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """
    with scratch_database(environment, database, url) as scratch:
        backend = backend_for(scratch.engine.dialect)
        seconds = environment.settings.of("connect_timeout", database.name)
        connection = backend.connect(scratch.engine, seconds)
        try:
            yield Building(environment, scratch, connection, x_arguments)
        finally:
            connection.close()


def _failed(failure: Failure, error: BaseException) -> BaseException:
    """Return what to say of a revision that fails on a scratch database."""
    if isinstance(error, KeyboardInterrupt):
        return error
    step = failure.step
    what = f"{step.revision} ({step.doc})" if step is not None else "A revision"
    lines = [f"{what} fails on a scratch database: {failure.error}."]
    if failure.path is not None:
        lines.append(
            f"File: {failure.path}" + (f", line {failure.line}" if failure.line else "")
        )
    if failure.statement:
        lines.append(f"Statement: {' '.join(failure.statement.split())[:300]}")
    advice = getattr(error, "advice", "") or "Mend the revision."
    return DatabaseError("\n".join(lines), f"The database was not touched. {advice}")
