"""One command's worth of linting: settings read once, databases asked once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from .apps import dialects_of, subject_of
from .begun import Begun, at_end, begun, requested
from .linting import Linter
from .problems import problems
from .revision import RevisionSource
from .scope import Scope

if TYPE_CHECKING:
    from flask import Flask

    from flask_alembic.hooks import LintTarget, Problem

    from .findings import Finding


class Session:
    """The linting of one command.

    :param app: The application; its context must be active.
    :param command: The command.
    """

    def __init__(self, app: Flask, command: Begun) -> None:
        given = dict(requested.get() or {})
        if command.pending or (command.command == "check" and not _says_which(app)):
            given["only"] = "pending"
        self.app = app
        self.command = command
        self.shows_only = command.command not in ("", "lint")
        self.subject = subject_of(app, **given)
        self.linter = Linter(self.subject)
        self._scope: Scope | None = None

    def scope(self, dialects: dict[str, str]) -> Scope:
        """Return which revisions are looked at.

        :param dialects: Per database: the name of its dialect.
        """
        if self._scope is None:
            self._scope = Scope(self.app, self.linter, dialects)
        return self._scope

    def problems(self, target: LintTarget) -> list[Problem]:
        """Return what is wrong with a revision.

        :param target: What the core asks about.
        """
        dialects = dict(target.dialects) or dialects_of(self.app)
        scope = self.scope(dialects)
        if not scope.includes(target):
            return []
        source = RevisionSource(target.revision, target.source, target.path)
        found = self.linter.lint(
            source, dialects, fresh=scope.fresh(target), target=target
        )
        return problems(
            self._judged(found, target, scope),
            source,
            self.subject.settings,
            databases=len(dialects),
            shown_only=self.shows_only or target.path is None,
        )

    def _judged(
        self, found: list[Finding], target: LintTarget, scope: Scope
    ) -> list[Finding]:
        """Make what was not checked an error, where no revision could be read."""
        unchecked = [finding for finding in found if finding.unchecked]
        if not unchecked or target.path is None or not scope.is_unread:
            return found
        return [
            replace(finding, severity="error") if finding.unchecked else finding
            for finding in found
        ]


def _says_which(app: Flask) -> bool:
    """Return whether a setting says which revisions are looked at."""
    return "only" in (app.config.get("ALEMBIC_LINT") or {})


_sessions: Final[WeakKeyDictionary[Flask, Session]] = WeakKeyDictionary()
"""The last session of each app."""


def session_of(app: Flask) -> Session:
    """Return the session of the running command.

    :param app: The application.
    """
    session = _sessions.get(app)
    if session is None or session.command is not begun(app):
        session = _sessions[app] = Session(app, begun(app))
        at_end(app, session.linter.close)
    return session
