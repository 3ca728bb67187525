"""The statements of a revision as they are sent, and which of them are durable."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ..dialects.statements import is_internal, without_comments
from ..hooks.payloads import Statement

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..dialects.base import Backend
    from ..dialects.journal import Journal

Before = Callable[[Statement], None]

READS: Final = ("SELECT", "SHOW", "EXPLAIN", "DESC", "SET", "USE", "PRAGMA", "VALUES")
"""How statements begin that leave nothing behind in a database."""

_SKIPPED = "DO 0"
"""Sent instead of a statement that is in effect already; MySQL and MariaDB only."""


class StatementLog:
    """Watches a connection and knows what of the current revision is in effect.

    :param connection: The connection of the run.
    :param backend: What knows which statements commit by themselves.
    :param before: Called before each statement of a revision, if anybody asks.
    """

    def __init__(
        self, connection: Connection, backend: Backend, before: Before | None = None
    ) -> None:
        self.connection = connection
        self.backend = backend
        self.before = before
        self.shown: Callable[[str], None] | None = None
        """Called with the text of each statement that is sent, its own included."""
        self.journal: Journal | None = None
        self.statements: list[str] = []
        self.failed: str | None = None
        self.commits = 0
        self.running_since: float | None = None
        self.forbid_commit: Callable[[], BaseException] | None = None
        self.blocked_by: str | None = None
        self._durable = 0
        self._ordinal = 0
        self._recording = False

    @property
    def in_effect(self) -> tuple[str, ...]:
        """The changes of the current revision that the database has committed."""
        return tuple(sql for sql in self.statements[: self._durable] if _changes(sql))

    @property
    def has_changes(self) -> bool:
        """Whether the current revision has sent anything but reads."""
        return any(map(_changes, self.statements))

    def begin(self) -> None:
        """Start a revision: forget the statements of the one before."""
        self.statements = []
        self.failed = None
        self.blocked_by = None
        self._durable = 0
        self._ordinal = 0

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Take what is sent inside for statements of the revision."""
        self._recording = True
        try:
            yield
        finally:
            self._recording = False

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Listen to the connection."""
        from sqlalchemy import event

        listeners: tuple[tuple[str, Callable[..., Any], bool], ...] = (
            ("before_cursor_execute", self._before_cursor_execute, True),
            ("after_cursor_execute", self._after_cursor_execute, False),
            ("commit", self._commit, False),
        )
        for name, listener, retval in listeners:
            event.listen(self.connection, name, listener, retval=retval)
        try:
            yield
        finally:
            for name, listener, _ in listeners:
                event.remove(self.connection, name, listener)

    def committed(self) -> None:
        """Take note that what was sent so far is durable.

        :raises BaseException: What ``forbid_commit`` gives, where nothing may be.
        """
        if self.forbid_commit is not None:
            raise self.forbid_commit()
        self._durable = len(self.statements)
        self.commits += 1

    def give_up(self, error: BaseException) -> None:
        """Write to the journal that the statement at work was refused.

        :param error: What was raised.
        """
        if self.journal is not None and self.failed is not None:
            self.journal.failed(self._ordinal, error)

    def _before_cursor_execute(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        if is_internal(context):
            return sql, params
        if not self._recording:
            self._show(sql)
            return sql, params
        self.running_since = time.monotonic()
        self.failed = sql
        if self.before is not None:
            self.before(Statement(sql, many))
        if self.journal is not None and _changes(sql):
            self._ordinal += 1
            digest = hashlib.sha256(repr(params).encode()).hexdigest()
            if self.journal.in_effect(self._ordinal, sql, digest):
                return _SKIPPED, [()] if many else ()
            self.journal.started(self._ordinal, sql, digest)
        self._show(sql)
        return sql, params

    def _show(self, sql: str) -> None:
        if self.shown is not None:
            self.shown(sql)

    def _after_cursor_execute(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> None:
        if not self._recording or is_internal(context):
            return
        self.running_since = None
        sent, self.failed = self.failed or sql, None
        self.statements.append(sent)
        if sql == _SKIPPED:
            self._durable = len(self.statements)
            return
        if self.journal is not None:
            if _changes(sent):
                self.journal.done(self._ordinal)
            elif "autocommit" in sent.lower():
                self.journal.look_again()
        if self._is_autocommit() or self.backend.commits_implicitly(sent):
            self.committed()

    def _is_autocommit(self) -> bool:
        options = self.connection.get_execution_options()
        return options.get("isolation_level") == "AUTOCOMMIT"

    def _commit(self, conn: Any) -> None:
        if self._is_autocommit():
            return
        self.committed()


def _changes(sql: str) -> bool:
    """Whether a statement may leave anything behind."""
    return not without_comments(sql).lstrip("( ").upper().startswith(READS)
