"""The statements of a revision as they are sent, and which of them are durable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..hooks.payloads import Statement

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..dialects.base import Backend

Before = Callable[[Statement], None]


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
        self.statements: list[str] = []
        self.failed: str | None = None
        self.commits = 0
        self.current_since: float | None = None
        self.forbid_commit: Callable[[], BaseException] | None = None
        self._durable = 0
        self._recording = False

    @property
    def in_effect(self) -> tuple[str, ...]:
        """The statements of the current revision that the database committed."""
        return tuple(self.statements[: self._durable])

    def begin(self) -> None:
        """Start a revision: forget the statements of the one before."""
        self.statements = []
        self.failed = None
        self._durable = 0

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

        listeners = (
            ("before_cursor_execute", self._before_cursor_execute),
            ("after_cursor_execute", self._after_cursor_execute),
            ("commit", self._commit),
        )
        for name, listener in listeners:
            event.listen(self.connection, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners:
                event.remove(self.connection, name, listener)

    def _before_cursor_execute(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> None:
        self.current_since = time.monotonic()
        if not self._recording:
            return
        self.failed = sql
        if self.before is not None:
            self.before(Statement(sql, many))

    def _after_cursor_execute(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> None:
        self.current_since = None
        if not self._recording:
            return
        self.failed = None
        self.statements.append(sql)
        if self._is_autocommit() or self.backend.commits_implicitly(sql):
            self._durable = len(self.statements)
            self.commits += 1

    def _is_autocommit(self) -> bool:
        options = self.connection.get_execution_options()
        return options.get("isolation_level") == "AUTOCOMMIT"

    def _commit(self, conn: Any) -> None:
        if self._is_autocommit():
            return
        if self.forbid_commit is not None:
            raise self.forbid_commit()
        self._durable = len(self.statements)
        self.commits += 1
