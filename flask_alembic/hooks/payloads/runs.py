"""Runs: what is planned, what became of each step, where one stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .names import Direction, Mode


class Stash(dict[str, Any]):
    """Where plugins keep what belongs to one run, by keys of their own.

    An entry-point plugin is shared by all apps and runs of a process, so it
    keeps no state on itself; prefix the key with the plugin's name.

    .. versionadded:: 4.0
    """


@dataclass(frozen=True, slots=True)
class Step:
    """One revision to apply, take back or stamp in one database.

    .. versionadded:: 4.0
    """

    revision: str
    """The id of the revision."""

    down_revisions: tuple[str, ...]
    """The ids of its parents; empty for a base."""

    direction: Direction
    """Which way the step goes."""

    doc: str
    """The first line of what the author wrote about the revision."""

    path: Path | None
    """The revision's file; ``None`` where a stamp goes to base."""

    database: str
    """The name of the database."""

    branch_labels: tuple[str, ...] = ()
    """The labels that the revision's file itself gives."""

    @property
    def is_stamp(self) -> bool:
        """Whether only the version table changes."""
        return self.direction == "stamp"


@dataclass(frozen=True, slots=True)
class Run:
    """An upgrade, downgrade or stamp over one or more databases.

    .. versionadded:: 4.0
    """

    id: str
    """Unique for the run; 12 hexadecimal digits."""

    command: Direction
    """What was asked for."""

    target: str
    """Where to, as it was typed: ``heads``, ``-1``, ``1a2b``."""

    mode: Mode
    """For real, as SQL, as a plan, or rolled back at the end."""

    plan: tuple[Step, ...]
    """Every step, in the order in which they will run."""

    heads: Mapping[str, tuple[str, ...]]
    """Per database: the revisions it is at before the run."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """What else was asked for."""

    is_baseline: bool = False
    """Whether this stamps a database that has no version yet."""

    stash: Stash = field(default_factory=Stash, compare=False)
    """A place for plugins to keep what belongs to this run."""

    @property
    def databases(self) -> tuple[str, ...]:
        """The names of the databases that take part, in order."""
        return tuple(self.heads)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about to be sent, without its parameters.

    .. versionadded:: 4.0
    """

    sql: str
    """The text as the driver gets it, with placeholders."""

    many: bool = False
    """Whether it is sent once for each of several parameter sets."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step.

    .. versionadded:: 4.0
    """

    step: Step
    """The step."""

    elapsed: float
    """How long it took, in seconds."""

    statements: int = 0
    """How many statements were sent for it, the version row not counted."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why and where a run stopped, and what is in effect now.

    .. versionadded:: 4.0
    """

    database: str
    """The database in which it stopped."""

    step: Step | None
    """The step that failed; ``None`` when it was none, as at COMMIT."""

    error: str
    """The kind and the first line of the error, without parameters."""

    path: Path | None = None
    """The revision's file."""

    line: int | None = None
    """The line in that file which was running, counted from 1."""

    statement: str | None = None
    """The statement that failed, without its parameters."""

    in_effect: tuple[str, ...] = ()
    """Statements of the failed step which the database has committed."""

    rolled_back: tuple[Step, ...] = ()
    """Steps that had run and were undone with the failed one."""

    version_table_right: bool = True
    """Whether the version table tells the truth about the schema."""

    advice: str = ""
    """What to type next."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did.

    .. versionadded:: 4.0
    """

    run: Run
    """What was asked for."""

    applied: tuple[StepResult, ...] = ()
    """The steps that are durable, in order; empty when nothing was to do."""

    heads_before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: where it was."""

    heads_after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: where it is."""

    not_started: tuple[Step, ...] = ()
    """The steps that were planned and not begun."""

    failure: Failure | None = None
    """Where it stopped; ``None`` on success."""

    sql: str | None = None
    """The SQL text, in ``sql`` mode."""

    elapsed: float = 0.0
    """How long the whole took, in seconds."""

    @property
    def ok(self) -> bool:
        """Whether the run reached its target."""
        return self.failure is None

    @property
    def changed(self) -> bool:
        """Whether any database was changed for good."""
        return bool(self.applied) or bool(self.failure and self.failure.in_effect)
