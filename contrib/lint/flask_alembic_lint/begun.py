"""Which command runs, and what it was told; kept apart because it is cheap to import."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from flask import Flask

INSIDE: Final = ("current",)
"""Commands that linting itself asks for; they begin nothing."""

requested: ContextVar[dict[str, Any] | None] = ContextVar("requested", default=None)
"""Settings that the command line gave instead of the app's."""


@dataclass(frozen=True, eq=False)
class Begun:
    """A command that began."""

    command: str = ""
    """Its name; empty where a linter is asked outside of any command."""

    pending: bool = False
    """Whether it looks at pending revisions only."""


_begun: Final[WeakKeyDictionary[Flask, Begun]] = WeakKeyDictionary()
"""The last command of each app; commands of one app do not overlap."""

NONE: Final = Begun()


def begin(app: Flask, command: str, pending: bool) -> None:
    """Note that a command begins.

    :param app: The application.
    :param command: The command's name.
    :param pending: Whether it looks at pending revisions only.
    """
    if command not in INSIDE:
        _begun[app] = Begun(command, pending)


def begun(app: Flask) -> Begun:
    """Return the command that runs.

    :param app: The application.
    """
    return _begun.get(app, NONE)


_closers: Final[WeakKeyDictionary[Flask, Callable[[], None]]] = WeakKeyDictionary()
"""What ends with the command of each app."""


def at_end(app: Flask, closer: Callable[[], None]) -> None:
    """Have something closed when the command ends.

    :param app: The application.
    :param closer: Called once, instead of the one before.
    """
    _closers[app] = closer


def end(app: Flask, command: str) -> None:
    """Close what was begun for a command.

    :param app: The application.
    :param command: The command's name.
    """
    closer = None if command in INSIDE else _closers.pop(app, None)
    if closer is not None:
        closer()
