"""``check`` and ``lint``: what differs, and what else is wrong with the revisions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment.databases import choose
from ..errors import HistoryError
from ..hooks import specs
from ..hooks.payloads import LintTarget, Problem
from .comparing import CheckResult, compared, require_models
from .connecting import connected, current_heads, heads_of
from .invocation import Invocation, invoked
from .known_rows import require_known
from .linters import gather_problems
from .mending.files import broken_files, file_problems, head_problems
from .mending.foreign import foreign_problem
from .mending.models import model_problems
from .mending.ranges import chosen_scripts
from .mending.widths import width_problems
from .mending.wording import in_words
from .status import pending
from .targets import describe
from .viewing import real_heads

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script

    from ..environment.databases import Database
    from ..environment.objects import Environment
    from ..environment.scripts import Scripts


def check(environment: Environment, databases: Sequence[str] = ()) -> CheckResult:
    """Return what differs between models and databases, and what else is wrong.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :raises ConfigurationError: When there is no model to compare with.
    """
    with invoked(environment, "check", databases=tuple(databases)) as call:
        chosen = choose(environment.databases(), databases)
        try:
            scripts = environment.scripts()
        except HistoryError as error:
            result = CheckResult(problems=tuple(broken_files(environment, error)))
        else:
            require_models(chosen, environment)
            found = _Check(call, scripts)
            found.look_at_files(chosen)
            for database in chosen:
                found.look_at(database)
            result = found.result()
        call.diffs = result.diffs
        call.problems = result.problems
        call.ok = result.ok
        call.data = {
            "ok": result.ok,
            "operations": result.operations,
            "differences": result.differences,
            "foreign": result.foreign,
        }
        return result


class _Check:
    """What a check has found so far."""

    def __init__(self, call: Invocation, scripts: Scripts) -> None:
        self.call = call
        self.scripts = scripts
        self.problems: list[Problem] = []
        self.diffs: dict[str, tuple[Any, ...]] = {}
        self.differences: dict[str, tuple[Any, ...]] = {}
        self.operations: dict[str, str] = {}
        self.foreign: dict[str, tuple[str, ...]] = {}

    def look_at_files(self, databases: Sequence[Database]) -> None:
        """Look at the history, and at each file of it."""
        self.problems += head_problems(self.scripts)
        scripts = list(self.scripts.walk_revisions())[::-1]
        self.problems += file_problems(scripts)
        self.problems += linted(self.call, scripts, databases)
        self.problems += model_problems(self.call.environment)

    def look_at(self, database: Database) -> None:
        """Look at one database."""
        environment = self.call.environment
        with connected(environment, self.call.hooks, database) as connection:
            heads = current_heads(environment, database, connection)
            require_known(self.scripts, database.name, heads)
            self.problems += width_problems(
                environment, database, connection, self.scripts
            )
            if set(heads) != real_heads(self.scripts):
                self.problems.append(_behind(database.name))
                return
            configured = environment.environment_context(
                database, self.scripts, connection
            )
            self._compare(database, configured.get_context())

    def _compare(self, database: Database, context: MigrationContext) -> None:
        script, foreign = compared(self.call.environment, context, database)
        assert script.upgrade_ops is not None
        found = tuple(script.upgrade_ops.as_diffs())
        name = database.name
        if found:
            self.diffs[name] = found
            self.differences[name] = tuple(in_words(found))
            self.operations[name] = rendered(context, script)
        if foreign:
            self.foreign[name] = foreign
            self.problems += [foreign_problem(table, name) for table in foreign]

    def result(self) -> CheckResult:
        """Return all of it."""
        return CheckResult(
            self.diffs,
            self.operations,
            tuple(self.problems),
            self.differences,
            self.foreign,
        )


def _behind(name: str) -> Problem:
    return Problem(
        "not-at-head",
        f"The database {name!r} is not at head, so it cannot be compared with the "
        "models.",
        "error",
        database=name,
        advice="Run flask db upgrade first.",
    )


def rendered(context: MigrationContext, script: MigrationScript) -> str:
    """Return the body of the ``upgrade()`` that would be generated.

    :param context: The context of the database.
    :param script: What a comparison has found.
    """
    from alembic.autogenerate import render_python_code
    from alembic.runtime.migration import MigrationContext

    assert script.upgrade_ops is not None
    code = render_python_code(
        script.upgrade_ops,
        render_as_batch=bool(context.opts.get("render_as_batch")),
        render_item=context.opts.get("render_item"),
        # One without a script directory: of others Alembic demands models again.
        migration_context=MigrationContext.configure(dialect=context.dialect),
    )
    # Alembic leaves the indentation of the first line to the template.
    return textwrap.dedent(f"    {code.strip()}\n")


def lint(
    environment: Environment, revisions: Any = (), *, pending: bool = False
) -> tuple[Problem, ...]:
    """Return what the linters of plugins find in revision files.

    :param environment: The app's environment; an app context must be active.
    :param revisions: Ids, labels or ``head``, one or a list; ranges like
        ``1a2b:head``, both ends included. All revisions for none.
    :param pending: Only those that a database does not have yet.
    """
    with invoked(
        environment, "lint", revisions=describe(revisions), pending=pending
    ) as call:
        scripts = environment.scripts()
        chosen = chosen_scripts(scripts, revisions)
        if pending:
            wanted = _pending(call, scripts)
            chosen = [script for script in chosen if script.revision in wanted]
        databases = choose(environment.databases(), ())
        call.scripts = tuple(chosen)
        call.problems = tuple(linted(call, chosen, databases))
        call.ok = not any(each.severity == "error" for each in call.problems)
        call.data = {"linters": list(call.hooks.implementations(specs.lint_problems))}
        return call.problems


def _pending(call: Invocation, scripts: Scripts) -> set[str]:
    found: set[str] = set()
    for name, ids in heads_of(call.environment, call.hooks).items():
        require_known(scripts, name, ids)
        found.update(pending(scripts, ids, tuple(real_heads(scripts))))
    return found


def linted(
    call: Invocation, scripts: Iterable[Script], databases: Sequence[Database]
) -> list[Problem]:
    """Return what the linters find in existing files.

    :param call: The command at work.
    :param scripts: The revisions.
    :param databases: Their kinds matter to linters.
    """
    if not call.hooks.implemented(specs.lint_problems):
        return []
    dialects: Mapping[str, str] = {
        database.name: database.engine.dialect.name for database in databases
    }
    found: list[Problem] = []
    for script in scripts:
        path = Path(script.path)
        source = path.read_text("utf-8", errors="replace")
        target = LintTarget(script.revision, path, source, script, dialects=dialects)
        found += gather_problems(call, target)
    return found
