"""Writing the history of one run."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .identity import checksum, circumstances
from .table import DONE, FAILED, PARTIAL, AuditTable, Entry

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection, Engine

    from flask_alembic.hooks import Run, RunFailure, Step

    from .settings import Settings

STASH = "audit.history"
"""Where a run keeps its history."""


def now() -> datetime:
    """Return the time in UTC, without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class History:
    """What one run writes.

    :param app: The application; an app context must be active.
    :param settings: The settings.
    :param run_id: The id of the run.
    """

    def __init__(self, app: Flask, settings: Settings, run_id: str) -> None:
        self.settings = settings
        self._engines: dict[str, Engine] = {}
        self._begun: dict[Step, tuple[datetime, float]] = {}
        self._seconds: dict[Step, float] = {}
        self._existing: set[str] = set()
        self._created: set[str] = set()
        self._same = {"run_id": run_id, **circumstances(app, settings)}

    @classmethod
    def of(cls, app: Flask, settings: Settings, run: Run) -> History:
        """Return the history of a run, made when it is first asked for.

        :param app: The application.
        :param settings: The settings.
        :param run: The run.
        """
        if STASH not in run.stash:
            run.stash[STASH] = cls(app, settings, run.id)
        history: History = run.stash[STASH]
        return history

    def begin(self, connection: Connection, step: Step) -> AuditTable:
        """Make sure that the table is there, and start the clock.

        :param connection: The connection of the run; the table is created in its
            transaction.
        :param step: The step that begins.
        :raises AuditError: When the table cannot be created.
        """
        name = step.database
        # The failure row needs a connection of its own later.
        self._engines[name] = connection.engine
        table = AuditTable(self.settings, connection, name)
        if name not in self._existing:
            # What this run has created may be rolled back before the next step.
            if table.create():
                self._created.add(name)
            elif name not in self._created:
                self._existing.add(name)
        self._begun[step] = (now(), time.perf_counter())
        return table

    def end(self, step: Step) -> None:
        """Stop the clock of a step.

        :param step: The step.
        """
        self._seconds[step] = time.perf_counter() - self._begun[step][1]

    def entry(self, step: Step, outcome: str = DONE, error: str | None = None) -> Entry:
        """Return the row of a step.

        :param step: The step; it has begun and ended.
        :param outcome: What became of it.
        :param error: Why.
        """
        return Entry(
            database_name=step.database,
            revision=step.revision,
            direction=step.direction,
            outcome=outcome,
            started_utc=self._begun[step][0],
            seconds=round(self._seconds[step], 6),
            message=step.doc,
            error=error,
            file_name=step.path.name if step.path else None,
            checksum=checksum(step.path),
            **self._same,
        )

    def failed(self, failure: RunFailure) -> None:
        """Write the row of the step that failed, on a connection of its own.

        A COMMIT that is refused is no single step's fault: then each step that it
        would have made durable gets a row.

        :param failure: Where and why the run stopped.
        :raises AuditError: When the database refuses.
        """
        steps = [failure.step] if failure.step is not None else failure.rolled_back
        outcome = PARTIAL if failure.in_effect else FAILED
        error = failure.error
        entries = [
            self.entry(step, outcome, error) for step in steps if step in self._seconds
        ]
        engine = self._engines.get(failure.database)
        if not entries or engine is None:
            return
        with engine.begin() as connection:
            table = AuditTable(self.settings, connection, failure.database)
            table.create()
            for entry in entries:
                table.add(entry)
