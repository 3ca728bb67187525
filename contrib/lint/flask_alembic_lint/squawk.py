"""PostgreSQL's SQL given to squawk as well, where it is installed and asked for.

https://squawkhq.com
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask_alembic.hooks import PluginError

from .capture import Capture
from .facts.rendering import Refused, render
from .findings import Finding
from .view import View

if TYPE_CHECKING:
    from .settings import Settings

STYLE: Final = (
    *("prefer-big-int", "prefer-bigint-over-int", "prefer-bigint-over-smallint"),
    *("prefer-identity", "prefer-robust-stmts", "prefer-text-field", "ban-char-field"),
    *("prefer-timestamp-tz", "prefer-timestamptz", "require-timeout-settings"),
    *("require-lock-timeout", "require-statement-timeout"),
)
"""Rules of taste, and of timeouts, which Flask-Alembic sets itself."""

SAME: Final = {
    "adding-field-with-default": {"FA102", "FA103", "FA105"},
    "adding-foreign-key-constraint": {"FA301"},
    "adding-not-nullable-field": {"FA101", "FA203"},
    "adding-required-field": {"FA101"},
    "adding-serial-primary-key-field": {"FA104", "FA305"},
    "ban-alter-domain-with-add-constraint": {"FA309"},
    "ban-concurrent-index-creation-in-transaction": {"FA402"},
    "ban-drop-column": {"FA502"},
    "ban-drop-database": {"FA507"},
    "ban-drop-table": {"FA501"},
    "ban-truncate-cascade": {"FA505", "FA703"},
    "changing-column-type": {"FA201"},
    "constraint-missing-not-valid": {"FA301", "FA302", "FA303"},
    "disallowed-unique-constraint": {"FA304"},
    "identifier-too-long": {"FA909"},
    "renaming-column": {"FA503"},
    "renaming-table": {"FA504"},
    "require-concurrent-index-creation": {"FA401"},
    "require-concurrent-index-deletion": {"FA403"},
    "syntax-error": {"FA905"},
    "transaction-nesting": {"FA603"},
    "ban-uncommitted-transaction": {"FA603"},
}
"""Rules of squawk that say what rules of ours say."""


@dataclass(frozen=True, slots=True)
class SqlScript:
    """The SQL of ``upgrade()`` for a server, and what squawk has to know about it."""

    sql: str
    lines: tuple[int | None, ...]
    """Per line of the SQL that of the revision."""

    version: tuple[int, ...]
    """That of the server; empty for the latest."""

    in_transaction: bool
    """Whether a part of it runs in a transaction."""

    fresh: frozenset[int | None]
    """The lines about tables that are new in this run, or small."""

    found: frozenset[tuple[str, int | None]]
    """The codes of our findings, with their lines."""

    databases: tuple[str, ...]
    """The databases that it is for."""


def sql_script(
    captured: Capture,
    view: View,
    found: Iterable[Finding],
    databases: tuple[str, ...],
) -> SqlScript:
    """Return what squawk looks at.

    :param captured: The captured revision.
    :param view: The same, as the rules see it.
    :param found: What our rules found.
    :param databases: The databases that it is for.
    """
    sql, lines = script(captured)
    facts = view.facts["upgrade"]
    return SqlScript(
        sql,
        tuple(lines),
        tuple(view.server.version or ()),
        any(view.in_transaction(fact) for fact in facts),
        frozenset(fact.where.line for fact in facts if view.is_fresh(fact)),
        frozenset((finding.code, finding.line) for finding in found),
        databases,
    )


def squawk(text: SqlScript, settings: Settings) -> list[Finding]:
    """Return what squawk finds and we do not.

    :param text: The SQL.
    :param settings: The settings.
    """
    if not text.sql:
        return []
    excluded = {*STYLE, *settings.squawk_exclude}
    result: list[Finding] = []
    for told in _run(_program(), text):
        name = told["rule_name"]
        line = text.lines[min(told["line"], len(text.lines) - 1)]
        same = any((code, line) in text.found for code in SAME.get(name, ()))
        # Where a rule of ours looks at the same thing and is silent, it knows why:
        # the table is new in this run, or this version of the server can do it.
        if name in excluded or same or name in SAME or line in text.fresh:
            continue
        result.append(
            Finding(
                code=f"squawk-{name}",
                message=told["message"].rstrip(".") + ".",
                severity="warning",
                line=line,
                advice=told.get("help") or "",
                databases=text.databases,
            )
        )
    return result


def script(captured: Capture) -> tuple[str, list[int | None]]:
    """Return the SQL of ``upgrade()``, and per line of it that of the revision.

    :param captured: The captured revision.
    """
    text: list[str] = []
    lines: list[int | None] = []
    for event in captured.of("upgrade"):
        try:
            sql = render(event, captured.dialect).strip().rstrip(";")
        except Refused:
            continue
        if sql:
            part = [*f"{sql};".splitlines(), ""]
            text += part
            lines += [event.line] * len(part)
    return "\n".join(text), lines


def _program() -> str:
    beside = Path(sys.executable).with_name("squawk")
    found = shutil.which("squawk") or (str(beside) if beside.exists() else None)
    if found is None:
        raise PluginError(
            "ALEMBIC_LINT['squawk'] is on, but squawk is not installed.",
            "Install it with: pip install flask-alembic-lint[squawk]",
        )
    return found


def _run(program: str, text: SqlScript) -> list[dict[str, Any]]:
    arguments = [program, "--reporter", "json", "--stdin-filepath", "revision.sql"]
    if text.version:
        version = (*text.version, 0)[:2]
        arguments += ["--pg-version", ".".join(map(str, version))]
    if text.in_transaction:
        arguments.append("--assume-in-transaction")
    try:
        done = subprocess.run(
            arguments,
            input=text.sql,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise PluginError(
            f"squawk gave no answer that can be read: {error}.",
            "Check that `squawk --version` works, or set ALEMBIC_LINT['squawk'] = False.",
        ) from error
    return told
