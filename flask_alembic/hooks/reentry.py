"""Listeners that run a command themselves are not called for that command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_at_work: ContextVar[frozenset[tuple[object, ...]]] = ContextVar(
    "at_work", default=frozenset()
)
"""Which listeners are being called in this context."""


@contextmanager
def entered(*key: object) -> Iterator[bool]:
    """Note that a listener is being called.

    A plugin that reads something in ``before_command`` or ``after_command``, with
    ``alembic.current()`` for one, begins a command; if that were announced to the
    plugin too, it would never end. Other listeners hear of it.

    :param key: What tells the listener, the hook and the app from others.
    :return: Whether it may be called: it is not at work already.
    """
    active = _at_work.get()
    if key in active:
        yield False
        return
    token = _at_work.set(active | {key})
    try:
        yield True
    finally:
        _at_work.reset(token)
