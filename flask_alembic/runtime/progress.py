"""Notifying plugins of what happens during a command: the hook ``progress``.

What the terminal shows of it is the built-in plugin of that name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..hooks import specs
from ..hooks.payloads import ProgressEvent

if TYPE_CHECKING:
    from ..hooks.dispatcher import Hooks


@dataclass
class ProgressDisplay:
    """Where the progress of a command may be shown; the built-in plugin shows it."""

    statements: bool
    """Whether the statements are wanted too."""

    stack: ExitStack
    """Closes what the plugin opens, when the command's work is done."""

    show: Callable[[ProgressEvent], None] | None = None
    """What shows an event; set with the first one."""


_display: ContextVar[ProgressDisplay | None] = ContextVar("display", default=None)
_at_work: ContextVar[tuple[ProgressEvent, float, Hooks] | None] = ContextVar(
    "at_work", default=None
)
"""The step whose function is being called, since when, and the hooks of its run."""


@contextmanager
def displayed(*, statements: bool = False) -> Iterator[None]:
    """Let the progress of what runs inside be shown.

    :param statements: Whether the statements are shown too.
    """
    with ExitStack() as stack:
        token = _display.set(ProgressDisplay(statements, stack))
        try:
            yield
        finally:
            _display.reset(token)


def current_display() -> ProgressDisplay | None:
    """Return where progress may be shown; ``None`` with ``--quiet`` or in Python."""
    return _display.get()


def is_displayed(hooks: Hooks) -> bool:
    """Return whether the terminal shows progress, so that a log need not repeat it.

    :param hooks: The dispatcher of the command.
    """
    return _display.get() is not None and "progress" in hooks.implementations(
        specs.progress
    )


def is_heard(hooks: Hooks) -> bool:
    """Return whether anybody listens to what happens often.

    :param hooks: The dispatcher of the command.
    """
    return _display.get() is not None or hooks.implemented(specs.progress)


def wants_statements(hooks: Hooks) -> bool:
    """Return whether anybody listens to statements.

    :param hooks: The dispatcher of the command.
    """
    display = _display.get()
    shown = display is not None and display.statements
    return shown or hooks.implemented(specs.progress)


def notify(hooks: Hooks, event: ProgressEvent) -> None:
    """Notify every plugin of an event.

    :param hooks: The dispatcher of the command.
    :param event: What has happened.
    """
    hooks.event(specs.progress, event=event)


@contextmanager
def at_work(hooks: Hooks, started: ProgressEvent) -> Iterator[None]:
    """Let :func:`progress` speak for a step inside, if anybody listens.

    :param hooks: The dispatcher of the command.
    :param started: The event that the step began with.
    """
    working = (started, time.perf_counter(), hooks) if is_heard(hooks) else None
    token = _at_work.set(working)
    try:
        yield
    finally:
        _at_work.reset(token)


def progress(done: float, total: float | None = None) -> None:
    """Say how far a revision is with the data that it changes.

    To be called in ``upgrade()`` or ``downgrade()``, as often as is handy: a terminal
    shows it in its live line, a pipe or a log gets a line now and then, ``--format
    jsonl`` an object at most once a second, and a plugin's ``progress`` hook each call.
    It changes nothing in the database, and does nothing where nobody listens: with ``--sql``, ``--quiet`` or in Python, in
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
    working = _at_work.get()
    if working is None:
        return
    started, since, hooks = working
    elapsed = time.perf_counter() - since
    notify(
        hooks,
        replace(started, kind="progress", done=done, of=total, elapsed=elapsed),
    )
