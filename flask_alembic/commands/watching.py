"""Who a statement waits for, said while it waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ..environment.progress import Progress, current_observer
from .connecting import close

if TYPE_CHECKING:
    from ..environment.objects import Environment
    from .statements import StatementLog
    from .stepping import Member

logger = logging.getLogger("flask_alembic.commands")

PATIENCE: Final = 3.0
"""How long a statement may be at work before anybody is asked, in seconds."""

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
        self._over = threading.Event()

    def run(self) -> None:
        """Watch until the run is over."""
        pause = PATIENCE / 3
        while not self._over.wait(pause):
            since = self.log.running_since
            pause = PATIENCE / 3
            if since is not None and time.monotonic() - since >= PATIENCE:
                self._ask(time.monotonic() - since)
                pause = PAUSE

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._over.set()
        self.join()

    def _ask(self, waited: float) -> None:
        """Name who blocks, to whoever watches and for the failure report."""
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
        if found:
            text = "; ".join(map(str, found))
            self.log.blocked_by = text
            logger.warning(
                "Database %r: a statement waits for %.0f s behind %s.",
                self.member.name,
                waited,
                text,
            )
            self.observer(
                Progress("blocked", self.member.name, elapsed=waited, text=text)
            )
