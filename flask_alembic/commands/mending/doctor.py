"""``doctor``: what is wrong with the history and the databases, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...dialects import backend_for
from ...environment.databases import choose
from ...environment.locking import lock_key
from ...errors import DatabaseError, HistoryError
from ...hooks import specs
from ...hooks.payloads import LintTarget
from ..connecting import connected
from ..invocation import Invocation, invoked
from ..linters import gather_problems
from .files import broken_files, case_only, file_problems, head_problems
from .findings import Finding
from .fixing import fix
from .patients import Patient, half_applied, table_findings, width_findings
from .rows import VersionRows, read_rows, row_findings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...environment.databases import Database
    from ...environment.objects import Environment
    from ...environment.scripts import Scripts

AUDIT = "AUDIT"
"""What the codes of problems begin with that tell of files changed after they ran."""


def doctor(
    environment: Environment, databases: Sequence[str] = (), *, fix: bool = False
) -> tuple[Finding, ...]:
    """Return what is wrong with the history and the databases.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :param fix: Whether to mend what is safe to mend, with the migration lock held:
        widen the version column (or make it wide where there is none yet), and delete rows of the version table that are empty,
        repeated or ancestors of other rows. Each database in one transaction.
    :raises LockNotObtained: When another run held the lock for too long.
    """
    with invoked(environment, "doctor", databases=tuple(databases), fix=fix) as call:
        chosen = choose(environment.databases(), databases)
        try:
            scripts = environment.scripts()
        except HistoryError as error:
            found = [_broken(each) for each in broken_files(environment, error)]
        else:
            found = _Doctor(call, scripts, len(environment.databases()) > 1).examine(
                chosen, fix
            )
        call.problems = tuple(finding.problem() for finding in found)
        call.ok = all(finding.fixed for finding in found)
        call.data = {"findings": [_fields(finding) for finding in found]}
        return tuple(found)


def _fields(finding: Finding) -> dict[str, Any]:
    values = {name: getattr(finding, name) for name in Finding.__slots__}
    return {**values, "fixed": finding.fixed}


def _broken(problem: Any) -> Finding:
    advice = f"{problem.advice} The rest is looked at once that is done.".strip()
    return Finding(problem.code, problem.message, "flask db doctor", None, advice)


def _away(name: str, error: DatabaseError) -> Finding:
    """Return that a database could not be looked at; the others are all the same."""
    command = f"flask db wait --for database --database {name}"
    return Finding("unreachable", error.message, command, name, error.advice)


@dataclass
class _Doctor:
    """One examination."""

    call: Invocation
    scripts: Scripts
    several: bool

    def examine(self, databases: Sequence[Database], fixing: bool) -> list[Finding]:
        """Look at everything, and mend what is safe if that is wanted."""
        found = [*self._of_history()]
        for database in databases:
            try:
                found += self._one(database, fixing)
            except DatabaseError as error:
                if len(databases) == 1:
                    raise
                found.append(_away(database.name, error))
        return [*found, *self._changed_files(databases)]

    def _of_history(self) -> Iterator[Finding]:
        for problem in head_problems(self.scripts):
            heads = " ".join(sorted(self.scripts.get_heads()))
            yield Finding(
                problem.code,
                problem.message,
                f"flask db merge {heads} -m 'join the heads'",
                advice="If one of them was not applied anywhere, let it follow the "
                "other instead: change its down_revision.",
            )
        scripts = list(self.scripts.walk_revisions())[::-1]
        for problem in file_problems(scripts):
            if problem.severity == "error":
                yield _broken(problem)
        for ids in case_only(self.scripts):
            yield Finding(
                "case-only",
                f"The revisions {' and '.join(ids)} differ in upper and lower case "
                "only: MySQL, MariaDB and some file systems take them for one.",
                f"flask db edit {ids[-1]}",
                advice="Give one of them another id, and those that follow it too; "
                "databases that are at it need a stamp --purge afterwards.",
            )

    def _one(self, database: Database, fixing: bool) -> list[Finding]:
        environment, hooks = self.call.environment, self.call.hooks
        with ExitStack() as stack:
            connection = stack.enter_context(connected(environment, hooks, database))
            key = lock_key(environment, database.name)
            at_work = backend_for(database.engine.dialect).lock_holders(connection, key)
            found, table = self._look(database, connection, bool(at_work))
            if not fixing or not any(finding.fixable for finding in found):
                return found
            lock = hooks.ask(
                specs.migration_lock, database=database.name, connection=connection
            )
            if lock is not None:
                stack.enter_context(lock)
            # Somebody else may have mended it while we waited.
            found, table = self._look(database, connection)
            return fix(environment, self.scripts, database, connection, table, found)

    def _look(
        self, database: Database, connection: Connection, at_work: bool = False
    ) -> tuple[list[Finding], VersionRows]:
        """Look at a database; half of a revision is no finding while a run is at work."""
        option = f" --database {database.name}" if self.several else ""
        table = read_rows(self.call.environment, database, connection)
        patient = Patient(
            self.call.environment, self.scripts, database, connection, table, option
        )
        half = [] if at_work else [*half_applied(patient)]
        # Tables without a version are what the first half has left.
        explained = at_work or (half and not table.rows)
        found = [
            *([] if explained else table_findings(patient)),
            *row_findings(self.scripts, database.name, table, option),
            *width_findings(patient),
            *half,
        ]
        if connection.in_transaction():
            connection.rollback()
        return found, table

    def _changed_files(self, databases: Sequence[Database]) -> Iterator[Finding]:
        """Yield files that have changed since they were applied, if a plugin tells."""
        if not self.call.hooks.implemented(specs.lint_problems):
            return
        dialects = {each.name: each.engine.dialect.name for each in databases}
        for script in list(self.scripts.walk_revisions())[::-1]:
            path = Path(script.path)
            source = path.read_text("utf-8", errors="replace")
            target = LintTarget(
                script.revision, path, source, script, dialects=dialects
            )
            for problem in gather_problems(self.call, target):
                if problem.code.startswith(AUDIT) and problem.severity != "info":
                    yield Finding(
                        "changed-file",
                        problem.message,
                        f"git log --oneline -- {path}",
                        problem.database,
                        problem.advice,
                    )
