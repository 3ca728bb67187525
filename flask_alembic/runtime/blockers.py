"""Who a statement waits for, said while it waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Final

from ..hooks.payloads import ProgressEvent
from .connections import close
from .invocation import hooks_of
from .progress import notify

if TYPE_CHECKING:
    from .environment import Environment
    from .request import DatabaseRun
    from .statement_log import StatementLog

logger = logging.getLogger("flask_alembic.runtime")

SUSPICION: Final = 0.8
"""How long a statement may run before somebody is asked, in seconds."""

PATIENCE: Final = 3.0
"""How long it may wait for another session before that is said, in seconds."""

PAUSE: Final = 10.0
"""How long to wait before asking again, in seconds."""


@contextmanager
def watching(
    environment: Environment, database_run: DatabaseRun, log: StatementLog
) -> Iterator[str | None]:
    """Watch the statements sent inside from a thread with a connection of its own.

    The connection is opened only when a statement runs for longer than
    :data:`PATIENCE`, and closed again at once.

    :param environment: The app's environment.
    :param database_run: The database of the run.
    :param log: Knows since when a statement has been running; ``blockers`` is set on it.
    :return: The server's number of the run's session; ``None`` if it has none.
    """
    backend = database_run.backend
    session = backend.session_id(database_run.connection)
    database_run.connection.rollback()
    if session is None or database_run.database.is_async:
        yield session  # a thread cannot connect where connections are asynchronous
        return
    watch = _Watch(environment, database_run, log, session)
    watch.start()
    try:
        yield session
    finally:
        watch.stop()


class _Watch(threading.Thread):
    """Asks now and then who the run's session waits for."""

    def __init__(
        self,
        environment: Environment,
        database_run: DatabaseRun,
        log: StatementLog,
        session: str,
    ) -> None:
        super().__init__(name="flask-alembic-watch", daemon=True)
        self.environment = environment
        self.database_run = database_run
        self.log = log
        self.session = session
        self.hooks = hooks_of(environment)
        self._context = copy_context()
        self._over = threading.Event()

    def run(self) -> None:
        """Watch until the run is over."""
        asked: float | None = None
        next_word = 0.0
        while not self._over.wait(0.2):
            since = self.log.running_since
            if since is None:
                continue
            waited = time.monotonic() - since
            if since != asked and waited >= SUSPICION:
                # Early, for the failure report: a short timeout ends the wait soon.
                asked, next_word = since, since + PATIENCE
                self._ask()
            elif since == asked and time.monotonic() >= next_word:
                next_word = time.monotonic() + PAUSE
                self._ask()
                self._say(waited)

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._over.set()
        self.join()

    def _ask(self) -> None:
        """Find out who blocks, for whoever watches and for the failure report."""
        try:
            seconds = self.environment.settings.of(
                "connect_timeout", self.database_run.name
            )
            connection = self.database_run.backend.connect(
                self.database_run.database.engine, seconds
            )
        except Exception as error:
            logger.debug("Nobody could be asked who blocks", exc_info=error)
            return
        try:
            found = self.database_run.backend.blockers(connection, self.session)
        except Exception as error:
            logger.debug("Nobody could be asked who blocks", exc_info=error)
            return
        finally:
            close(connection)
        if self.log.running_since is not None:
            self.log.blocked_by = "; ".join(map(str, found)) or None

    def _say(self, waited: float) -> None:
        """Name who blocks."""
        text = self.log.blocked_by
        if text is None:
            return
        event = ProgressEvent(
            "blocked", database=self.database_run.name, elapsed=waited, text=text
        )
        # In the context of the command, where the terminal's display is.
        self._context.run(notify, self.hooks, event)
