"""How a transaction that failed has ended, asked of the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .connections import connected, current_heads, reading_limit

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..hooks.dispatcher import Hooks
    from .environment import Environment
    from .request import DatabaseRun
    from .run_transaction import RunTransaction
    from .statement_log import StatementLog

logger = logging.getLogger("flask_alembic.runtime")

T = TypeVar("T")

PAUSE = 0.1
"""How long to wait before the server is asked again, in seconds."""


class RunPart(Protocol):
    """One database's part of a run, after its transaction has failed."""

    database_run: DatabaseRun
    stepper: Any
    log: StatementLog
    transaction: RunTransaction
    session: str | None
    is_committing: bool
    is_prepared: bool
    is_intact: bool


class TransactionEnd:
    """What became of the steps of a transaction that was not ended as planned.

    :param environment: The app's environment.
    :param hooks: The dispatcher of the command.
    :param part: The database's part of the run, rolled back where that was possible.
    """

    def __init__(self, environment: Environment, hooks: Hooks, part: RunPart) -> None:
        self.environment = environment
        self.hooks = hooks
        self.part = part
        self.database_run = part.database_run
        self.heads: tuple[str, ...] | None = None
        """The rows of the version table; ``None`` if they could not be read."""
        self._committed: bool | None = None
        self._is_lost = self.database_run.connection.invalidated
        try:
            self._ask(self._look)
        except Exception as error:
            logger.debug("The database could not be asked", exc_info=error)

    def durable_steps(self) -> int | None:
        """Return how many steps of the transaction are committed.

        ``None`` where that is not known: COMMIT was sent, and nobody answers.
        """
        stepper, committing = self.part.stepper, self.part.is_committing
        durable: int = stepper.durable
        if committing and self._committed is not None:
            return len(stepper.done) if self._committed else durable
        if committing and self.part.is_prepared:
            return None
        if self.heads is None:
            is_sent = committing or self.part.transaction.is_ending
            certain = not is_sent and self.part.is_intact
            return durable if certain else None
        if committing:
            is_last = self.heads == stepper.heads[-1]
            return len(stepper.done) if is_last else durable
        for count in range(len(stepper.done), 0, -1):
            if stepper.heads[count] == self.heads:
                return count
        return durable

    def uncertain_statements(self) -> tuple[str, ...]:
        """Return the statements of the step of which it is not known what became.

        Somebody else may have committed them, or the server without an answer that
        arrived. Where it knows what became of its transaction, there are none.
        """
        part, log = self.part, self.part.log
        if log.has_journaled:
            return log.uncertain
        if part.is_committing:
            return ()
        if part.is_intact and not self._is_lost:
            return log.partial
        if part.is_intact and not part.transaction.is_real:
            return (*log.pending, *log.unanswered)
        if part.is_intact and not part.transaction.is_ending:
            return log.unanswered
        if self._committed is None or (
            self._committed and part.transaction.is_replaced
        ):
            return log.pending
        if self._committed:
            log.all_committed()
        return ()

    def _ask(self, question: Callable[[Connection], T]) -> T:
        """Ask on the run's connection if it still works, else on another one.

        A pool may hold only that one; a dead one would connect again without a limit.
        """
        connection = self.database_run.connection
        if not connection.closed and not connection.invalidated:
            with suppress(Exception):
                return question(connection)
        database = self.database_run.database
        with connected(self.environment, self.hooks, database) as other:
            return question(other)

    def _look(self, connection: Connection) -> None:
        """Read how the transaction ended and what the version table says."""
        transaction, backend = self.part.transaction, self.database_run.backend
        if self._is_lost:
            self._await_end(connection)
            self.part.log.read_journal()
        number = transaction.number
        is_sent = self.part.is_committing or transaction.is_ending
        if (is_sent or not self.part.is_intact) and number is not None:
            self._committed = backend.is_committed(connection, number)
        elif (
            number is not None
            and not transaction.is_released
            and backend.is_committed(connection, number)
        ):
            # Nothing has noticed a COMMIT past SQLAlchemy with a BEGIN after it; which
            # statements came before and after the two, nobody knows.
            self.part.is_intact = False
        if connection.in_transaction():
            connection.rollback()
        self.heads = current_heads(
            self.environment, self.database_run.database, connection
        )
        connection.rollback()

    def _await_end(self, connection: Connection) -> None:
        """Wait until the server has ended the session that was cut off.

        :raises TimeoutError: When it has not after ``connect_timeout``.
        """
        if self.part.session is None:
            return
        seconds = reading_limit(self.environment, self.database_run.name)
        deadline = time.monotonic() + seconds
        while self.database_run.backend.has_session(connection, self.part.session):
            if time.monotonic() >= deadline:
                raise TimeoutError("the server has not ended the session")
            time.sleep(PAUSE)
