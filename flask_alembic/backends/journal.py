"""The journal of a revision where DDL commits: what a run needs of it.

A database without transactional DDL keeps it beside the version table; a backend gives
it with :meth:`~flask_alembic.backends.Backend.journal`, a plugin with the hook
:func:`~flask_alembic.hooks.specs.run_journal`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .statement_class import StatementClass

STARTED: Final = "started"
"""Of a statement: it was sent, and it is not known what became of it. Of a step: it is
not completed, and a part of it may be applied."""

DONE: Final = "done"
"""It is applied."""

REFUSED: Final = "refused"
"""The server refused it and the revision continued all the same."""

ROLLED_BACK: Final = "rolled_back"
"""It was applied and rolled back by the revision, to a savepoint for example."""

FAILED: Final = "failed"
"""The server refused it, and the revision ended with that."""

SETTLED: Final = frozenset({DONE, REFUSED, ROLLED_BACK})
"""The states of which is known how the revision continued after them."""

UNPROVED: Final = "!"
"""How :attr:`Record.context` begins where a resumed revision could differ."""


@dataclass(frozen=True, slots=True)
class Record:
    """One statement or step of a revision that did not end.

    :param ordinal: Its place among those of the revision, from 1.
    :param sql: The beginning of its text; literals are replaced by ``?``. Of a step:
        its name.
    :param digest: A hash of text and parameters.
    :param state: ``started``, ``done``, ``refused``, ``rolled_back`` or ``failed``.
    :param context: A hash of what the revision read and set in its session before. It
        begins with ``!``, and names a reason, where that cannot be repeated.
    :param error: The SQLSTATE, number and text of the error that the revision got.
    :param returned_rows: Whether the statement answered with rows.
    :param is_step: Whether it is a step and not a statement.

    .. versionadded:: 4.0
    """

    ordinal: int
    sql: str
    digest: str
    state: str
    context: str = ""
    error: str | None = None
    returned_rows: bool = False
    is_step: bool = False

    def __str__(self) -> str:
        if not self.is_step:
            return self.sql
        return f"step {self.sql!r}" + (", in part" if self.state == STARTED else "")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A revision that began and is neither finished nor reverted.

    :param run_id: The run it belonged to.
    :param revision: The revision.
    :param direction: ``upgrade`` or ``downgrade``.
    :param checksum: Of the revision's file when it was run.
    :param session_id: The server's number of the connection that ran it.
    :param statements: What is known of its statements and steps, in order.

    .. versionadded:: 4.0
    """

    run_id: str
    revision: str
    direction: str
    checksum: str
    session_id: str | None
    statements: tuple[Record, ...]

    @property
    def in_effect(self) -> tuple[Record, ...]:
        """The statements and steps that are applied."""
        return tuple(record for record in self.statements if record.state == DONE)

    @property
    def partial_step(self) -> Record | None:
        """The step that began and was not completed: it is run from its start."""
        steps = [
            record
            for record in self.statements
            if record.is_step and record.state == STARTED
        ]
        return steps[-1] if steps else None

    @property
    def uncertain(self) -> Record | None:
        """The last statement that may or may not have happened, or in part."""
        started = self.all_uncertain
        return started[-1] if started else None

    @property
    def all_uncertain(self) -> tuple[Record, ...]:
        """The statements that may or may not have happened, all of them together."""
        return tuple(
            record
            for record in self.statements
            if record.state == STARTED and not record.is_step
        )

    @property
    def settled(self) -> tuple[Record, ...]:
        """The records that a resumed run skips: all but what it has to execute."""
        return tuple(record for record in self.statements if record.state in SETTLED)

    @property
    def obstacle(self) -> str | None:
        """Why the revision cannot be resumed, as a sentence without its full stop."""
        return obstacle(self.statements)


def obstacle(records: Sequence[Record]) -> str | None:
    """Return why a list of records cannot be repeated; ``None`` if it can be.

    :param records: The records of a revision, in order.

    .. versionadded:: 4.0
    """
    settled = [record for record in records if record.state in SETTLED]
    for record in settled:
        if record.context.startswith(UNPROVED):
            return record.context.removeprefix(UNPROVED)
        if record.state != DONE and record.error == "":
            return f"it continued after an error of the driver in {record.sql!r}"
    if [record.ordinal for record in settled] != list(range(1, len(settled) + 1)):
        return "some of its statements were rolled back in the middle of it"
    return None


class Journal(ABC):
    """The records of one version table's running revision.

    The migration lock must be held by whoever calls anything but :meth:`unfinished`:
    only one revision is recorded at a time. :meth:`close` when done.

    Statements and steps are counted together, from 1. Reads and what only changes the
    session (savepoints, ``SET``, ``LOCK``) are not counted.

    .. versionadded:: 4.0
    """

    # One revision

    @abstractmethod
    def begin(
        self,
        run_id: str,
        revision: str,
        direction: str,
        checksum: str,
        *,
        resume: bool = False,
    ) -> None:
        """Set the revision that the statements that follow belong to.

        In no transaction.

        :param resume: Keep what an earlier attempt at the same revision has recorded
            as applied; :meth:`in_effect` then returns what to skip.
        :raises DatabaseError: if there is an unfinished revision and ``resume`` is
            false, or it is another one, or its file has changed, or one of its
            statements is uncertain (see :meth:`settle`), or it cannot be repeated.
        """

    @property
    @abstractmethod
    def recorded(self) -> tuple[Record, ...]:
        """What an earlier attempt at the revision has recorded: to be skipped."""

    @abstractmethod
    def classify(self, sql: str) -> StatementClass:
        """Return what a statement does, as far as its text and the database tell.

        :param sql: Its text.
        """

    @abstractmethod
    def look_again(self) -> None:
        """Forget what is known of the run's session: it may have been changed."""

    @abstractmethod
    def in_effect(
        self, ordinal: int, sql: str, parameters_hash: str = "", context: str = ""
    ) -> bool:
        """Return whether a statement of a resumed revision is recorded: to be skipped.

        :param ordinal: Its place.
        :param sql: Its text as it goes to the driver, without parameters.
        :param parameters_hash: Anything that tells its parameters from others.
        :param context: Of :class:`Record`.
        :raises DatabaseError: if another statement has been executed in its place, or
            what was read before has changed since.
        """

    @abstractmethod
    def replacement(self, ordinal: int, sql: str) -> str:
        """Return what to send instead of a recorded statement.

        It changes nothing, and fails as the statement did.

        :param ordinal: Its place.
        :param sql: Its text.
        """

    @abstractmethod
    def started(
        self, ordinal: int, sql: str, parameters_hash: str = "", context: str = ""
    ) -> None:
        """Record that a statement is about to be executed.

        The arguments are those of :meth:`in_effect`.
        """

    @abstractmethod
    def done(self, ordinal: int, returned_rows: bool = False) -> None:
        """Record that a statement was executed, in its transaction if it has one.

        :param ordinal: Its place.
        :param returned_rows: Whether it answered with rows.
        """

    @abstractmethod
    def refused(self, ordinal: int, error: BaseException) -> None:
        """Take note that a statement failed; the revision may yet continue.

        :param ordinal: Its place.
        :param error: What was raised.
        """

    @abstractmethod
    def flush(self) -> None:
        """Write what was kept back until the revision continues after a statement."""

    @abstractmethod
    def failed(self, ordinal: int, error: BaseException | None = None) -> None:
        """Record that the server refused a statement and the revision ended with it.

        After the rollback.

        :param ordinal: Its place.
        :param error: What was raised; one that lost the connection decides nothing.
        """

    @abstractmethod
    def session_statement(self, sql: str) -> None:
        """Take note of a statement that only changed the session or transaction.

        Of one that was executed: a savepoint, a rollback to it, a lock of tables.

        :param sql: Its text.
        """

    @abstractmethod
    def committed(self) -> None:
        """Take note that the transaction of the run was committed."""

    # Steps

    @abstractmethod
    def step_started(self, ordinal: int, name: str, context: str = "") -> None:
        """Record, in its transaction, that a step begins.

        :param ordinal: Its place.
        :param name: Its name.
        :param context: Of :class:`Record`.
        """

    @abstractmethod
    def step_done(self, ordinal: int) -> None:
        """Record that a step is completed, and commit both.

        :param ordinal: Its place.
        """

    @abstractmethod
    def finish(self) -> None:
        """Drop the records, in the transaction that writes the version row."""

    # What an earlier run left behind

    @abstractmethod
    def unfinished(self) -> Unfinished | None:
        """Return the revision that an earlier run left partially applied, if any."""

    @abstractmethod
    def settle(self, ordinal: int, happened: bool) -> None:
        """Record whether the uncertain statements are applied.

        :param ordinal: The place of the last of them.
        :param happened: Whether all of them are; if not, none is.
        """

    @abstractmethod
    def discard(self) -> None:
        """Forget the unfinished revision: a person has brought it to an end."""

    @abstractmethod
    def remove(self) -> None:
        """Remove what holds the records where there are none.

        In no transaction. What cannot be removed now is removed by a later run.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the journal's own connection."""
