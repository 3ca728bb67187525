"""What was tried in a sandbox, and where in the code."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

LEFTOVERS: Final = 2.0
"""How long threads may go on that the function has started, in seconds."""


class NotAllowed(PermissionError):
    """Something that cannot be done in a sandbox was tried, and was not done.

    .. versionadded:: 4.0
    """


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that was refused.

    .. versionadded:: 4.0
    """

    what: str
    """What was tried, as a verb and its object; without passwords."""

    trace: tuple[tuple[str, int], ...] = ()
    """Where: file names and lines, the innermost call first. After those of another
    thread than the main one, those at which the main thread was then."""

    def line_in(self, filename: str) -> int | None:
        """Return the innermost line of a file that it was tried from.

        :param filename: As the code was compiled with.
        """
        return next((line for name, line in self.trace if name == filename), None)


@dataclass(slots=True)
class Watch:
    """What the function in a sandbox can see of it.

    .. versionadded:: 4.0
    """

    attempts: list[Attempt] = field(default_factory=list)
    """What was refused so far; it grows while code runs."""

    is_complete: bool = True
    """Whether compiled code is refused too, and not only Python's own functions."""

    _handlers: list[Callable[[], object]] = field(default_factory=list)
    _origin: list[tuple[str, int]] = field(default_factory=list)
    _threads: frozenset[int | None] = field(
        default_factory=lambda: frozenset(each.ident for each in threading.enumerate())
    )

    def at_exit(
        self, handler: Callable[P, R], *given: P.args, **named: P.kwargs
    ) -> Callable[P, R]:
        """Take the place of :func:`atexit.register` in a sandbox.

        :param handler: What is registered.
        :param given: Its arguments.
        :param named: Its named arguments.
        """
        origin = [*_lines(sys._getframe(1))]

        def run() -> None:
            self._origin = origin
            handler(*given, **named)

        self._handlers.append(run)
        return handler

    def settle(self) -> bool:
        """Let what was started come to its end: threads, and handlers of the exit.

        What these try is noted, too.

        :return: Whether nothing goes on.
        """
        while self._handlers:
            with contextlib.suppress(Exception, SystemExit):
                self._handlers.pop()()
        self._origin = []
        until = time.monotonic() + LEFTOVERS
        for thread in self._leftovers():
            thread.join(max(0.0, until - time.monotonic()))
        return not self._leftovers()

    def _leftovers(self) -> list[threading.Thread]:
        return [
            thread
            for thread in threading.enumerate()
            if thread.ident not in self._threads
        ]

    def note(self, what: str, depth: int = 1) -> None:
        """Note that something was tried.

        :param what: A verb and its object.
        :param depth: How many calls are not a part of the attempt.
        """
        frames = [*_lines(sys._getframe(depth)), *self._origin]
        main = threading.main_thread().ident
        if main is not None and main != threading.get_ident():
            frames += _lines(sys._current_frames().get(main))
        attempt = Attempt(what, tuple(frames))
        if attempt not in self.attempts:
            self.attempts.append(attempt)


def _lines(frame: FrameType | None) -> Iterator[tuple[str, int]]:
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
