"""What the terminal calls: the methods of :class:`flask_alembic.Alembic` by their shape.

The extension stands above the command line, so it is known here as a protocol. Commands
call public methods only, as any other code does. Of what a method returns, only that is
named which a command decides by; what is printed comes from the report.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory
    from flask import Flask

    from ..hooks.history_graph import HistoryGraph
    from ..hooks.payloads import (
        Finding,
        Mode,
        ModeName,
        Problem,
        RevisionProof,
        RunResult,
    )
    from ..runtime.environment import Environment
    from ..schema.compare import CheckResult

Revision: TypeAlias = (
    "str | int | Script | Sequence[str | int | Script] | Set[str | int | Script]"
)
"""A revision as people name it: an id or its beginning, ``head``, ``heads``,
``base``, ``label@head``, a number of steps, a ``Script``; or several of them."""

Strings: TypeAlias = str | Iterable[str]
"""One string or several; a single one is one item."""


class Verdict(Protocol):
    """The result of a check."""

    @property
    def ok(self) -> bool:
        """Whether it passed."""


class Proofs(Verdict, Protocol):
    """The proofs of several revisions."""

    @property
    def revisions(self) -> tuple[RevisionProof, ...]:
        """What became of each revision."""


class ImportedEnv(Verdict, Protocol):
    """What an ``env.py`` becomes."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were read."""

    @property
    def remaining(self) -> Sequence[object]:
        """The parts that need a person."""


class DatabaseAnswer(Protocol):
    """The status of one database."""

    @property
    def database(self) -> str:
        """Its name."""

    @property
    def error(self) -> str | None:
        """Why it could not be read."""


class ExtensionAPI(Protocol):
    """The extension, as the terminal knows it."""

    def environment_for(self, app: Flask) -> Environment:
        """Return what belongs to one app."""

    def has_plugins(self) -> bool:
        """Return whether there may be plugins."""

    @property
    def script(self) -> ScriptDirectory:
        """The history as Alembic knows it."""

    def require_revisions(self, *, allow_new: bool = False) -> bool:
        """Refuse to go on without revision files."""

    def mkdir(
        self, *, package: bool = False, template: str | None = None
    ) -> list[Path]:
        """Create the migration directory."""

    def list_templates(self) -> Sequence[object]:
        """Return the templates of revision files."""

    def current(
        self, databases: Strings = (), *, check_heads: bool = False
    ) -> list[Script]:
        """Return the current revisions."""

    def heads(
        self, resolve_dependencies: bool = False, *, check: bool = False
    ) -> list[Script]:
        """Return the revisions that no other follows."""

    def branches(self) -> list[Script]:
        """Return the revisions with several next ones."""

    def log(
        self,
        start: Revision = "base",
        end: Revision = "heads",
        *,
        indicate_current: bool = False,
    ) -> list[Script]:
        """Return the revisions in the order in which they run."""

    def show(self, revisions: Revision) -> list[Script]:
        """Return some revisions."""

    def edit(self, revision: Revision = "head") -> Path:
        """Open the file of a revision in an editor."""

    def revision_sql(
        self,
        revisions: Revision,
        databases: Strings = (),
        *,
        direction: Literal["upgrade", "downgrade"] = "upgrade",
        x_arguments: Strings = (),
    ) -> Sequence[object]:
        """Return the SQL of revisions."""

    def status(
        self, databases: Strings = (), *, models: bool = False, check: bool = False
    ) -> Sequence[DatabaseAnswer]:
        """Return where each database is."""

    def graph(
        self, databases: Strings = (), *, state: bool = True, operations: bool = True
    ) -> HistoryGraph:
        """Return the history as a graph."""

    def wait(
        self,
        until: Literal["database", "head"] = "head",
        *,
        timeout: float = 60.0,
        interval: float = 1.0,
        databases: Strings = (),
    ) -> object:
        """Wait for the databases."""

    def check(self, databases: Strings = ()) -> CheckResult:
        """Compare models and databases."""

    def lint(
        self, revisions: Revision = (), *, pending: bool = False
    ) -> tuple[Problem, ...]:
        """Return problems of revision files."""

    def doctor(
        self, databases: Strings = (), *, fix: bool = False
    ) -> tuple[Finding, ...]:
        """Return what is wrong with history and databases."""

    def prove(
        self,
        revisions: Revision = (),
        *,
        all: bool = False,
        databases: Strings = (),
        seed_file: str | os.PathLike[str] | None = None,
        scratch_url: str | None = None,
        x_arguments: Strings = (),
    ) -> Proofs:
        """Run revisions up, down and up on a scratch database."""

    def drift(
        self,
        databases: Strings = (),
        *,
        ignore: Strings = (),
        scratch_url: str | None = None,
        x_arguments: Strings = (),
    ) -> Verdict:
        """Compare models, revisions and databases."""

    def adopt(
        self,
        databases: Strings = (),
        *,
        baseline: Revision = "heads",
        generate: bool = False,
        message: str = "baseline",
        rev_id: str | None = None,
        ignore: Strings = (),
        scratch_url: str | None = None,
        x_arguments: Strings = (),
        force: bool = False,
        stamp: bool = True,
    ) -> Sequence[object]:
        """Put databases under migration control."""

    def squash(
        self,
        range: str,
        *,
        message: str | None = None,
        keep: str | os.PathLike[str] | None = None,
        allow_data_loss: bool = False,
        scratch_url: str | None = None,
        x_arguments: Strings = (),
        force: bool = False,
        leave_out: Strings = (),
    ) -> object:
        """Write one revision in place of many."""

    def upgrade(
        self,
        target: Revision = "heads",
        *,
        mode: Mode | ModeName = "online",
        databases: Strings = (),
        lock: bool = True,
        resume: bool = False,
        last_statement_applied: bool | None = None,
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> RunResult:
        """Run migrations to upgrade databases."""

    def downgrade(
        self,
        target: Revision = -1,
        *,
        mode: Mode | ModeName = "online",
        databases: Strings = (),
        lock: bool = True,
        force: bool = False,
        resume: bool = False,
        last_statement_applied: bool | None = None,
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> RunResult:
        """Run migrations to downgrade databases."""

    def plan(
        self,
        target: Revision = "heads",
        *,
        direction: Literal["upgrade", "downgrade"] = "upgrade",
        databases: Strings = (),
    ) -> RunResult:
        """Return what a run would do."""

    def stamp(
        self,
        target: Revision = "heads",
        *,
        purge: bool = False,
        force: bool = False,
        mode: Mode | ModeName = "online",
        databases: Strings = (),
        lock: bool = True,
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> RunResult:
        """Set the current revision without running migrations."""

    def revision(
        self,
        message: str,
        empty: bool = False,
        branch: str = "default",
        parent: Revision = "head",
        splice: bool = False,
        depend: Revision | None = None,
        label: Strings | None = None,
        path: str | os.PathLike[str] | None = None,
        *,
        rev_id: str | None = None,
        force: bool = False,
        allow_drop: bool = False,
        renames: Mapping[str, str] | None = None,
        prove: bool = True,
        keep: bool = False,
    ) -> list[Script]:
        """Generate a new revision."""

    def merge(
        self,
        revisions: Revision = "heads",
        message: str | None = None,
        label: Strings | None = None,
        rev_id: str | None = None,
    ) -> Script | None:
        """Generate a merge revision."""

    def list_plugins(self, name: str | None = None) -> Sequence[object]:
        """Return the plugins of the current app."""

    def list_hooks(self, name: str | None = None) -> Sequence[object]:
        """Return the hooks, and who implements each."""

    def new_plugin(
        self, name: str, into: str | os.PathLike[str] = "."
    ) -> Sequence[Path]:
        """Write the files of a new plugin."""

    def import_env(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        write: str | os.PathLike[str] | None = None,
        check: bool = False,
    ) -> ImportedEnv:
        """Return what each part of an ``env.py`` and ``alembic.ini`` becomes."""
