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
    :param command: The name of the command; empty where none is known.
    :param pending: Whether the command looks at pending revisions only.
    """

    def __init__(self, app: Flask, command: str = "", pending: bool = False) -> None:
        given = dict(requested.get() or {})
        if pending:
            given["only"] = "pending"
        self.app = app
        self.shows_only = command not in ("", "lint")
        self.subject = subject_of(app, **given)
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
            shown_only=self.shows_only or target.directive is not None,
        )


_sessions: Final[WeakKeyDictionary[Flask, Session]] = WeakKeyDictionary()
"""The running command's session of each app; commands of one app do not overlap."""

_begun: Final[WeakKeyDictionary[Flask, tuple[str, bool]]] = WeakKeyDictionary()
"""The last command of each app, and whether it was about pending revisions only."""

OWN: Final = ("lint", "check", "revision", "migrate", "merge", "upgrade")
"""Commands that begin a new session."""


def session_of(app: Flask) -> Session:
    """Return the session of the running command.

    :param app: The application.
    """
    session = _sessions.get(app)
    if session is None:
        name, pending = _begun.get(app, ("", False))
        session = _sessions[app] = Session(app, name, pending)
    return session


def begin(app: Flask, command: str, pending: bool) -> None:
    """Note that a command begins; its session is made when it is first needed.

    :param app: The application.
    :param command: The command's name.
    :param pending: Whether it looks at pending revisions only.
    """
    if command in OWN:
        _sessions.pop(app, None)
        _begun[app] = (command, pending)
