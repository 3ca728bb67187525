"""What is seen of a run while it is at work: a live line, plain lines or JSON objects."""

from __future__ import annotations

import re
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Final

from ..environment.progress import Observer, Progress, observing
from ..hooks.passwords import hide_passwords
from . import moments, render
from .live import LiveLine, Ticker, fitting, is_possible
from .output import current_output, emit, note

RARELY: Final = 10.0
"""How often a plain line says how far a step is, in seconds."""

TICK: Final = 1.0
"""How often it is looked whether a step takes long, in seconds."""

OFTEN: Final = 1.0
"""How often a JSON object does, in seconds."""


@contextmanager
def shown() -> Iterator[None]:
    """Show the runs inside, in the way that the command's options ask for."""
    output = current_output()
    with_sql = output.verbosity > 1
    if output.format == "jsonl":
        with observing(_safe(Objects()), statements=with_sql):
            yield
    elif output.format != "table" or output.quiet:
        yield
    else:
        lines = Lines(output.verbosity)
        live: AbstractContextManager[Any] = nullcontext()
        if is_possible():
            lines.is_live = True
            live = LiveLine(lines.live)
        with live, lines, observing(_safe(lines), statements=with_sql):
            yield


def _safe(observer: Observer) -> Observer:
    """Return an observer that is silent once nobody reads it any more.

    A closed pipe must not stop a migration in the middle.
    """
    broken: list[BaseException] = []

    def observe(moment: Progress, /) -> None:
        if not broken:
            try:
                observer(moment)
            except (OSError, ValueError) as error:
                broken.append(error)

    return observe


class Objects:
    """Writes each moment as one JSON object on a line, as it happens."""

    def __init__(self) -> None:
        self._due = _Due(OFTEN)

    def __call__(self, moment: Progress, /) -> None:
        """Write a moment.

        :param moment: What has just happened.
        """
        if self._due.is_worth(moment):
            emit(moments.document(moment))


class Lines:
    """Writes lines on stderr, and knows what the live line says; a context manager.

    :param verbosity: 0 a line for each step, 1 files and transactions too, 2 and the
        SQL statements.
    """

    def __init__(self, verbosity: int) -> None:
        self.verbosity = verbosity
        self.is_live = False
        self._now: Progress | None = None
        self._reached: Progress | None = None
        self._began = self._since = time.monotonic()
        self._due = _Due(RARELY)
        self._ticker = Ticker(TICK, self._still)
        self._next_word = 0.0

    def __enter__(self) -> Lines:
        if not self.is_live:
            self._ticker.start()
        return self

    def __exit__(self, *error: object) -> None:
        if not self.is_live:
            self._ticker.stop()

    def __call__(self, moment: Progress, /) -> None:
        """Write what is to be said about a moment, if anything is.

        :param moment: What has just happened.
        """
        if moment.moment == "reached":
            self._reached = moment
        if moment.moment in {"reached", "building"} and not self.is_live:
            if self._due.is_worth(moment):
                note(moments.line(moment))
            return
        if moment.moment == "reached":
            return
        if moment.moment in {"started", "building", "waiting", "committed"}:
            self._now, self._reached = moment, None
            self._since = time.monotonic() - moment.elapsed
            self._next_word = time.monotonic() + RARELY
        for text in self._texts(moment):
            note(text)

    def _texts(self, moment: Progress) -> Iterator[str]:
        if moment.moment in {"begun", "committed"} and not self.verbosity:
            return
        if moment.moment == "building":
            return
        if moment.moment == "statement":
            yield textwrap.indent(sql_shown(moment.text), "    ")
            return
        if moment.moment == "started":
            if self.verbosity and moment.step is not None:
                yield moments.line(moment)
                if moment.step.path is not None:
                    yield f"    {moment.step.path}"
            return
        text = moments.line(moment, verbose=bool(self.verbosity))
        if text:
            yield text

    def _still(self) -> None:
        """Say that a step is at work, where there is no live line."""
        now, clock = self._now, time.monotonic()
        if now is None or now.moment != "started" or clock < self._next_word:
            return
        self._next_word = clock + 6 * RARELY
        with suppress(OSError, ValueError):
            note(moments.still(now, clock - self._since))

    def live(self, width: int) -> str:
        """Return what the live line says.

        :param width: How many columns it has.
        """
        now, reached, clock = self._now, self._reached, time.monotonic()
        if now is None:
            return ""
        head, tail = moments.live(
            now, reached, clock - self._since, clock - self._began
        )
        room = max(width - len(tail), 0)
        return fitting(fitting(render.readable(head), room) + tail, width)


class _Due:
    """Lets the words of :func:`flask_alembic.progress` through now and then.

    :param pause: How long to be silent after one, in seconds.
    """

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self._next = time.monotonic() + pause
        self._lock = threading.Lock()

    def is_worth(self, moment: Progress) -> bool:
        """Return whether a moment is to be told; all but those of a helper are.

        :param moment: What has just happened.
        """
        clock = time.monotonic()
        if moment.moment == "started":
            # A step that is done at once needs no word of its own.
            self._next = clock + self.pause
        if moment.moment not in {"reached", "building"}:
            return True
        with self._lock:
            if clock < self._next:
                return False
            self._next = clock + self.pause
            return True


_SECRETS: Final = re.compile(
    r"""(?i)\b(password|identified\s+(?:with\s+\S+\s+)?(?:by|as))(\s*=?\s*)'(?:[^']|'')*'"""
)


def sql_shown(sql: str) -> str:
    """Return a statement as ``-vv`` shows it: its text, without parameters.

    What a revision has written into the text is part of it, but the passwords of
    users and of URLs are masked.

    :param sql: The text that the driver gets.
    """
    lines = [line.rstrip() for line in _SECRETS.sub(r"\1\2'***'", sql).splitlines()]
    return render.readable(hide_passwords("\n".join(filter(None, lines)).expandtabs(4)))
