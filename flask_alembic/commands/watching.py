"""Who a statement waits for, said while it waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ..environment.progress import Progress, current_observer, is_observed
from .connecting import close

if TYPE_CHECKING:
    from ..environment.objects import Environment
    from .members import Member
    from .statements import StatementLog

logger = logging.getLogger("flask_alembic.commands")

SUSPICION: Final = 0.8
"""How long a statement may be at work before somebody is asked, in seconds."""

PATIENCE: Final = 3.0
"""How long it may wait for another session before that is said, in seconds."""

PAUSE: Final = 10.0
"""How long to wait before asking again, in seconds."""


@contextmanager
def watching(
    environment: Environment, member: Member, log: StatementLog
) -> Iterator[None]:
    """Watch the statements sent inside from a thread with a connection of its own.

    The connection is opened only when a statement is at work for longer than
    :data:`PATIENCE`, and closed again at once.

    :param environment: The app's environment.
    :param member: The database of the run.
    :param log: Knows since when a statement is at work; ``blockers`` is set on it.
    """
    backend = member.backend
    session = (
        None if member.database.is_async else backend.session_id(member.connection)
    )
    if session is None:
        yield
        return
    member.connection.rollback()
    watch = _Watch(environment, member, log, session)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class _Watch(threading.Thread):
    """Asks now and then who the run's session waits for."""

    def __init__(
        self, environment: Environment, member: Member, log: StatementLog, session: str
    ) -> None:
        super().__init__(name="flask-alembic-watch", daemon=True)
        self.environment = environment
        self.member = member
        self.log = log
        self.session = session
        self.observer = current_observer()
        self.is_observed = is_observed()
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
            seconds = self.environment.settings.of("connect_timeout", self.member.name)
            connection = self.member.backend.connect(
                self.member.database.engine, seconds
            )
        except Exception as error:
            logger.debug("Nobody could be asked who blocks", exc_info=error)
            return
        try:
            found = self.member.backend.blockers(connection, self.session)
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
        logger.warning(
            "Database %r: a statement waits for %.0f s behind %s.",
            self.member.name,
            waited,
            text,
            extra={"is_told": self.is_observed},
        )
        self.observer(Progress("blocked", self.member.name, elapsed=waited, text=text))
