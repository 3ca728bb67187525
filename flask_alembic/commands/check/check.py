"""``check`` and ``lint``: what differs, and what else is wrong with the revisions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import HistoryError, TemplateError
from ...hooks import specs
from ...hooks.payloads import Problem
from ...runtime.connections import connected, current_heads
from ...runtime.databases import choose
from ...runtime.invocation import Invocation, invoked
from ...runtime.linter import require_payloads
from ...runtime.version_rows import require_known_revisions
from ...schema.alembic_diff import in_words
from ...schema.compare import CheckResult, compared, require_models
from ...schema.unmanaged_tables import Unmanaged
from ...script.history_checks import broken_files
from ...script.view import real_heads
from ..lint.lint import linted

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

    from ...runtime.databases import Database
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory


def check(
    environment: Environment,
    databases: Sequence[str] = (),
    *,
    own_diffs: Sequence[Any] | None = None,
) -> CheckResult:
    """Return what differs between models and databases, and what else is wrong.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :param own_diffs: What ``compare_metadata`` of a subclass returns, in place of what
        differs; reported with the first database.
    :raises ConfigurationError: When there is no model to compare with.
    """
    with invoked(environment, "check", databases=tuple(databases)) as call:
        chosen = choose(environment.databases(), databases)
        try:
            scripts = environment.scripts()
        except HistoryError as error:
            broken = broken_files(environment.locations, error)
            result = CheckResult(problems=tuple(broken))
        else:
            require_models(chosen, environment)
            found = _Check(call, scripts, own_diffs)
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
            "unmanaged_tables": result.unmanaged_tables,
            "unmanaged_indexes": result.unmanaged_indexes,
            "alembic_only": result.alembic_only,
        }
        return result


class _Check:
    """What a check has found so far."""

    def __init__(
        self,
        call: Invocation,
        scripts: AppScriptDirectory,
        own_diffs: Sequence[Any] | None = None,
    ) -> None:
        self.call = call
        self.own_diffs = own_diffs
        self.scripts = scripts
        self.problems: list[Problem] = []
        self.diffs: dict[str, tuple[Any, ...]] = {}
        self.differences: dict[str, tuple[Any, ...]] = {}
        self.operations: dict[str, str] = {}
        self.unmanaged: dict[str, Unmanaged] = {}
        self.alembic_only: dict[str, str] = {}

    def look_at_files(self, databases: Sequence[Database]) -> None:
        """Look at the project, and at each file of its history."""
        self._gather(None, None, Unmanaged())
        scripts = list(self.scripts.walk_revisions())[::-1]
        self.problems += linted(self.call, scripts, databases)

    def _gather(
        self,
        database: str | None,
        connection: Connection | None,
        unmanaged: Unmanaged,
    ) -> None:
        """Add what plugins find, ours included."""
        for plugin, problems in self.call.hooks.collect(
            specs.project_problems,
            database=database,
            connection=connection,
            unmanaged_tables=unmanaged.tables,
            unmanaged_indexes=unmanaged.indexes,
        ):
            require_payloads(
                self.call.hooks, plugin, specs.project_problems, problems, Problem
            )
            self.problems += problems

    def look_at(self, database: Database) -> None:
        """Look at one database."""
        environment = self.call.environment
        with connected(environment, self.call.hooks, database) as connection:
            heads = current_heads(environment, database, connection)
            require_known_revisions(self.scripts, database.name, heads)
            is_at_head = set(heads) == real_heads(self.scripts)
            unmanaged = Unmanaged()
            if is_at_head:
                configured = environment.environment_context(
                    database, self.scripts, connection
                )
                unmanaged = self._compare(database, configured.get_context())
            self._gather(database.name, connection, unmanaged)
            if not is_at_head:
                self.problems.append(_behind(database.name))

    def _compare(self, database: Database, context: MigrationContext) -> Unmanaged:
        """Compare a database with the models, and return what is left alone."""
        result = compared(self.call.environment, context, database)
        script = result.script
        assert script.upgrade_ops is not None
        found = tuple(script.upgrade_ops.as_diffs())
        name = database.name
        if self.own_diffs is not None:
            # They are those of all databases together.
            found, self.own_diffs = tuple(self.own_diffs), ()
        if found:
            self.diffs[name] = found
            self.differences[name] = tuple(in_words(found))
            self.operations[name] = _rendered_or_why_not(context, script)
        self.unmanaged[name] = result.unmanaged
        if result.alembic_only:
            self.alembic_only[name] = result.alembic_only
        return result.unmanaged

    def result(self) -> CheckResult:
        """Return all of it."""
        return CheckResult(
            self.diffs,
            self.operations,
            tuple(self.problems),
            self.differences,
            {name: each.tables for name, each in self.unmanaged.items() if each.tables},
            {
                name: each.indexes
                for name, each in self.unmanaged.items()
                if each.indexes
            },
            self.alembic_only,
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


def _rendered_or_why_not(context: MigrationContext, script: MigrationScript) -> str:
    """Return the body, or a comment: that it cannot be written is no difference."""
    try:
        return rendered(context, script)
    except TemplateError as error:
        return f"# {error.message}\n"


def rendered(context: MigrationContext, script: MigrationScript) -> str:
    """Return the body of the ``upgrade()`` that would be generated.

    :param context: The context of the database.
    :param script: What a comparison has found.
    """
    from alembic.autogenerate import render_python_code
    from alembic.runtime.migration import MigrationContext

    from ...schema.percent_signs import write_single_percents

    assert script.upgrade_ops is not None
    # One without a script directory: of others Alembic demands models again.
    rendering = MigrationContext.configure(dialect=context.dialect)
    write_single_percents(rendering)
    code = render_python_code(
        script.upgrade_ops,
        render_as_batch=bool(context.opts.get("render_as_batch")),
        render_item=context.opts.get("render_item"),
        migration_context=rendering,
    )
    # Alembic leaves the indentation of the first line to the template.
    return textwrap.dedent(f"    {code.strip()}\n")
