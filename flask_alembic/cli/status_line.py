"""A line at the foot of a terminal that is drawn again and again, and erased at the end.

Whatever else is written to the terminal meanwhile - a log line, a ``print`` of a
revision, our own words - goes above it: while the line is there, ``write`` of the two
streams erases it first. The streams themselves stay what they are, so that a logging
handler which holds one is seen too.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Any, Final, TextIO

PAUSE: Final = 0.1
"""How long a drawing stays, in seconds."""

ERASE: Final = "\r\x1b[K"
"""To the beginning of the line, and clear to its end."""

_ASKING: Final = frozenset({"pdb", "getpass"})
"""Modules that talk to a person below Python's streams."""


class Ticker(threading.Thread):
    """Calls something now and then until it is stopped.

    :param pause: How long to wait between two calls, in seconds.
    :param tick: What to call.
    """

    def __init__(self, pause: float, tick: Callable[[], None]) -> None:
        super().__init__(name="flask-alembic-progress", daemon=True)
        self.pause = pause
        self.tick = tick
        self._over = threading.Event()

    def run(self) -> None:
        """Call it until :meth:`stop`."""
        while not self._over.wait(self.pause):
            self.tick()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._over.set()
        if self is not threading.current_thread():
            self.join()


class LiveLine:
    """A line on stderr, which has to be a terminal; a context manager.

    :param text: Gives what the line says, for a width in columns; empty for no line.
    :param pause: How long a drawing stays, in seconds.
    """

    def __init__(self, text: Callable[[int], str], pause: float = PAUSE) -> None:
        self.text = text
        self._lock = threading.RLock()
        self._drawn = ""
        self._is_held = False
        self._stack = ExitStack()
        self._ticker = Ticker(pause, self.draw)

    def __enter__(self) -> LiveLine:
        self._terminal: TextIO = sys.stderr
        self._write: Callable[[str], Any] = sys.stderr.write
        for stream in dict.fromkeys((sys.stdout, sys.stderr)):
            if isinstance(stream, io.TextIOWrapper) and stream.isatty():
                self._put_before(stream)
        self._ticker.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ticker.stop()
        with self._lock:
            self._erase()
        self._stack.close()

    def draw(self) -> None:
        """Draw what there is to say now."""
        with self._lock:
            if self._is_held or self._is_asking():
                return
            text = self.text(width_of(self._terminal) - 1)
            if text != self._drawn:
                self._drawn = text
                self._send(f"\r{text}\x1b[K" if text else ERASE)

    def _erase(self) -> None:
        if self._drawn:
            self._drawn = ""
            self._send(ERASE)

    def _send(self, text: str) -> None:
        # A terminal that is gone is nobody's reason to stop a migration.
        with suppress(OSError, ValueError):
            self._write(text)
            self._terminal.flush()

    def _put_before(self, stream: TextIO) -> None:
        """Erase the line before anything is written to a stream."""
        original = stream.write
        own = "write" in vars(stream)

        def write(text: str) -> int:
            with self._lock:
                self._erase()
                written = original(text)
                if text:
                    # Half a line belongs to somebody who is writing: drawing would cover it.
                    self._is_held = not text.endswith("\n")
                return written

        def restore() -> None:
            if own:
                stream.write = original  # type: ignore[method-assign]
            else:
                del stream.write

        stream.write = write  # type: ignore[method-assign]
        self._stack.callback(restore)

    def _is_asking(self) -> bool:
        """Whether a debugger or a question is active in some thread."""
        for frame in sys._current_frames().values():
            inner: FrameType | None = frame
            while inner is not None:
                if inner.f_globals.get("__name__") in _ASKING:
                    return True
                inner = inner.f_back
        return False


def is_possible() -> bool:
    """Return whether stderr is a terminal on which a line can be drawn."""
    stream = sys.stderr
    return (
        os.name != "nt"
        and stream.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
        and isinstance(stream, io.TextIOWrapper)
        # Click writes past it where its encoding is a misconfigured ASCII.
        and codecs.lookup(stream.encoding).name != "ascii"
    )


def width_of(terminal: TextIO) -> int:
    """Return how many columns a terminal has.

    :param terminal: The terminal.
    """
    try:
        return os.get_terminal_size(terminal.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def fitting(text: str, width: int) -> str:
    """Return as much of a text as has room; letters of East Asia take two columns.

    :param text: A text without control characters.
    :param width: How many columns there are.
    """
    taken = 0
    for index, character in enumerate(text):
        if not unicodedata.combining(character):
            taken += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if taken > width:
            return text[:index]
    return text
