"""The statements of a revision as they are sent, and which of them are durable."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ..backends.statement_class import Control
from ..backends.statements import is_internal
from ..errors import DatabaseError
from ..hooks.payloads import SqlStatement
from .child_process import require_process
from .revision_recorder import RevisionRecorder, StepSkipped
from .step import recorded_by

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..backends.base import Backend
    from ..backends.journal import Journal, Record, Unfinished

logger = logging.getLogger("flask_alembic.runtime")

Before = Callable[[SqlStatement], None]


class TransactionGuard(Protocol):
    """What keeps the transaction of a run from being ended by anybody else."""

    is_released: bool
    """Whether a revision has sent a COMMIT and goes on without a transaction."""

    def before_statement(self, sql: str) -> None:
        """Refuse a statement that is not to be sent now.

        :param sql: Its text.
        """

    def after_statement(self, sql: str) -> bool:
        """Tell whether what was sent so far is durable since a COMMIT of the revision.

        :param sql: The text of the statement that has just been executed.
        """

    def before_commit(self) -> None:
        """Refuse a commit that is not one of the run."""


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
        self.pid = os.getpid()
        self.before = before
        self.shown: Callable[[str], None] | None = None
        """Called with the text of each statement that is sent, its own included."""
        self.recorder: RevisionRecorder | None = None
        """What records the statements, where DDL commits as it goes."""
        self.unfinished: Unfinished | None = None
        """What the journal says after a failure."""
        self.has_journaled = False
        """Whether it was asked."""
        self.statements: list[str] = []
        self.failed: str | None = None
        self.commits = 0
        self.running_since: float | None = None
        self.forbid_commit: Callable[[], BaseException] | None = None
        self.guard: TransactionGuard | None = None
        """Asked while the run's transaction is open."""
        self.blocked_by: str | None = None
        self.is_committing = False
        """Whether the run has sent a COMMIT that was not answered with success."""
        self._durable = 0
        self._is_alone = False
        self._at_work: Any = None
        self._recording = False
        self._commits_itself = False

    @property
    def is_recording(self) -> bool:
        """Whether the function of a revision is running."""
        return self._recording

    @property
    def journal(self) -> Journal | None:
        """The journal of the database, where DDL commits as it goes."""
        return self.recorder.journal if self.recorder is not None else None

    @journal.setter
    def journal(self, journal: Journal | None) -> None:
        self.recorder = (
            RevisionRecorder(journal, self.committed) if journal is not None else None
        )

    @property
    def in_effect(self) -> tuple[str, ...]:
        """The changes of the current revision that the database has committed.

        After a failure: what the journal says, if there is one.
        """
        if self.has_journaled:
            found = self.unfinished
            return self._recorded(found.in_effect if found is not None else ())
        return tuple(
            sql for sql in self.statements[: self._durable] if self._changes(sql)
        )

    @property
    def uncertain(self) -> tuple[str, ...]:
        """The changes of which the journal does not know whether they are applied."""
        if self.unfinished is None:
            return ()
        step = self.unfinished.partial_step
        return self._recorded(
            (*self.unfinished.all_uncertain, *((step,) if step is not None else ()))
        )

    @property
    def changes(self) -> tuple[str, ...]:
        """The changes that the current revision has sent, committed or not."""
        return tuple(filter(self._changes, self.statements))

    @property
    def pending(self) -> tuple[str, ...]:
        """The changes of the current revision that nobody is known to have committed."""
        return tuple(filter(self._changes, self.statements[self._durable :]))

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The change that was sent last and not answered, if it commits by itself."""
        sql = self.failed
        if sql is None or not self._changes(sql):
            return ()
        is_alone = self._is_alone or self.backend.commits_implicitly(sql)
        return (sql,) if is_alone else ()

    @property
    def partial(self) -> tuple[str, ...]:
        """The change that the server has refused, if a part of it may be applied.

        In a transaction that would be rolled back with it.
        """
        sql = self.failed
        if sql is None or not self._is_alone or not self._changes(sql):
            return ()
        return () if self.backend.classify(sql).is_atomic else (sql,)

    @property
    def has_changes(self) -> bool:
        """Whether the current revision has sent anything but reads."""
        return any(map(self._changes, self.statements))

    def _recorded(self, records: tuple[Record, ...]) -> tuple[str, ...]:
        """Return the texts of what is recorded, whole where they are known."""
        texts = self.recorder.texts if self.recorder is not None else {}
        return tuple(texts.get(record.ordinal, str(record)) for record in records)

    def _changes(self, sql: str) -> bool:
        """Whether a statement may leave anything behind."""
        if self.recorder is not None:
            return self.recorder.journal.classify(sql).changes
        return self.backend.classify(sql).changes

    def begin(self) -> None:
        """Start a revision: forget the statements of the one before."""
        self.statements = []
        self.failed = None
        self.blocked_by = None
        self.is_committing = self._is_alone = False
        self._durable = 0
        self.unfinished, self.has_journaled = None, False
        if self.recorder is not None:
            self.recorder.begin()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Take what is sent inside for statements of the revision.

        :raises DatabaseError: When a resumed one did something else than before.
        """
        self._recording = True
        try:
            with recorded_by(self.recorder):
                yield
            if self.recorder is not None:
                self.recorder.finished()
        finally:
            self._recording = False

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Listen to the connection."""
        from sqlalchemy import event

        listeners: tuple[tuple[str, Callable[..., Any], bool], ...] = (
            ("before_cursor_execute", self.before_cursor_execute, True),
            ("after_cursor_execute", self.after_cursor_execute, False),
            ("commit", self._commit, False),
            ("commit_twophase", self._end_twophase, False),
            ("prepare_twophase", self._end_twophase, False),
        )
        engine = self.connection.engine
        for name, listener, retval in listeners:
            event.listen(self.connection, name, listener, retval=retval)
        event.listen(engine, "handle_error", self._handle_error)
        try:
            yield
        finally:
            event.remove(engine, "handle_error", self._handle_error)
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

    @contextmanager
    def own_commit(self) -> Iterator[None]:
        """Let a COMMIT inside be one that belongs to the run; it is, if none raises.

        :raises BaseException: What ``forbid_commit`` gives, where nothing may be.
        """
        if self.forbid_commit is not None:
            raise self.forbid_commit()
        if self.recorder is not None:
            self.recorder.journal.flush()
        self.is_committing = True
        with self.own_end():
            yield
        self.is_committing = False
        self.committed()
        if self.recorder is not None:
            self.recorder.journal.committed()

    @contextmanager
    def own_end(self) -> Iterator[None]:
        """Let a PREPARE or COMMIT inside be one that belongs to the run."""
        self._commits_itself = True
        try:
            yield
        finally:
            self._commits_itself = False

    def all_committed(self) -> None:
        """Take note that somebody else has committed what was sent so far."""
        self._durable = len(self.statements)
        self.commits += 1

    def give_up(self, error: BaseException, *, is_lost: bool = False) -> None:
        """Write to the journal that the revision has failed, and read what is applied.

        After the rollback. Where the connection is gone, nothing is done yet: the server
        may still run the last statement, and write to the journal until it has ended
        the session.

        :param error: What was raised.
        :param is_lost: Whether the connection is gone.
        """
        if self.recorder is None or is_lost:
            return
        try:
            self.recorder.journal.failed(self.recorder.ordinal, error)
        except Exception as other:
            logger.debug("The journal could not be written", exc_info=other)
        self.read_journal()

    def read_journal(self) -> None:
        """Read from the journal what is applied, once the transaction has ended."""
        if self.recorder is None:
            return
        try:
            self.unfinished = self.recorder.journal.unfinished()
            self.has_journaled = True
        except Exception as error:  # the server is away: nothing more is known
            logger.debug("The journal could not be read", exc_info=error)

    def _handle_error(self, context: Any) -> None:
        """Take note that a statement of the revision failed."""
        at_work, self._at_work = self._at_work, None
        if self.recorder is None or at_work is None:
            return
        if context.execution_context is not at_work:
            return
        error = context.original_exception
        if not isinstance(error, StepSkipped):
            self.recorder.error(error)

    def before_cursor_execute(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        """Look at a statement that is about to be sent.

        :return: The statement to send and its parameters.
        """
        if is_internal(context):
            return sql, params
        require_process(self.pid)
        # The driver may send a PREPARE of the run as a statement.
        is_guarded = not self._commits_itself and not self._is_autocommit()
        if self.guard is not None and is_guarded:
            self.guard.before_statement(sql)
        if not self._recording:
            self._show(sql)
            return sql, params
        self.failed = sql
        if self.backend.classify(sql).control is Control.DISTRIBUTED:
            raise _distributed()
        self.running_since = time.monotonic()
        self._is_alone = self._is_autocommit()
        if self.before is not None:
            self.before(SqlStatement(sql, many))
        if self.recorder is not None:
            self._at_work = context
            instead = self.recorder.before(sql, params, many, context)
            if instead is not None:
                return instead
        self._show(sql)
        return sql, params

    def _show(self, sql: str) -> None:
        if self.shown is not None:
            self.shown(sql)

    def after_cursor_execute(
        self, conn: Any, cursor: Any, sql: str, params: Any, context: Any, many: bool
    ) -> None:
        """Take note of a statement that was executed."""
        if not self._recording or is_internal(context):
            return
        self.running_since = None
        sent, self.failed = self.failed or sql, None
        self.statements.append(sent)
        if self.recorder is not None and self.recorder.after(
            sent, params, cursor, context
        ):
            self._durable = len(self.statements)
            return
        if (
            self._is_autocommit()
            or self.backend.commits_implicitly(sent)
            or (self.guard is not None and self.guard.after_statement(sent))
        ):
            self.committed()

    def _is_autocommit(self) -> bool:
        options = self.connection.get_execution_options()
        return options.get("isolation_level") == "AUTOCOMMIT"

    def _commit(self, conn: Any) -> None:
        if self._is_autocommit() or self._commits_itself:
            return
        if self.forbid_commit is not None:
            raise self.forbid_commit()
        if self.guard is not None:
            self.guard.before_commit()

    def _end_twophase(self, conn: Any, *arguments: Any) -> None:
        self._commit(conn)


def _distributed() -> DatabaseError:
    return DatabaseError(
        "An XA statement controls a distributed transaction, so it was not sent",
        "Such a transaction can stay prepared after the run, with its locks. Leave XA "
        "out of the revision, and revert what is in effect by hand before the next run.",
    )
