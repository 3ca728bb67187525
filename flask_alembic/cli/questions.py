"""Questions that come up while a command is running."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import click

from .output import current_output

_asking: ContextVar[bool] = ContextVar("asking", default=False)


@contextmanager
def asking() -> Iterator[None]:
    """Let what runs inside ask questions, if a person is there to answer."""
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


def ask(question: str) -> bool | None:
    """Ask a person a question; the default answer is no.

    :param question: What is asked.
    :return: The answer; ``None`` where nobody can be asked: outside of a command that
        asks, with a machine format, and where stdin is no terminal.
    :raises Abort: When they interrupt.
    """
    is_possible = (
        _asking.get() and current_output().format == "table" and sys.stdin.isatty()
    )
    return click.confirm(question, err=True) if is_possible else None
