"""What happens during a run, told at once to whoever watches it.

Unlike the hooks this is no extension point: it is how the terminal draws its
lines while a command, which returns data, is still at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from ..hooks.payloads import Step

Moment = Literal[
    "planned", "started", "applied", "waiting", "blocked", "retrying", "unready"
]
"""What has just happened."""


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
    """Who is waited for, or the statement."""


Observer = Callable[[Progress], None]

_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Let ``observer`` be called with each moment of the runs inside.

    :param observer: What to call; it must not raise.
    """
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def current_observer() -> Observer:
    """Return who watches, to be handed to a thread."""
    return _observer.get() or (lambda moment: None)


def tell(moment: Progress) -> None:
    """Tell whoever watches.

    :param moment: What has just happened.
    """
    current_observer()(moment)
