"""Refusing an upgrade whose revisions have findings; off until a setting turns it on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from flask_alembic.hooks import Veto

from .apps import dialects_of, subject_of
from .findings import RANK, Finding
from .linting import Linter, Subject
from .revision import RevisionSource
from .scope import Scope
from .settings import Settings, environment_of

if TYPE_CHECKING:
    from flask import Flask

    from flask_alembic.hooks import Run

SWITCH: Final = "ALEMBIC_LINT_GUARD"
"""The environment variable that lets one run pass: ``off``."""

SHOWN: Final = 10
"""How many findings the refusal lists."""


def guards(app: Flask, settings: Settings) -> bool:
    """Return whether upgrades of an app are guarded here and now.

    :param app: The application.
    :param settings: Its settings.
    """
    if os.environ.get(SWITCH, "").strip().lower() in ("off", "0", "false", "no"):
        return False
    if isinstance(settings.guard, bool):
        return settings.guard
    return environment_of(app, settings) in settings.guard


def refuse(app: Flask, run: Run) -> None:
    """Refuse an upgrade if it is guarded and has findings.

    :param app: The application; its context is active.
    :param run: What is about to be done. SQL text is not refused: nothing runs.
    :raises Veto: With the findings.
    """
    subject = subject_of(app)
    if run.mode == "sql" or not guards(app, subject.settings):
        return
    found = findings(app, run, subject)
    if not found:
        return
    lines = [
        f"{where}: {finding.code} {finding.message}" for where, finding in found[:SHOWN]
    ]
    more = f"\n  and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise Veto(
        f"{_counted(finding for _, finding in found)} in the revisions to run:\n  "
        + "\n  ".join(lines)
        + more
        + "\nFix them, waive them in the file with a reason (# lint: ignore[CODE] why "
        f"it is safe), or set {SWITCH}=off for this one run"
    )


def _counted(found: Iterable[Finding]) -> str:
    """Return how many operations are dangerous, and how many parts not checked."""
    unchecked = [finding.unchecked for finding in found]
    dangerous, rest = unchecked.count(False), unchecked.count(True)
    parts = []
    if dangerous:
        parts.append(f"{dangerous} dangerous operation{'s' if dangerous > 1 else ''}")
    if rest:
        parts.append(f"{rest} part{'s' if rest > 1 else ''} that could not be checked")
    return " and ".join(parts)


def findings(app: Flask, run: Run, subject: Subject) -> list[tuple[str, Finding]]:
    """Return the findings that refuse a run, each with its place.

    :param app: The application.
    :param run: What is about to be done.
    :param subject: What is known about the app.
    """
    with Linter(subject) as linter:
        return _findings(app, run, linter)


def _findings(app: Flask, run: Run, linter: Linter) -> list[tuple[str, Finding]]:
    subject, dialects = linter.subject, dialects_of(app)
    baseline = Scope(app, linter, dialects).baseline
    made: dict[str, frozenset[str]] = {}
    found: list[tuple[str, Finding]] = []
    for step in run.plan:
        if step.path is None or step.direction != "upgrade":
            continue
        here = {step.database: dialects.get(step.database, "")}
        source = RevisionSource(step.revision, step.path.read_text("utf-8"), step.path)
        fresh = made.get(step.database, frozenset())
        if step.revision not in baseline:
            found += [
                (_place(source, finding), finding)
                for finding in linter.lint(source, here, fresh=fresh)
                if finding.unchecked
                or RANK[finding.severity] <= RANK[subject.settings.guard_level]
            ]
        made[step.database] = fresh | linter.created_tables(source, here)
    return list(dict.fromkeys(found))


def _place(source: RevisionSource, finding: Finding) -> str:
    name = source.path.name if source.path else source.revision
    return f"{name}:{finding.line}" if finding.line else name
