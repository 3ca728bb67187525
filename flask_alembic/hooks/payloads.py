"""What travels through hooks and signals: frozen, slotted, without secrets.

A field may be added in any release; none is renamed or removed without a
deprecation. Databases go by name: no URL, no password and no statement
parameter is ever part of a payload.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.script import Script
    from sqlalchemy.engine import Connection

    from .history_graph import HistoryGraph


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

    warnings: tuple[str, ...] = ()
    """What may have been missed: plugins that did not load, missing folders."""


Direction = Literal["upgrade", "downgrade", "stamp"]
"""Which way a step goes."""

ModeName = Literal["online", "sql", "plan", "dry-run"]
"""The mode of a run as a word, which every method takes as well as a :class:`Mode`."""

Severity = Literal["error", "warning", "info"]
"""How much a problem matters; an ``error`` stops, the others are shown."""


class Mode(str, Enum):
    """How a run is executed.

    Each is a ``str`` too, so that ``run.mode == "online"`` compares as expected.

    .. versionadded:: 4.0
    """

    ONLINE = "online"
    """The revisions are executed and committed."""

    DRY_RUN = "dry-run"
    """The revisions are executed and rolled back."""

    SQL = "sql"
    """The SQL is written; no database is connected."""

    PLAN = "plan"
    """The steps are planned and the guards asked; nothing is executed."""

    # Python 3.10 and 3.11 differ from 3.12 in what a str Enum formats as.
    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


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

    irreversible: bool | str = False
    """Whether the revision's file says that it cannot be reverted, or the reason that
    it gives: ``irreversible`` in the file."""

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

    operation: Direction
    """What is done: ``upgrade``, ``downgrade`` or ``stamp``."""

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
class RevisionProof:
    """What became of one revision that was run up, down and up on a scratch database.

    .. versionadded:: 4.0
    """

    revision: str
    """The id of the revision."""

    database: str
    """The name of the database."""

    doc: str = ""
    """The first line of what the author wrote about the revision."""

    path: Path | None = None
    """The revision's file."""

    server: str = ""
    """Name and version of the server that it was run on, such as ``PostgreSQL 15.4``."""

    steps: tuple[str, ...] = ()
    """What was done and holds, in order: ``up``, ``down``, ``up``."""

    irreversible: bool = False
    """Whether its file says that it has no way back, so that it was only run up."""

    failed: Literal["", "up", "models", "down", "schema", "up again", "again"] = ""
    """What does not hold; empty when all does.

    ``up``, ``down`` and ``up again`` failed to run. ``models``: after the upgrade the
    models and the database differ. ``schema``: after the downgrade the schema is not
    what it was. ``again``: the second upgrade makes another schema than the first.
    """

    reason: str = ""
    """Why it does not hold, or why it was not run, in the words of the database."""

    operation: str = ""
    """The statement of the file that failed."""

    line: int | None = None
    """Its line in the file, counted from 1."""

    statement: str = ""
    """The SQL statement that failed."""

    differences: tuple[str, ...] = ()
    """In what the schemas, or the models and the database, differ."""

    advice: str = ""
    """What to do."""

    not_proved: bool = False
    """Whether it could not be run at all, for the ``reason``; then nothing is known."""

    @property
    def ok(self) -> bool:
        """Whether it was run and everything holds."""
        return not self.failed and not self.not_proved


ProgressKind = Literal[
    "planned",
    "database_started",
    "started",
    "progress",
    "statement",
    "finished",
    "applied",
    "committed",
    "waiting",
    "blocked",
    "retrying",
    "not_ready",
    "journal_discarded",
    "scratch_step",
]
"""What has happened: ``finished`` when the function of a revision has returned, ``applied``
when that is durable; ``scratch_step`` is a step on a scratch database."""


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """Something that happened while a command is running.

    .. versionadded:: 4.0
    """

    kind: ProgressKind
    """What has happened."""

    run_id: str = ""
    """The ``id`` of the :class:`Run`; empty outside a run, as while waiting for a lock."""

    database: str = ""
    """The name of the database; empty where it concerns all."""

    step: Step | None = None
    """The revision."""

    number: int = 0
    """Which step of the plan it is, counted from 1; of ``committed`` how many steps."""

    total: int = 0
    """How many steps the plan has."""

    elapsed: float = 0.0
    """Seconds that the step took, or that the wait has lasted."""

    text: str = ""
    """Who is waited for, the statement, or how transactions are used."""

    statements: int = 0
    """How many statements the step has sent."""

    done: float | None = None
    """How much of its data a revision has processed: see :func:`flask_alembic.progress`."""

    of: float | None = None
    """How much of it there is, if the revision knows."""


@dataclass(frozen=True, slots=True)
class SqlStatement:
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
class RunFailure:
    """Why and where a run stopped, and what is in effect now.

    .. versionadded:: 4.0
    """

    database: str
    """The database in which it stopped; empty where it was none of them."""

    step: Step | None
    """The step that failed; ``None`` when it was none, as at the COMMIT of several."""

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
    """Steps that had run and were rolled back with the failed one."""

    not_known: tuple[Step, ...] = ()
    """Steps of which it is not known whether they are applied: COMMIT was sent, and
    the database could not be asked afterwards."""

    uncertain: tuple[str, ...] = ()
    """Statements of the failed step of which it is not known whether they are applied:
    somebody else has ended the transaction."""

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
    """The steps that are durable, in order; empty when nothing was to do, and in a dry
    run."""

    tried: tuple[StepResult, ...] = ()
    """The steps that a dry run has executed and rolled back, in order."""

    heads_before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: where it was."""

    heads_after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: where it is."""

    not_started: tuple[Step, ...] = ()
    """The steps that were planned and not begun."""

    failure: RunFailure | None = None
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
        """Whether any database was changed for good, or may have been."""
        failure = self.failure
        maybe = failure and (
            failure.in_effect or failure.not_known or failure.uncertain
        )
        return bool(self.applied) or bool(maybe)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check or a linter reports of the project or a revision, with a severity.

    It may point to a file and a line, and says in ``advice`` what to do. What is wrong with
    a history or a database as it is now, with the command that fixes it, is a
    :class:`Finding`.

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
class OutputFormat:
    """A way to show a report: what ``--format NAME`` picks.

    .. versionadded:: 4.0
    """

    name: str
    """What follows ``--format``."""

    render: Callable[[Report], str]
    """Makes the text from the report."""

    help: str = ""
    """One line for the help text."""


@dataclass(frozen=True, slots=True)
class GraphFormat:
    """A way to draw the history: what ``flask db graph --format NAME`` picks.

    .. versionadded:: 4.0
    """

    name: str
    """What follows ``--format``."""

    render: Callable[[HistoryGraph], str]
    """Makes the text of the drawing from what :meth:`flask_alembic.Alembic.graph`
    returns."""

    is_file: bool = False
    """Whether the text is for a file, such as an image, and not for a terminal."""

    help: str = ""
    """One line for completion."""

    operations: bool = True
    """Whether it shows what each revision does, which has to be read from the files."""


@dataclass(frozen=True, slots=True)
class RevisionTemplate:
    """What new revision files are made from: what ``flask db init -t NAME`` picks.

    .. versionadded:: 4.0
    """

    name: str
    """What follows ``--template``."""

    path: str | Path
    """A file, or a folder that holds a ``script.py.mako``: an absolute path, or
    ``package:path`` inside an installed package."""

    help: str = ""
    """One line for the list of templates."""


Fix = Callable[["Connection"], "Iterable[str] | None"]
"""Fixes a finding on a connection, and returns what it did, a sentence each."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What ``doctor`` finds wrong with a history or a database, and what fixes it.

    Unlike a :class:`Problem` it has no severity, and always a command; ``doctor --fix``
    may call its ``fix``. The report lists it as a problem too: see :meth:`problem`.

    .. versionadded:: 4.0
    """

    code: str
    """A short, stable name: ``narrow-column``."""

    message: str
    """What is wrong and how that comes about."""

    command: str
    """What to type to fix it."""

    database: str | None = None
    """The database; ``None`` when it is about the revision files."""

    advice: str = ""
    """What to know before typing it."""

    fix: Fix | None = None
    """What ``doctor --fix`` calls, if that is safe, for a finding about a database.

    The migration lock is held, and a transaction is open that is committed when all
    fixes of the database have run: it neither commits nor rolls back itself.
    """

    done: tuple[str, ...] = ()
    """What ``doctor --fix`` did, statement by statement."""

    @property
    def fixable(self) -> bool:
        """Whether ``doctor --fix`` fixes it."""
        return self.fix is not None

    @property
    def fixed(self) -> bool:
        """Whether it was fixed."""
        return bool(self.done)

    def as_fixed(self, done: tuple[str, ...]) -> Finding:
        """Return this finding as fixed.

        :param done: What was done.
        """
        return replace(self, done=done)

    def problem(self) -> Problem:
        """Return it as others report what they find."""
        advice = f"{self.advice} Fix it with: {self.command}".strip()
        return Problem(
            self.code,
            self.message,
            "info" if self.fixed else "error",
            database=self.database,
            advice="; ".join(self.done) if self.fixed else advice,
        )


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
class RenameCandidate:
    """Something that was dropped and something that was added, perhaps the same.

    .. versionadded:: 4.0
    """

    kind: Literal["table", "column", "enum value"]
    """What it is."""

    database: str
    """The name of the database."""

    schema: str | None
    """The schema of the table or type; ``None`` for the default one."""

    parent: str | None
    """The table of a column, the type of an enum value; ``None`` for a table."""

    old: str
    """The name that the database has and the models do not."""

    new: str
    """The name that the models have and the database does not."""

    @property
    def name(self) -> str:
        """The old name with what is in front of it: ``sales.book.title``."""
        return ".".join(filter(None, (self.schema, self.parent, self.old)))

    @property
    def question(self) -> str:
        """What a person is asked."""
        return f"Was {self.kind} {self.name!r} renamed to {self.new!r}?"


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


class DatabaseState(str, Enum):
    """Where a database is compared with the revisions of the code.

    A member is its text: ``state == "at head"``.

    .. versionadded:: 4.0
    """

    AT_HEAD = "at head"
    """Every revision of the code is applied."""

    BEHIND = "behind"
    """Some revisions are pending."""

    EMPTY = "empty"
    """It has no version and no tables."""

    UNVERSIONED = "unversioned"
    """It has tables, but no version."""

    UNKNOWN = "unknown"
    """Its version table has a row that matches no revision file."""

    INCONSISTENT = "inconsistent"
    """Its version table has rows that exclude each other: a revision twice, or beside
    one of its ancestors."""

    PARTIALLY_APPLIED = "partially applied"
    """Only a part of a revision is applied, as it may be on MySQL and MariaDB."""

    NO_REVISIONS = "no revisions"
    """The code has no revision files."""

    UNREACHABLE = "unreachable"
    """It cannot be read."""

    def __str__(self) -> str:
        """Return the text."""
        return str(self.value)


@dataclass(frozen=True, slots=True)
class ReadinessProblem:
    """Why the code cannot work with a database yet.

    .. versionadded:: 4.0
    """

    code: str
    """A short, stable name, which the health endpoint shows: ``behind``."""

    message: str
    """What is wrong, in one sentence; for logs and the terminal."""

    advice: str = ""
    """What to do."""
