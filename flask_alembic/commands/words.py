"""The words that were typed, kept for the hooks; the help of a command needs no more."""

from __future__ import annotations

from contextvars import ContextVar

argv: ContextVar[tuple[str, ...] | None] = ContextVar("argv", default=None)
"""The words after ``flask db``, set by the terminal."""
