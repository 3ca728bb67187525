"""Commands that look for what is wrong: what a plugin does cannot stop them.

A module of its own that imports nothing: ``flask db --help`` needs it, and no environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

DIAGNOSIS: Final = frozenset({"plugins", "hooks", "doctor"})
"""The commands that show what is wrong with plugins, so that none can stop them."""

diagnosing: ContextVar[bool] = ContextVar("diagnosing", default=False)
"""Whether the command that runs is one that looks for what is wrong."""


@contextmanager
def diagnosis(command: str) -> Iterator[None]:
    """Let a command that looks for what is wrong run, whatever plugins do.

    :param command: The name of the command.
    """
    token = diagnosing.set(diagnosing.get() or command in DIAGNOSIS)
    try:
        yield
    finally:
        diagnosing.reset(token)
