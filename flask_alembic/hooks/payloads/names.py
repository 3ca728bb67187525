"""Words that payloads are made of."""

from __future__ import annotations

from typing import Literal

Direction = Literal["upgrade", "downgrade", "stamp"]
"""Which way a step goes."""

Mode = Literal["online", "sql", "plan", "dry-run"]
"""How a run goes about it: for real, as SQL text, only planned, or rolled back."""

Severity = Literal["error", "warning", "info"]
"""How much a problem matters; an ``error`` stops, the others are shown."""
