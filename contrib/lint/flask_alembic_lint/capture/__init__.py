"""Running a revision where it can reach no database, and writing down what it did."""

from __future__ import annotations

from .events import Capture, Event, Failure, Refusal
from .running import capture, unread_capture

__all__ = ["Capture", "Event", "Failure", "Refusal", "capture", "unread_capture"]
