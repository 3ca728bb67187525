"""What is seen of a run while it is running: a live line, plain lines or JSON objects."""

from __future__ import annotations

import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any, Final

from ..cli.output import current_output, emit, note
from ..cli.status_line import LiveLine, Ticker, fitting, is_possible
from ..cli.text import readable, step_line
from ..hooks.markers import hookimpl
from ..hooks.payloads import ProgressEvent
from ..hooks.redaction import headline, hide_secrets
from ..runtime.progress import current_display
from .json_format import VERSION, plain
from .json_format import step as step_document

Observer = Callable[[ProgressEvent], None]
"""What shows an event."""

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "planned": ("total",),
    "database_started": ("total", "text"),
    "started": ("number", "total"),
    "scratch_step": ("number", "total"),
    "progress": ("number", "total", "done", "of"),
    "finished": ("number", "total", "statements"),
    "applied": ("number", "total"),
    "committed": ("number",),
    "retrying": (),
}
"""What an event holds beside what all do; ``text`` where it is not named."""


def document(event: ProgressEvent) -> dict[str, Any]:
    """Return an event as what JSON can hold.

    :param event: What has just happened.
    """
    made: dict[str, Any] = {
        "event": event.kind,
        "version": VERSION,
        "database": event.database,
        "elapsed": round(event.elapsed, 6),
    }
    if event.step is not None:
        made["step"] = step_document(event.step)
    for name in _FIELDS.get(event.kind, ("text",)):
        made[name] = plain(getattr(event, name))
    return made


def line(event: ProgressEvent, *, verbose: bool = False) -> str:
    """Return an event as a plain line; empty where nothing is to be said.

    :param event: What has just happened.
    :param verbose: Whether its step was named when it began.
    """
    where = f"[{event.database}] " if event.database else ""
    said = _waits(event)
    if said:
        return where + said
    if event.kind == "database_started":
        return f"{where}{_count(event.total, 'revision')}, {event.text}."
    if event.kind == "committed":
        return f"{where}Committed {_count(event.number, 'revision')}."
    if event.step is None:
        return ""
    place = f"{where}{event.number}/{event.total}"
    if event.kind == "scratch_step":
        return f"{place} {event.step.revision} on a scratch database"
    if event.kind == "started":
        return f"{place} {step_line(event.step)}"
    if event.kind == "progress":
        return (
            f"{place} {event.step.revision}: {reached(event)} "
            f"after {clock(event.elapsed)}"
        )
    if event.kind == "finished" and verbose:
        sent = _count(event.statements, "statement")
        return f"{place} {event.step.revision} took {event.elapsed:.2f} s, {sent}"
    if event.kind == "finished":
        return f"{place} {step_line(event.step)} ({event.elapsed:.2f} s)"
    return ""


def _waits(event: ProgressEvent) -> str:
    """Return a sentence about something that is waited for."""
    if event.kind == "waiting":
        return (
            f"Waiting for the migration lock for {event.elapsed:.0f} s; "
            f"it is held by {event.text}."
        )
    if event.kind == "not_ready":
        return f"Still {event.text} after {event.elapsed:.0f} s."
    if event.kind == "blocked":
        return f"Waiting for {event.elapsed:.0f} s behind {event.text}."
    if event.kind == "journal_discarded":
        return f"{event.text} no longer counts as partially applied."
    if event.kind == "retrying":
        return f"Lock timeout; retrying in {event.elapsed:.1f} s."
    return ""


def still(event: ProgressEvent, elapsed: float) -> str:
    """Return a plain line about a step that takes long.

    :param event: Its event ``started``.
    :param elapsed: How long it has been running, in seconds.
    """
    return f"{line(event)}: running for {clock(elapsed)}"


def live(
    event: ProgressEvent, reached_: ProgressEvent | None, elapsed: float, whole: float
) -> tuple[str, str]:
    """Return what a live line says: what may be cut off, and what may not.

    :param event: What began last.
    :param reached_: What the step has said of itself.
    :param elapsed: How long that has been running, in seconds.
    :param whole: How long the command has been running, in seconds.
    """
    where = f"[{event.database}] " if event.database else ""
    times = f" {clock(elapsed)}"
    if whole - elapsed >= 1:
        times += f" of {clock(whole)}"
    if event.kind == "waiting":
        return f"{where}Waiting for the migration lock", times
    if event.kind == "committed":
        return f"{where}Committed {_count(event.number, 'revision')}", times
    if event.step is None:
        return "", ""
    doing = "building" if event.kind == "scratch_step" else event.step.direction
    doc = headline(event.step.doc)
    doc = f", {doc}" if doc else ""
    head = f"{where}{event.number}/{event.total} {doing} {event.step.revision}{doc}"
    tail = f": {reached(reached_)}" if reached_ is not None else ""
    return head, tail + times


def reached(event: ProgressEvent) -> str:
    """Return how far a step is: ``1500 of 20000 (7%)``.

    :param event: What it said of itself.
    """
    if event.of is None:
        return f"{_number(event.done)} done"
    share = ""
    try:
        if event.done is not None and event.of > 0:
            share = f" ({min(event.done / event.of, 1):.0%})"
    except (TypeError, ValueError, ArithmeticError):
        pass
    return f"{_number(event.done)} of {_number(event.of)}{share}"


def _number(value: object) -> str:
    """Return a number as people write it; a revision may give anything."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return readable(str(value))


def clock(seconds: float) -> str:
    """Return a span of time: ``0:07``, ``12:34``, ``1:02:03``.

    :param seconds: How long.
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


RARELY: Final = 10.0
"""How often a plain line says how far a step is, in seconds."""

TICK: Final = 1.0
"""How often it is looked whether a step takes long, in seconds."""

OFTEN: Final = 1.0
"""How often a JSON object does, in seconds."""


@hookimpl(trylast=True)
def progress(event: ProgressEvent) -> None:
    """Show an event on the terminal, or write it with ``--format jsonl``."""
    display = current_display()
    if display is None or (event.kind == "statement" and not display.statements):
        return
    if display.show is None:
        display.show = _safe(_open(display.stack))
    display.show(event)


def _open(stack: ExitStack) -> Observer:
    """Return what shows events in the way that the command's options ask for."""
    output = current_output()
    if output.format == "jsonl":
        return Objects()
    lines = Lines(output.verbosity)
    if is_possible():
        lines.is_live = True
        stack.enter_context(LiveLine(lines.live))
    return stack.enter_context(lines)


def _safe(observer: Observer) -> Observer:
    """Return an observer that is silent once nobody reads it any more.

    A closed pipe must not stop a migration in the middle.
    """
    broken: list[BaseException] = []

    def observe(event: ProgressEvent, /) -> None:
        if not broken:
            try:
                observer(event)
            except (OSError, ValueError) as error:
                broken.append(error)

    return observe


class Objects:
    """Writes each event as one JSON object on a line, as it happens."""

    def __init__(self) -> None:
        self._due = _Due(OFTEN)

    def __call__(self, event: ProgressEvent, /) -> None:
        """Write an event.

        :param event: What has just happened.
        """
        if self._due.is_worth(event):
            emit(document(event))


class Lines:
    """Writes lines on stderr, and knows what the live line says; a context manager.

    :param verbosity: 0 a line for each step, 1 files and transactions too, 2 and the
        SQL statements.
    """

    def __init__(self, verbosity: int) -> None:
        self.verbosity = verbosity
        self.is_live = False
        self._now: ProgressEvent | None = None
        self._reached: ProgressEvent | None = None
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

    def __call__(self, event: ProgressEvent, /) -> None:
        """Write what is to be said about an event, if anything is.

        :param event: What has just happened.
        """
        if event.kind == "progress":
            self._reached = event
        if event.kind in {"progress", "scratch_step"} and not self.is_live:
            if self._due.is_worth(event):
                note(line(event))
            return
        if event.kind == "progress":
            return
        if event.kind in {"started", "scratch_step", "waiting", "committed"}:
            self._now, self._reached = event, None
            self._since = time.monotonic() - event.elapsed
            self._next_word = time.monotonic() + RARELY
        for text in self._texts(event):
            note(text)

    def _texts(self, event: ProgressEvent) -> Iterator[str]:
        if event.kind in {"database_started", "committed"} and not self.verbosity:
            return
        if event.kind == "scratch_step":
            return
        if event.kind == "statement":
            yield textwrap.indent(sql_shown(event.text), "    ")
            return
        if event.kind == "started":
            if self.verbosity and event.step is not None:
                yield line(event)
                if event.step.path is not None:
                    yield f"    {event.step.path}"
            return
        text = line(event, verbose=bool(self.verbosity))
        if text:
            yield text

    def _still(self) -> None:
        """Say that a step is running, where there is no live line."""
        now, clock = self._now, time.monotonic()
        if now is None or now.kind != "started" or clock < self._next_word:
            return
        self._next_word = clock + 6 * RARELY
        with suppress(OSError, ValueError):
            note(still(now, clock - self._since))

    def live(self, width: int) -> str:
        """Return what the live line says.

        :param width: How many columns it has.
        """
        now, reached, clock = self._now, self._reached, time.monotonic()
        if now is None:
            return ""
        head, tail = live(now, reached, clock - self._since, clock - self._began)
        room = max(width - len(tail), 0)
        return fitting(fitting(readable(head), room) + tail, width)


class _Due:
    """Lets the words of :func:`flask_alembic.progress` through now and then.

    :param pause: How long to be silent after one, in seconds.
    """

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self._next = time.monotonic() + pause
        self._lock = threading.Lock()

    def is_worth(self, event: ProgressEvent) -> bool:
        """Return whether an event is to be told; all but those of a helper are.

        :param event: What has just happened.
        """
        clock = time.monotonic()
        if event.kind == "started":
            # A step that is done at once needs no word of its own.
            self._next = clock + self.pause
        if event.kind not in {"progress", "scratch_step"}:
            return True
        with self._lock:
            if clock < self._next:
                return False
            self._next = clock + self.pause
            return True


def sql_shown(sql: str) -> str:
    """Return a statement as ``-vv`` shows it: its text, without parameters.

    What a revision has written into the text is part of it, but the passwords of
    users and of URLs are masked.

    :param sql: The text that the driver gets.
    """
    lines = [line.rstrip() for line in hide_secrets(sql).splitlines()]
    return readable("\n".join(filter(None, lines)).expandtabs(4))
