"""Lint revision files: what the linters of plugins find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...hooks import specs
from ...hooks.payloads import LintTarget, Problem
from ...runtime.connections import heads_of
from ...runtime.databases import choose
from ...runtime.invocation import Invocation, invoked
from ...runtime.linter import gather_problems
from ...runtime.planner import pending
from ...runtime.version_rows import require_known_revisions
from ...script.targets import chosen_scripts, describe
from ...script.view import real_heads

if TYPE_CHECKING:
    from alembic.script import Script

    from ...runtime.databases import Database
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory


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


def _pending(call: Invocation, scripts: AppScriptDirectory) -> set[str]:
    found: set[str] = set()
    for name, ids in heads_of(call.environment, call.hooks).items():
        require_known_revisions(scripts, name, ids)
        found.update(pending(scripts, ids, tuple(real_heads(scripts))))
    return found


def linted(
    call: Invocation, scripts: Iterable[Script], databases: Sequence[Database]
) -> list[Problem]:
    """Return what the linters find in existing files.

    :param call: The running command.
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
