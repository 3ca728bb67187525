"""Signals that end a run as a failure would: rolled back, told and reported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..errors import MigrationFailed


class Terminated(BaseException):
    """``SIGTERM`` arrived during a run."""


class Interrupted(MigrationFailed, KeyboardInterrupt):
    """A run was interrupted from the keyboard; ``result`` says where.

    It is a ``KeyboardInterrupt`` too, so code that handles one goes on working.

    .. versionadded:: 4.0
    """

    exit_code = 130


@contextmanager
def termination_raises() -> Iterator[None]:
    """Let ``SIGTERM`` raise :class:`Terminated` inside, in the main thread.

    Python allows signal handlers only there; in other threads, and where the app
    handles the signal itself, nothing is changed.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
