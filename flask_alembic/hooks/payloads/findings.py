"""What somebody should know: problems, listeners that failed, ways to show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .names import Severity

if TYPE_CHECKING:
    from .commands import Report


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a reader of a revision should know before it runs.

    .. versionadded:: 4.0
    """

    code: str
    """A short, stable name: ``FA101``."""

    message: str
    """What is wrong and why, in one sentence."""

    severity: Severity = "warning"
    """How much it matters."""

    revision: str | None = None
    """The id of the revision."""

    path: Path | None = None
    """The file."""

    line: int | None = None
    """The line in the file, counted from 1."""

    database: str | None = None
    """The database it concerns, where it concerns only one."""

    advice: str = ""
    """What to do, or the safe way to write it."""

    url: str = ""
    """A page that explains it."""


@dataclass(frozen=True, slots=True)
class HookFailure:
    """A listener that failed without changing the outcome.

    .. versionadded:: 4.0
    """

    hook: str
    """The name of the hook or signal."""

    plugin: str
    """The plugin's name, or the receiver's for a signal."""

    distribution: str
    """The distribution and version the plugin came with; may be empty."""

    error: str
    """The kind and text of the error."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to show a report: what ``--format NAME`` picks.

    .. versionadded:: 4.0
    """

    name: str
    """What follows ``--format``."""

    render: Callable[[Report], str]
    """Makes the text from the report."""

    help: str = ""
    """One line for the help text."""
