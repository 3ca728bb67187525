"""What happens during a run, told at once to whoever watches it.

Unlike the hooks this is no extension point: it is how the terminal draws its
lines while a command, which returns data, is still at work.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from ..hooks.payloads import Step

Moment = Literal[
    "planned",
    "begun",
    "started",
    "reached",
    "statement",
    "finished",
    "applied",
    "committed",
    "waiting",
    "blocked",
    "retrying",
    "unready",
    "forgotten",
    "building",
]
"""What has just happened: ``finished`` when the function of a revision is done,
``applied`` when that is durable; ``building`` is a step on a scratch database."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a run."""

    moment: Moment
    """What has just happened."""

    database: str
    """Where."""

    step: Step | None = None
    """The revision at work."""

    number: int = 0
    """Which step of the plan it is, counted from 1."""

    total: int = 0
    """How many steps the plan has."""

    elapsed: float = 0.0
    """Seconds that the step took, or that the wait has lasted."""

    text: str = ""
    """Who is waited for, the statement, or how transactions are used."""

    statements: int = 0
    """How many statements the step has sent."""

    done: float | None = None
    """How much of its data a revision says it has done."""

    of: float | None = None
    """How much of it there is, if the revision knows."""


class Observer(Protocol):
    """What is told each moment of a run, maybe from another thread."""

    def __call__(self, moment: Progress, /) -> None:
        """Take note of what has happened; must not raise.

        :param moment: What has just happened.
        """


@dataclass(frozen=True, slots=True)
class _Watcher:
    """Who watches, and what they want to see."""

    observer: Observer
    statements: bool


_watcher: ContextVar[_Watcher | None] = ContextVar("watcher", default=None)
_at_work: ContextVar[tuple[Progress, float] | None] = ContextVar(
    "at_work", default=None
)
"""The step whose function is being called, and since when."""


@contextmanager
def observing(observer: Observer, *, statements: bool = False) -> Iterator[None]:
    """Let ``observer`` be called with each moment of the runs inside.

    :param observer: What to call; it must not raise.
    :param statements: Whether it wants each statement too.
    """
    token = _watcher.set(_Watcher(observer, statements))
    try:
        yield
    finally:
        _watcher.reset(token)


def is_observed() -> bool:
    """Return whether anybody watches, so that a wait need not be said twice."""
    return _watcher.get() is not None


def wants_statements() -> bool:
    """Return whether whoever watches wants to see the statements."""
    watcher = _watcher.get()
    return watcher is not None and watcher.statements


def current_observer() -> Observer:
    """Return who watches, to be handed to a thread."""
    watcher = _watcher.get()
    return watcher.observer if watcher is not None else _nobody


def _nobody(moment: Progress, /) -> None:
    """Watch nothing."""


def tell(moment: Progress) -> None:
    """Tell whoever watches.

    :param moment: What has just happened.
    """
    current_observer()(moment)


@contextmanager
def at_work(started: Progress) -> Iterator[None]:
    """Let :func:`progress` speak for a step inside.

    :param started: The step, as it was told when it began.
    """
    token = _at_work.set((started, time.perf_counter()))
    try:
        yield
    finally:
        _at_work.reset(token)


def progress(done: float, total: float | None = None) -> None:
    """Say how far a revision is with the data that it changes.

    To be called in ``upgrade()`` or ``downgrade()``, as often as is handy: a terminal
    shows it in its live line, a pipe or a log gets a line now and then, ``--format
    jsonl`` an object at most once a second. It changes nothing in the database, and
    does nothing where nobody watches: with ``--sql``, ``--quiet`` or in Python, in
    another thread, and where Alembic's own command runs the revision::

        from flask_alembic import progress

        def upgrade():
            for done, row in enumerate(rows, 1):
                ...
                progress(done, len(rows))

    :param done: How much is done: rows, batches, whatever is counted.
    :param total: How much there is in all, if that is known.

    .. versionadded:: 4.0
    """
    working, watcher = _at_work.get(), _watcher.get()
    if working is None or watcher is None:
        return
    started, since = working
    elapsed = time.perf_counter() - since
    watcher.observer(
        replace(started, moment="reached", done=done, of=total, elapsed=elapsed)
    )
