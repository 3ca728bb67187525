"""What was asked for and how it ended: for every command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.script import Script

    from .findings import HookFailure, Problem
    from .runs import Run, RunResult


@dataclass(frozen=True, slots=True)
class Command:
    """A command that somebody asked for, from the terminal or in Python.

    .. versionadded:: 4.0
    """

    name: str
    """The command's name as on the terminal: ``upgrade``, ``current``."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """The arguments that the command was called with."""

    argv: tuple[str, ...] | None = None
    """The words after ``flask db``; ``None`` when called from Python."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a command ended; what ``after_command`` and ``--format`` get.

    .. versionadded:: 4.0
    """

    command: Command
    """What was asked for."""

    ok: bool
    """Whether it ended well. A check that says no is not ok."""

    exit_code: int = 0
    """The status that the terminal gets."""

    error: BaseException | None = None
    """What stopped it."""

    run: Run | None = None
    """The run, for upgrade, downgrade and stamp."""

    result: RunResult | None = None
    """What the run did."""

    scripts: tuple[Script, ...] = ()
    """The revisions that a command generated or listed."""

    problems: tuple[Problem, ...] = ()
    """What was found by checks and linters."""

    diffs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Per database: differences between models and database."""

    data: Any = None
    """The rest of the answer, in plain lists and dicts that JSON can hold."""

    hook_failures: tuple[HookFailure, ...] = ()
    """Listeners that failed; they changed nothing."""

    elapsed: float = 0.0
    """How long the command took, in seconds."""
