"""``doctor``: what is wrong with the history and the databases, and how to fix it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ...errors import AlembicError, DatabaseError, HistoryError, HookError
from ...hooks import specs
from ...hooks.dispatcher import FAILURES
from ...hooks.payloads import Finding
from ...hooks.redaction import redacted
from ...runtime.connections import connected
from ...runtime.databases import choose
from ...runtime.environment import lock_key
from ...runtime.error_translation import translated
from ...runtime.invocation import Invocation, invoked
from ...runtime.linter import require_payloads
from ...script.history_checks import broken_files
from .plugin_findings import broken_plugins

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...runtime.databases import Database
    from ...runtime.environment import Environment

FIELDS: Final = ("code", "message", "command", "database", "advice", "fixable", "done")
"""What the report says of a finding, beside whether it is fixed."""


def doctor(
    environment: Environment, databases: Sequence[str] = (), *, fix: bool = False
) -> tuple[Finding, ...]:
    """Return what is wrong with the history and the databases.

    What is looked for is up to the plugins that implement the hook ``diagnose``, ours
    included.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :param fix: Whether to call the fixes of the findings that have one, with the
        migration lock held. Each database in one transaction.
    :raises LockNotObtained: When another run held the lock for too long.
    """
    with invoked(environment, "doctor", databases=tuple(databases), fix=fix) as call:
        chosen = choose(environment.databases(), databases)
        try:
            with translated():
                environment.scripts()
        except HistoryError as error:
            # Nothing else can be looked at without a history.
            broken = broken_files(environment.locations, error)
            found = [*broken_plugins(environment), *map(_broken, broken)]
        else:
            found = _examine(call, chosen, fix)
        call.problems = tuple(finding.problem() for finding in found)
        call.ok = all(finding.fixed for finding in found)
        call.data = {"findings": [_fields(finding) for finding in found]}
        return tuple(found)


def _fields(finding: Finding) -> dict[str, Any]:
    values = {name: getattr(finding, name) for name in FIELDS}
    return {**values, "fixed": finding.fixed}


def _broken(problem: Any) -> Finding:
    advice = f"{problem.advice} The rest is looked at once that is done.".strip()
    return Finding(problem.code, problem.message, "flask db doctor", None, advice)


def _failing(plugin: str, database: str | None, error: AlembicError) -> Finding:
    """Return that a plugin could not look; the others did."""
    return Finding(
        "broken-plugin",
        error.message,
        f"flask db plugins {shlex.quote(plugin)}",
        database,
        error.advice,
    )


def _away(name: str, error: DatabaseError) -> Finding:
    """Return that a database could not be looked at; the others are all the same."""
    command = f"flask db wait --for database --database {name}"
    return Finding("unreachable", error.message, command, name, error.advice)


def _examine(
    call: Invocation, databases: Sequence[Database], fixing: bool
) -> list[Finding]:
    """Look at everything, and call the fixes if that is wanted."""
    found = [finding for _, finding in _diagnose(call)]
    for database in databases:
        try:
            found += _examine_database(call, database, fixing)
        except DatabaseError as error:
            if len(databases) == 1:
                raise
            found.append(_away(database.name, error))
    return found


def _examine_database(
    call: Invocation, database: Database, fixing: bool
) -> list[Finding]:
    with ExitStack() as stack:
        connection = stack.enter_context(
            connected(call.environment, call.hooks, database)
        )
        key = lock_key(call.environment, database.name)
        backend = database.backend
        busy = bool(backend.lock_holders(connection, key))
        found = _diagnose(call, database.name, connection, busy)
        if not fixing or not any(finding.fixable for _, finding in found):
            return [finding for _, finding in found]
        lock = call.hooks.firstresult(
            specs.migration_lock, database=database.name, connection=connection
        )
        if lock is not None:
            stack.enter_context(lock)
        # Somebody else may have fixed it while we waited.
        found = _diagnose(call, database.name, connection)
        fixable = tuple(finding for _, finding in found if finding.fixable)
        if not fixable:
            return [finding for _, finding in found]
        call.hooks.guard(specs.before_fix, database=database.name, findings=fixable)
        with backend.transaction(connection, version_table=key.version_table):
            with connection.begin():
                after = [
                    _fix(call, plugin, finding, connection) for plugin, finding in found
                ]
        fixed = tuple(finding for finding in after if finding.fixed)
        call.hooks.event(specs.after_fix, database=database.name, findings=fixed)
        return after


def _diagnose(
    call: Invocation,
    database: str | None = None,
    connection: Connection | None = None,
    busy: bool = False,
) -> list[tuple[str, Finding]]:
    """Return pairs of plugin name and finding, with no transaction open."""
    found: list[tuple[str, Finding]] = []
    for plugin, findings, error in call.hooks.collect_each(
        specs.diagnose, database=database, connection=connection, busy=busy
    ):
        if error is not None:
            found.append((plugin, _failing(plugin, database, error)))
        if findings is None:
            continue
        require_payloads(call.hooks, plugin, specs.diagnose, findings, Finding)
        found += [
            (
                plugin,
                replace(
                    finding,
                    database=finding.database or database,
                    # There is no lock for files.
                    fix=finding.fix if connection is not None else None,
                ),
            )
            for finding in findings
        ]
    if connection is not None and connection.in_transaction():
        connection.rollback()
    return found


def _fix(
    call: Invocation, plugin: str, finding: Finding, connection: Connection
) -> Finding:
    """Call the fix of a finding, if it has one."""
    if finding.fix is None:
        return finding
    try:
        done = tuple(map(str, finding.fix(connection) or ()))
    except AlembicError:
        raise
    except FAILURES as error:
        who = call.hooks.registry.describe(plugin)
        raise HookError(
            f"{who} could not fix {finding.code}: {redacted(error)}.",
            "What was fixed in this database was rolled back, as far as it can roll "
            f"back DDL. To fix it by hand: {finding.command}",
            plugin=plugin,
            hook="diagnose",
        ) from error
    return finding.as_fixed(done or ("Fixed",))
