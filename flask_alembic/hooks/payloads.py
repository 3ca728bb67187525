"""What travels through hooks and signals: frozen, slotted, without secrets.

A field may be added in any release; none is renamed or removed without a
deprecation. Databases go by name: no URL, no password and no statement
parameter is ever part of a payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.script import Script

Direction = Literal["upgrade", "downgrade", "stamp"]
"""Which way a step goes."""

Mode = Literal["online", "sql", "plan", "dry-run"]
"""How a run goes about it: for real, as SQL text, only planned, or rolled back."""

Severity = Literal["error", "warning", "info"]
"""How much a problem matters; an ``error`` stops, the others are shown."""


class Stash(dict[str, Any]):
    """Where plugins keep what belongs to one run, by keys of their own.

    An entry-point plugin is shared by all apps and runs of a process, so it
    keeps no state on itself; prefix the key with the plugin's name.

    .. versionadded:: 4.0
    """


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


@dataclass(frozen=True, slots=True)
class RevisionRequest:
    """A new revision file that somebody asked for.

    .. versionadded:: 4.0
    """

    kind: Literal["revision", "merge"]
    """Whether it is an ordinary revision or merges heads."""

    message: str
    """What was typed about it; may hold anything."""

    autogenerate: bool
    """Whether models and databases are compared."""

    parents: tuple[str, ...]
    """The ids of the parents; empty for a new base."""

    splice: bool = False
    """Whether a parent may be something else than a head."""

    branch_labels: tuple[str, ...] = ()
    """The labels that the new revision will carry."""

    branch: str | None = None
    """The independent branch it belongs to, if one was named."""

    depends_on: tuple[str, ...] = ()
    """The revisions it depends on beside its parents."""

    path: Path | None = None
    """The folder it will be written to."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """What else was asked for."""


@dataclass(frozen=True, slots=True)
class VersionLocation:
    """A folder of revisions, and the branch that lives there.

    .. versionadded:: 4.0
    """

    path: str | Path
    """The folder: absolute, ``package:path``, or relative like script_location."""

    branch: str | None = None
    """The branch label of new revisions there; ``None`` for none."""


@dataclass(frozen=True, slots=True)
class LintTarget:
    """A revision to look at for problems.

    .. versionadded:: 4.0
    """

    revision: str
    """The id of the revision."""

    path: Path | None
    """Its file; ``None`` while it is not written."""

    source: str
    """The Python text of the file."""

    script: Script | None = None
    """The loaded revision, where there is one."""

    directive: MigrationScript | None = None
    """The operations to be rendered, where it is being generated."""

    dialects: Mapping[str, str] = field(default_factory=dict)
    """Per database: the name of its SQLAlchemy dialect."""


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
