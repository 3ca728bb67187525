"""The journal of a revision on a database whose DDL commits: MySQL and MariaDB.

A revision there is not atomic. The journal is a small table beside the version table
that always says which statements of the running revision are applied, also after the
process was killed at any point. Each is recorded **on the connection of the run, before
it is sent, in its own transaction**, so that the server decides:

- one that does not commit (DML) is recorded as ``done``: the server commits both or
  neither, whichever commit that is;
- one that commits by itself (DDL) is recorded as ``started``. The server commits that
  as it begins the statement; ``done`` is written and committed right after it. Only a
  ``started`` one may or may not have happened;
- so is one of which it is not known what it does (``CALL``, ``IF ... END IF``), but its
  ``done`` is part of the transaction that is then open. If that is rolled back,
  ``started`` is there exactly where the statement has committed anything;
- the records go in the transaction of the version row: the row is there exactly when
  they are not.

While tables are locked (``LOCK TABLES``) the run's connection may not write to the
journal. Statements are then recorded as ``started`` on a connection of the journal's
own, and all together as ``done`` after the commit.

That holds for InnoDB and every other transactional engine. What is written to MyISAM or
Aria tables is in effect at once and is not known as such after a rollback.

The table is created before the first statement of the first revision that needs it, and
dropped when a run leaves nothing unfinished. No parameters are kept, and of the SQL only
the beginning, its literals replaced; a hash tells statements apart.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ...errors import DatabaseError
from ..journal import (
    DONE,
    FAILED,
    REFUSED,
    ROLLED_BACK,
    SETTLED,
    STARTED,
    Journal,
    Record,
    Unfinished,
    obstacle,
)
from ..lock import LockKey
from ..statement_class import StatementClass
from ..statements import INTERNAL, between_transactions, driver_error, mask, run

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table
    from sqlalchemy.sql import Executable

logger = logging.getLogger("flask_alembic.backends")

T = TypeVar("T")


def journal_table_name(key: LockKey) -> str:
    """Return the name of the journal's table, not above 64 characters."""
    name = f"{key.version_table}_journal"
    if len(name) <= 64:
        return name
    digest = hashlib.blake2b(key.version_table.encode(), digest_size=4).hexdigest()
    return f"{key.version_table[:47]}_{digest}_journal"


def statement_digest(sql: str, parameters_hash: str = "") -> str:
    """Return the hash that tells a statement and its parameters from others."""
    return hashlib.sha256(f"{sql}\0{parameters_hash}".encode()).hexdigest()


def journal_table(key: LockKey) -> Table:
    """Return the journal's table."""
    import sqlalchemy as sa

    return sa.Table(
        journal_table_name(key),
        sa.MetaData(),
        sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.String(255), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("checksum", sa.String(128), nullable=False),
        sa.Column("session_id", sa.String(32)),
        sa.Column("statement_hash", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("context_hash", sa.String(255), nullable=False),
        sa.Column("is_step", sa.Boolean, nullable=False),
        sa.Column("returned_rows", sa.Boolean, nullable=False),
        sa.Column("error", sa.String(255)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime, server_default=sa.func.now()),
        sa.Column("ended_at", sa.DateTime),
        schema=key.schema,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )


class Statements:
    """What is sent to the journal's table for each statement, made once.

    SQLAlchemy recognizes a statement that it has compiled by walking through it, which
    it does once for each object.

    :param table: The journal's table.

    .. versionadded:: 4.0
    """

    def __init__(self, table: Table) -> None:
        from sqlalchemy import bindparam, func, select
        from sqlalchemy.dialects.mysql import insert

        row = insert(table)
        news = {column.name: row.inserted[column.name] for column in table.columns}
        news = {name: news[name] for name in news if not name.endswith("_at")}
        self.write = row.on_duplicate_key_update(news)
        """Add a row, or write over the one of that number."""

        self.mark = (
            table.update()
            .where(table.c.ordinal == bindparam("marked"))
            .values(state=bindparam("state_now"), ended_at=func.now(6))
        )
        """Set the state of the row with the number ``marked`` to ``state_now``."""

        self.clear = table.delete()
        """Remove all rows."""

        self.ordinals = select(table.c.ordinal)
        """Read the numbers of the rows."""

        self.cut = table.delete().where(table.c.ordinal >= bindparam("first"))
        """Remove the rows from the number ``first`` on."""


_SHOWN = 2000
_ERROR_SHOWN = 120
_NO_SUCH_TABLE = 1146  # ER_NO_SUCH_TABLE
_WAIT = 5  # seconds

COMMIT = "COMMIT"
NOTHING = "DO 0"
"""What is sent instead of a statement that is recorded."""


class StatementRules(Protocol):
    """What the journal asks of the backend about statements and their errors."""

    def classify(
        self, statement: str, functions: Collection[str] = ()
    ) -> StatementClass:
        """Return what a statement does, where there are such stored functions."""

    def is_disconnect(self, error: BaseException) -> bool:
        """Tell whether the connection to the server is gone."""


class MySQLJournal(Journal):
    """The records of one version table's running revision.

    The migration lock must be held by whoever calls anything but :meth:`unfinished`:
    only one revision is recorded at a time. :meth:`close` when done.

    :param backend: Tells which statements commit by themselves.
    :param connection: The run's connection, which executes the revision.
    :param key: Whose version table it is about.

    .. versionadded:: 4.0
    """

    def __init__(
        self, backend: StatementRules, connection: Connection, key: LockKey
    ) -> None:
        self._backend = backend
        self._connection = connection
        self._table = journal_table(key)
        self._own: Connection | None = None
        self._close_own: Callable[[], None] = lambda: None
        self._revision: dict[str, Any] = {}
        self._recorded: dict[int, Record] = {}
        self._rows: dict[int, dict[str, Any]] = {}
        self._open: dict[int, dict[str, Any]] = {}
        self._kept_back: dict[int, dict[str, Any]] = {}
        self._locked_rows: dict[int, dict[str, Any]] = {}
        self._savepoints: dict[str, int] = {}
        self._last = 0
        self._is_locked = False
        self._stale = False
        self._written = False
        self._ended: tuple[str, str] | None = None
        self._session: tuple[bool, str] | None = None
        self._functions: frozenset[str] = frozenset()
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
        """Set the revision that the statements that follow belong to.

        Creates the table if it is missing. In no transaction.

        :param resume: Keep what an earlier attempt at the same revision has recorded
            as applied; :meth:`in_effect` then returns what to skip.
        :raises DatabaseError: if there is an unfinished revision and ``resume`` is
            false, or it is another one, or its file has changed, or one of its
            statements is uncertain (see :meth:`settle`), or it cannot be repeated.
        """
        records: Sequence[Record] = ()
        if self._ended is None or self._ended == (revision, direction):
            records = self._first(revision, direction, checksum, resume)
        # Else another one has ended in this run: it has left nothing.
        self._read_functions()
        self._ended = None
        self._recorded = {
            record.ordinal: record for record in records if record.state in SETTLED
        }
        self._stale = len(self._recorded) < len(records)
        self._written = bool(records)
        self._rows, self._open, self._kept_back = {}, {}, {}
        self._locked_rows, self._savepoints = {}, {}
        self._is_locked, self._last = False, 0
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
    ) -> Sequence[Record]:
        """Look at what is there, and prepare the table."""
        found = self.unfinished()
        if found is not None:
            self._check(found, revision, direction, checksum, resume)
            return found.statements
        from sqlalchemy.schema import CreateTable

        self._execute(CreateTable(self._table, if_not_exists=True))
        self._execute(self._statements.clear)
        return ()

    @property
    def recorded(self) -> tuple[Record, ...]:
        """What an earlier attempt at the revision has recorded: to be skipped."""
        return tuple(self._recorded.values())

    def classify(self, sql: str) -> StatementClass:
        """Return what a statement does, in a database with these stored functions."""
        return self._backend.classify(sql, self._functions)

    def _read_functions(self) -> None:
        """Read the names of the stored functions, which a query may call."""
        query = (
            "SELECT LOWER(routine_name) FROM information_schema.routines"
            " WHERE routine_type = 'FUNCTION'"
        )
        self._functions = self._on_own(lambda own: frozenset(run(own, query).scalars()))

    def look_again(self) -> None:
        """Forget what is known of the run's session: it may have been changed.

        To be called after a statement such as ``SET autocommit = 1``.
        """
        self._session = None

    def in_effect(
        self, ordinal: int, sql: str, parameters_hash: str = "", context: str = ""
    ) -> bool:
        """Return whether a statement of a resumed revision is recorded: to be skipped.

        :raises DatabaseError: if another statement has been executed in its place, or
            what was read before has changed since.
        """
        record = self._recorded.get(ordinal)
        if record is None:
            return False
        advice = "Finish or revert it by hand, then stamp the revision that is true."
        if record.digest != statement_digest(sql, parameters_hash):
            raise DatabaseError(
                f"Statement {ordinal} of revision {self._revision['revision']!r} is not"
                f" the one that was executed before: {record.sql!r}.",
                f"The revision gives other statements than before. {advice}",
            )
        if record.context != context:
            raise DatabaseError(
                f"Before statement {ordinal} of revision"
                f" {self._revision['revision']!r} ({record.sql!r}), the revision reads"
                " or sets something else than when it was executed.",
                f"What it reads has changed since, perhaps by itself. {advice}",
            )
        return True

    def replacement(self, ordinal: int, sql: str) -> str:
        """Return a statement that changes nothing and fails as the recorded one did.

        ``COMMIT`` where it commits, since that ends savepoints and locks of rows.
        """
        record = self._recorded[ordinal]
        if record.error:
            state, number, text = record.error.split(" ", 2)
            return (
                f"SIGNAL SQLSTATE '{state}' SET MYSQL_ERRNO = {number}, "
                f"MESSAGE_TEXT = '{text}'"
            )
        found = self.classify(sql)
        return COMMIT if found.commits and found.is_known else NOTHING

    def started(
        self, ordinal: int, sql: str, parameters_hash: str = "", context: str = ""
    ) -> None:
        """Record that a statement is about to be executed.

        To be called for each statement that changes something, right before it.
        """
        found = self.classify(sql)
        row = self._row(ordinal, statement_digest(sql, parameters_hash), context)
        row["statement"] = mask(sql, _SHOWN, quotes="'\"") or ""
        row["returned_rows"] = found.returns_rows
        at_once = found.commits or self._is_autocommit()
        row["state"] = STARTED if at_once or self._is_locked else DONE
        self._begin_row(row)
        row["class"] = found

    def _row(self, ordinal: int, digest: str, context: str) -> dict[str, Any]:
        return {
            **self._revision,
            "ordinal": ordinal,
            "statement_hash": digest,
            "context_hash": context,
            "is_step": False,
            "returned_rows": False,
            "error": None,
        }

    def _begin_row(self, row: dict[str, Any]) -> None:
        """Write the row of what begins now."""
        self.flush()
        ordinal = row["ordinal"]
        if self._stale:
            # What an earlier attempt had refused comes again.
            self._send(self._statements.cut, {"first": ordinal})
            self._stale = False
        self._rows, self._last = {ordinal: row}, ordinal
        self._write(row)

    def done(self, ordinal: int, returned_rows: bool = False) -> None:
        """Record that a statement was executed.

        Of one that is part of a transaction: in that transaction.
        """
        row = self._rows.pop(ordinal)
        found: StatementClass = row["class"]
        if found.defines_routines:
            self._read_functions()
        if row["state"] == DONE:
            self._open[ordinal] = row
            return
        row.update(state=DONE, returned_rows=returned_rows)
        if self._is_locked:
            self._locked_rows[ordinal] = row
            if found.commits and found.is_known:
                self.committed()
            return
        if found.commits and not found.is_known and not self._is_autocommit():
            self._open[ordinal] = row
            self._kept_back[ordinal] = row
            return
        self._write(row)
        if not self._is_autocommit():
            run(self._connection, COMMIT)
        self.committed()

    def refused(self, ordinal: int, error: BaseException) -> None:
        """Take note that a statement failed; the revision may yet continue."""
        row = self._rows.get(ordinal)
        if row is None or row["is_step"] or self._backend.is_disconnect(error):
            return
        found: StatementClass = row["class"]
        row = {**row, "error": error_text(error)}
        row["state"] = REFUSED if found.is_atomic else DONE
        self._open[ordinal] = self._kept_back[ordinal] = row

    def flush(self) -> None:
        """Write what was kept back until the revision continues after a statement."""
        kept_back, self._kept_back = self._kept_back, {}
        for row in kept_back.values():
            self._write(row)
            if self._is_locked:
                self._locked_rows[row["ordinal"]] = row

    def failed(self, ordinal: int, error: BaseException | None = None) -> None:
        """Record that the server refused a statement, so that it is not applied.

        One that lost its connection stays ``started``: the server may have gone on. So
        does one that may have had a part of its effect.
        """
        self._kept_back, self._open = {}, {}
        row = self._rows.pop(ordinal, None)
        locked, self._locked_rows = self._locked_rows, {}
        if error is not None and self._backend.is_disconnect(error):
            return
        found: StatementClass | None = row.get("class") if row is not None else None
        if locked and not (found is not None and found.commits):
            # The rollback has reverted them.
            self._execute(self._statements.cut, {"first": min(locked)})
        if row is None or row["is_step"] or row["state"] != STARTED or not found:
            return  # never written, or rolled back with its transaction
        if found.is_atomic:
            self._execute(
                self._statements.mark, {"marked": ordinal, "state_now": FAILED}
            )

    def session_statement(self, sql: str) -> None:
        """Take note of savepoints, of rollbacks to them and of locks of tables."""
        from .statement_rules import locks_tables, savepoint

        point = savepoint(sql)
        if point is not None:
            self._rolled_back(*point)
            return
        locks = locks_tables(sql)
        if locks is not None:
            if not locks:
                self.committed()
            self._is_locked = locks

    def _rolled_back(self, word: str, name: str) -> None:
        """Record what the revision has rolled back: asked, not concluded."""
        if word == "SAVEPOINT":
            self._savepoints[name] = self._last
            return
        first = self._savepoints.get(name, 0)
        lost = [ordinal for ordinal in self._locked_rows if ordinal > first]
        rows = {**self._open, **self._locked_rows}
        if self._open:
            there = self._connection.execute(
                self._statements.ordinals, execution_options=INTERNAL
            )
            lost += {*self._open} - {*there.scalars()}
        for ordinal in lost:
            row = {**rows[ordinal], "state": ROLLED_BACK}
            self._open[ordinal] = self._kept_back[ordinal] = row
            self._locked_rows.pop(ordinal, None)

    def committed(self) -> None:
        """Take note that the transaction of the run was committed."""
        self._open, self._savepoints = {}, {}
        locked, self._locked_rows = self._locked_rows, {}
        for row in locked.values():
            self._execute(self._statements.write, _columns(row))

    # Steps

    def step_started(self, ordinal: int, name: str, context: str = "") -> None:
        """Record, in its transaction, that a step begins."""
        row = self._row(ordinal, statement_digest(name), context)
        row.update(statement=name, is_step=True, state=STARTED)
        self._begin_row(row)

    def step_done(self, ordinal: int) -> None:
        """Record that a step is completed, and commit both."""
        row = {**self._rows.pop(ordinal), "state": DONE}
        if self._is_locked:
            run(self._connection, COMMIT)
            self._write(row)
        else:
            self._write(row)
            if not self._is_autocommit():
                run(self._connection, COMMIT)
        self.committed()

    def finish(self) -> None:
        """Drop the records, in the transaction that writes the version row.

        To be called after the row was written and before it is committed.
        """
        if self._written:
            self._connection.execute(self._statements.clear, execution_options=INTERNAL)
        self._rows, self._open, self._kept_back, self._recorded = {}, {}, {}, {}
        self._written = False
        # Not known to be committed: if it is not, the same one may begin again.
        self._ended = self._revision["revision"], self._revision["direction"]

    # What an earlier run left behind

    def unfinished(self) -> Unfinished | None:
        """Return the revision that an earlier run left partially applied, if any.

        A revision of which nothing is in effect is none.
        """
        from sqlalchemy import select
        from sqlalchemy.exc import DBAPIError

        from .errors import errno

        query = select(self._table).order_by(self._table.c.ordinal)

        def read(connection: Connection) -> Sequence[Any]:
            with between_transactions(connection):
                return connection.execute(query, execution_options=INTERNAL).all()

        given = self._connection
        is_away = given.closed or given.invalidated or self._own is not None
        try:
            rows = self._on_own(read) if is_away else read(given)
        except DBAPIError as error:
            if errno(error) == _NO_SUCH_TABLE:
                return None
            raise
        records = tuple(
            Record(
                row.ordinal,
                row.statement,
                row.statement_hash,
                row.state,
                row.context_hash,
                row.error,
                bool(row.returned_rows),
                bool(row.is_step),
            )
            for row in rows
        )
        if not any(record.state in (DONE, STARTED) for record in records):
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
        """Write down what a person found out about the uncertain statements."""
        table = self._table
        uncertain = (
            table.update()
            .where(table.c.ordinal <= ordinal, table.c.state == STARTED)
            .where(table.c.is_step.is_(False))
        )
        self._execute(uncertain.values(state=DONE if happened else FAILED))

    def discard(self) -> None:
        """Forget the unfinished revision: a person has brought it to an end."""
        self._execute(self._statements.clear)

    def remove(self) -> None:
        """Drop the table where no revision is unfinished."""
        from sqlalchemy.exc import DBAPIError
        from sqlalchemy.schema import DropTable

        try:
            if self.unfinished() is not None:
                return
            self._execute(DropTable(self._table, if_exists=True))
        except DBAPIError as error:
            logger.debug("The journal's table is not dropped now", exc_info=error)

    def close(self) -> None:
        """Close the journal's own connection."""
        self._close_own()
        self._own, self._close_own = None, lambda: None

    # Writing

    def _is_autocommit(self) -> bool:
        """Tell whether each statement of the run commits by itself."""
        level = self._connection.get_execution_options().get("isolation_level")
        if level == "AUTOCOMMIT":
            return True
        self._session = self._session or self._ask()
        return level is None and self._session[0]

    def _connect(self) -> Connection:
        if self._own is None:
            from ..connection import own_connection

            self._own, self._close_own = own_connection(self._connection.engine)
            # Whoever holds a lock of the journal's rows is the run itself, or gone.
            run(
                self._own,
                f"SET SESSION innodb_lock_wait_timeout = {_WAIT}, "
                f"lock_wait_timeout = {_WAIT}",
            )
        return self._own

    def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> None:
        """Execute a statement on the journal's own connection, in autocommit."""
        self._on_own(
            lambda own: own.execute(statement, parameters, execution_options=INTERNAL)
        )

    def _on_own(self, work: Callable[[Connection], T]) -> T:
        """Do something on the journal's own connection, anew if that was cut off.

        It is idle most of the time: a server or an administrator may have ended it.
        Whatever is done there may be done twice.
        """
        from sqlalchemy.exc import DBAPIError

        was_open = self._own is not None
        try:
            return work(self._connect())
        except DBAPIError as error:
            if not was_open or not self._backend.is_disconnect(error):
                raise
            self.close()
            return work(self._connect())

    def _send(self, statement: Executable, parameters: Mapping[str, Any]) -> None:
        """Execute a statement in the transaction of the run, if it may write there."""
        if self._is_locked:
            self._execute(statement, parameters)
        else:
            self._connection.execute(statement, parameters, execution_options=INTERNAL)

    def _write(self, row: Mapping[str, Any]) -> None:
        self._send(self._statements.write, _columns(row))
        self._written = True

    @staticmethod
    def _check(
        found: Unfinished, revision: str, direction: str, checksum: str, resume: bool
    ) -> None:
        """Refuse to begin where the journal speaks of something else."""
        what = f"Revision {found.revision!r} is partially applied ({found.direction})"
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
                "Restore the file and resume, or finish it by hand.",
            )
        if found.uncertain is not None:
            raise DatabaseError(
                f"{what}, and it is not known whether this statement was applied:"
                f" {found.uncertain.sql!r}.",
                "Look at the database and say which.",
            )
        reason = obstacle(found.statements)
        if reason is not None:
            raise DatabaseError(
                f"{what} and cannot be resumed: {reason}.", "Finish it by hand."
            )


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "class"}


def error_text(error: BaseException) -> str:
    """Return what the server said, to say it again: SQLSTATE, number and text.

    :param error: The driver's error, or SQLAlchemy's around it.
    :return: Nothing where it was not the server who said it. Literals are replaced.
    """
    from .errors import errno

    number = errno(error)
    if not number or not 1000 <= number < 65535 or 2000 <= number < 2100:
        return ""
    arguments: tuple[object, ...] = getattr(driver_error(error), "args", ())
    text = mask(str(arguments[1]) if len(arguments) > 1 else "", _ERROR_SHOWN) or ""
    text = "".join(letter for letter in text if letter not in "'\\%:")
    return f"{_STATES.get(number, 'HY000')} {number} {text}"


_STATES = {1062: "23000", 1048: "23000", 1451: "23000", 1452: "23000", 1146: "42S02"}
"""The SQLSTATE of errors; drivers choose the class of the exception by the number."""
