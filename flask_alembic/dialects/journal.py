"""The journal of a revision on a database whose DDL commits: MySQL and MariaDB.

A revision there is not atomic. The journal is a small table beside the version table
that always says which statements of the running revision are in effect, also after the
process was killed at any point:

- a statement that commits by itself (DDL), or is executed in autocommit, is recorded as
  ``started`` before and as ``done`` after, on a connection of the journal's own. Only a
  ``started`` one may or may not have happened;
- a statement that does not (DML) is recorded as ``done`` after it, **in the same
  transaction**: the server commits both or neither, whichever commit that is;
- the records go in the transaction of the version row: the row is there exactly when
  they are not.

That holds for InnoDB and every other transactional engine. What is written to MyISAM or
Aria tables is in effect at once and is not known as such after a rollback.

The table is created before the first statement of the first revision that needs it, and
stays, empty. No parameters are kept, and of the SQL only the beginning, its literals
replaced; a hash tells statements apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import DatabaseError
from .journal_records import (
    DONE,
    FAILED,
    STARTED,
    Record,
    Statements,
    Unfinished,
    journal_table,
    journal_table_name,
    statement_digest,
)
from .payloads import LockKey
from .statements import INTERNAL, between_transactions, mask, run

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.sql import Executable

    from .base import Backend

__all__ = ["Journal", "Record", "Unfinished", "journal_table_name"]

_SHOWN = 2000
_NO_SUCH_TABLE = 1146  # ER_NO_SUCH_TABLE


class Journal:
    """The records of one version table's running revision.

    The migration lock must be held by whoever calls anything but :meth:`unfinished`:
    only one revision is recorded at a time. :meth:`close` when done.

    :param backend: Tells which statements commit by themselves.
    :param connection: The run's connection, which executes the revision.
    :param key: Whose version table it is about.

    .. versionadded:: 4.0
    """

    def __init__(self, backend: Backend, connection: Connection, key: LockKey) -> None:
        self._backend = backend
        self._connection = connection
        self._table = journal_table(key)
        self._own: Connection | None = None
        self._close_own: Callable[[], None] = lambda: None
        self._revision: dict[str, Any] = {}
        self._pending: dict[int, dict[str, Any]] = {}
        self._recorded: dict[int, Record] = {}
        self._written = False
        self._ended: tuple[str, str] | None = None
        self._session: tuple[bool, str] | None = None
        self._statements = Statements(self._table)

    # One revision

    def begin(
        self,
        run_id: str,
        revision: str,
        direction: str,
        checksum: str,
        *,
        resume: bool = False,
    ) -> None:
        """Say which revision the statements that follow belong to.

        Creates the table if it is not there. In no transaction.

        :param resume: Keep what an earlier attempt at the same revision has recorded
            as in effect; :meth:`in_effect` then says what to skip.
        :raises DatabaseError: if there is an unfinished revision and ``resume`` is
            false, or it is another one, or its file has changed, or one of its
            statements is uncertain (see :meth:`settle`).
        """
        if self._ended is None or self._ended == (revision, direction):
            found = self._first(revision, direction, checksum, resume)
        else:
            # Another one has ended in this run: it has left nothing.
            found = None
        self._ended = None
        records = found.in_effect if found else ()
        self._recorded = {record.ordinal: record for record in records}
        self._written = bool(records)
        self._pending = {}
        self._session = self._session or self._ask()
        self._revision = {
            "run_id": run_id,
            "revision": revision,
            "direction": direction,
            "checksum": checksum,
            "session_id": self._session[1],
        }

    def _ask(self) -> tuple[bool, str]:
        """Return whether the run's session is in autocommit, and its number."""
        with between_transactions(self._connection):
            # Of the engine; an autocommit block shows in the execution options.
            asked = run(
                self._connection, "SELECT @@SESSION.autocommit, CONNECTION_ID()"
            )
            autocommit, session = asked.one()
        return bool(autocommit), str(session)

    def _first(
        self, revision: str, direction: str, checksum: str, resume: bool
    ) -> Unfinished | None:
        """Look at what is there, and prepare the table."""
        found = self.unfinished()
        if found is not None:
            self._check(found, revision, direction, checksum, resume)
        self._create()
        table = self._table
        self._execute(table.delete().where(table.c.state != DONE))
        return found

    def look_again(self) -> None:
        """Forget what is known of the run's session: it may have been changed.

        To be called after a statement such as ``SET autocommit = 1``.
        """
        self._session = None

    def in_effect(self, ordinal: int, sql: str, parameters_hash: str = "") -> bool:
        """Tell whether a statement of a resumed revision is in effect, to be skipped.

        :raises DatabaseError: if another statement has been executed in its place.
        """
        record = self._recorded.get(ordinal)
        if record is None:
            return False
        if record.digest != statement_digest(sql, parameters_hash):
            raise DatabaseError(
                f"Statement {ordinal} of revision {self._revision['revision']!r} is not"
                f" the one that is in effect: {record.sql!r}.",
                "The revision gives other statements than before; finish it by hand.",
            )
        return True

    def started(self, ordinal: int, sql: str, parameters_hash: str = "") -> None:
        """Record that a statement is about to be executed.

        To be called for each statement that changes something, right before it.

        :param ordinal: Its place, counted from 1, the same each time it is run.
        :param sql: Its text as it goes to the driver, without parameters.
        :param parameters_hash: Anything that tells its parameters from others.
        """
        for earlier in tuple(self._pending):
            self.failed(earlier)  # and the revision goes on after it all the same
        row = {
            **self._revision,
            "ordinal": ordinal,
            "statement_hash": statement_digest(sql, parameters_hash),
            "statement": mask(sql, _SHOWN, quotes="'\"") or "",
            "at_once": self._at_once(sql),
            "state": STARTED,
        }
        self._pending = {ordinal: row}
        if row["at_once"]:
            self._write(row)

    def done(self, ordinal: int) -> None:
        """Record that a statement was executed.

        Of one that is part of a transaction: in that transaction, right after it.
        """
        row = self._pending.pop(ordinal)
        if row["at_once"]:
            self._mark(ordinal, DONE)
            return
        self._connection.execute(
            self._statements.add, {**row, "state": DONE}, execution_options=INTERNAL
        )
        self._written = True

    def failed(self, ordinal: int, error: BaseException | None = None) -> None:
        """Record that the server refused a statement, so that it is not in effect.

        One that lost its connection stays ``started``: the server may have gone on.
        """
        row = self._pending.pop(ordinal, None)
        if row is None or not row["at_once"]:
            return  # never written, or rolled back with its transaction
        if error is not None and self._backend.is_disconnect(error):
            return
        self._mark(ordinal, FAILED)

    def finish(self) -> None:
        """Drop the records, in the transaction that writes the version row.

        To be called after the row was written and before it is committed.
        """
        if self._written:
            self._connection.execute(self._statements.clear, execution_options=INTERNAL)
        self._pending, self._recorded, self._written = {}, {}, False
        # Not known to be committed: if it is not, the same one may begin again.
        self._ended = self._revision["revision"], self._revision["direction"]

    # What an earlier run left behind

    def unfinished(self) -> Unfinished | None:
        """Return the revision that an earlier run left half done, None if there is none.

        A revision of which nothing is in effect is none.
        """
        from sqlalchemy import select
        from sqlalchemy.exc import DBAPIError

        from .mysql import errno

        connection = self._own or self._connection
        query = select(self._table).order_by(self._table.c.ordinal)
        try:
            with between_transactions(connection):
                rows = connection.execute(query, execution_options=INTERNAL).all()
        except DBAPIError as error:
            if errno(error) == _NO_SUCH_TABLE:
                return None
            raise
        records = tuple(
            Record(row.ordinal, row.statement, row.statement_hash, row.state)
            for row in rows
        )
        if all(record.state == FAILED for record in records):
            return None
        last = rows[-1]
        return Unfinished(
            last.run_id,
            last.revision,
            last.direction,
            last.checksum,
            last.session_id,
            records,
        )

    def settle(self, ordinal: int, happened: bool) -> None:
        """Write down what a person found out about the uncertain statement."""
        self._mark(ordinal, DONE if happened else FAILED)

    def discard(self) -> None:
        """Forget the unfinished revision: a person has brought it to an end."""
        self._execute(self._statements.clear)

    def close(self) -> None:
        """Close the journal's own connection."""
        self._close_own()
        self._own, self._close_own = None, lambda: None

    # Writing

    def _at_once(self, sql: str) -> bool:
        """Tell whether a statement is in effect without a commit of ours."""
        level = self._connection.get_execution_options().get("isolation_level")
        if level == "AUTOCOMMIT":
            return True
        self._session = self._session or self._ask()
        if level is None and self._session[0]:
            return True
        return self._backend.commits_implicitly(sql)

    def _connect(self) -> Connection:
        if self._own is None:
            from .connecting import own_connection

            self._own, self._close_own = own_connection(self._connection.engine)
        return self._own

    def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> None:
        # In autocommit: a commit would be one more question to the server.
        self._connect().execute(statement, parameters, execution_options=INTERNAL)

    def _create(self) -> None:
        from sqlalchemy.schema import CreateTable

        self._execute(CreateTable(self._table, if_not_exists=True))

    def _write(self, row: dict[str, Any]) -> None:
        self._execute(self._statements.write, row)
        self._written = True

    def _mark(self, ordinal: int, state: str) -> None:
        self._execute(self._statements.mark, {"marked": ordinal, "state_now": state})

    @staticmethod
    def _check(
        found: Unfinished, revision: str, direction: str, checksum: str, resume: bool
    ) -> None:
        """Refuse to begin where the journal speaks of something else."""
        what = f"Revision {found.revision!r} was left half done ({found.direction})"
        if not resume:
            raise DatabaseError(f"{what}.", "Resume it, or finish it by hand.")
        if (found.revision, found.direction) != (revision, direction):
            raise DatabaseError(
                f"{what}; {direction} of {revision!r} cannot begin.",
                f"Resume {found.revision!r} first.",
            )
        if found.checksum != checksum:
            raise DatabaseError(
                f"{what}, and its file has changed since.",
                "Put the file back as it was and resume, or finish it by hand.",
            )
        if found.uncertain is not None:
            raise DatabaseError(
                f"{what}, and it is not known whether this statement is in effect:"
                f" {found.uncertain.sql!r}.",
                "Look at the database and say which.",
            )
