"""One command's worth of linting: settings read once, databases asked once."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from .apps import dialects_of, subject_of
from .linting import lint
from .problems import problems
from .revision import RevisionSource
from .scope import Scope

if TYPE_CHECKING:
    from flask import Flask

    from flask_alembic.hooks import LintTarget, Problem

requested: ContextVar[dict[str, Any] | None] = ContextVar("requested", default=None)
"""Settings that the command line gave instead of the app's."""


class Session:
    """The linting of one command.

    :param app: The application; its context must be active.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.subject = subject_of(app, **(requested.get() or {}))
        self._scope: Scope | None = None

    def scope(self, dialects: dict[str, str]) -> Scope:
        """Return which revisions are looked at.

        :param dialects: Per database: the name of its dialect.
        """
        if self._scope is None:
            self._scope = Scope(self.app, self.subject, dialects)
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
        found = lint(
            source, dialects, self.subject, fresh=scope.fresh(target), target=target
        )
        return problems(
            found,
            source,
            self.subject.settings,
            databases=len(dialects),
            new=target.directive is not None,
        )


_sessions: Final[WeakKeyDictionary[Flask, Session]] = WeakKeyDictionary()
"""The running command's session of each app; commands of one app do not overlap."""

OWN: Final = ("lint", "check", "revision", "migrate", "merge", "upgrade")
"""Commands that begin a new session."""


def session_of(app: Flask) -> Session:
    """Return the session of the running command.

    :param app: The application.
    """
    session = _sessions.get(app)
    if session is None:
        session = _sessions[app] = Session(app)
    return session


def forget(app: Flask) -> None:
    """End the session of an app.

    :param app: The application.
    """
    _sessions.pop(app, None)
