"""The recorder of one revision: what is written to the journal, what a resumed run skips.

A revision is any Python code, so that it may do something else the second time. A
resumed run calls it again and lets it go on alone where the second time is proved to be
the same: each statement that is recorded has to come in its order, with its parameters,
after the same reads with the same results. It is not sent, and nothing is, but reads and
what only changes the session, until all that is recorded has come. A statement that was
not sent has no result: reading one ends the run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ..backends.journal import UNPROVED
from ..backends.statement_class import Effect
from ..errors import DatabaseError, UsageError

if TYPE_CHECKING:
    from ..backends.journal import Journal, Record
    from ..backends.statement_class import StatementClass

_REASON: Final = 250
_BY_HAND: Final = (
    "Finish or revert the revision by hand and stamp it; put what reads its own results "
    "into flask_alembic.step() before the next revision of that kind is run."
)


class StepSkipped(Exception):
    """Leaves a step that is completed already, at its first statement."""


class RevisionRecorder:
    """Records the statements of a revision, or skips those that are recorded.

    :param journal: Where they are recorded.
    :param committed: Called where the end of a step has committed.
    """

    def __init__(self, journal: Journal, committed: Callable[[], None]) -> None:
        self.journal = journal
        self._committed = committed
        self.begin()

    def begin(self) -> None:
        """Start a revision."""
        self.texts: dict[int, str] = {}
        """The statements that are counted, by their places."""
        self._ordinal = 0
        self._hash = hashlib.sha256()
        self._unproved = ""
        self._current: StatementClass | None = None
        self._skipped: Record | None = None
        self._step: int | None = None
        self._skips_step: bool = False
        self._refusal: DatabaseError | None = None
        self._has_lost_id = self._has_lost_count = False

    @property
    def ordinal(self) -> int:
        """The place of the last statement or step that has begun."""
        return self._ordinal

    @property
    def refusal(self) -> DatabaseError | None:
        """Why the revision could not be resumed, once that is known."""
        return self._refusal

    # Statements

    def before(
        self, sql: str, params: Any, many: bool, context: Any
    ) -> tuple[str, Any] | None:
        """Return what to send instead of a statement; ``None`` for the statement.

        :param sql: Its text.
        :param params: Its parameters.
        :param many: Whether there are several sets of them.
        :param context: SQLAlchemy's context of the execution.
        """
        if self._refusal is not None:
            raise self._refusal
        if self._skips_step:
            raise StepSkipped
        for value in _values(params):
            if isinstance(value, Unread):
                value.refuse()
        self._skipped = None
        self._current = found = self.journal.classify(sql)
        if self._step is not None:
            return None
        if found.reads_session and self._has_lost(found):
            self.refuse("it asks the server about a statement that was not sent again")
        if found.effect is not Effect.CHANGE:
            if found.effect is Effect.SESSION:
                self.journal.flush()
            return None
        self._ordinal += 1
        self.texts[self._ordinal] = sql
        digest = hashlib.sha256(repr(params).encode()).hexdigest()
        arguments = self._ordinal, sql, digest, self._context()
        try:
            is_recorded = self.journal.in_effect(*arguments)
        except DatabaseError as error:
            self._refusal = error
            raise
        if not is_recorded:
            self.journal.started(*arguments)
            return None
        return self._skip(sql, many, context)

    def _skip(self, sql: str, many: bool, context: Any) -> tuple[str, Any]:
        """Return what to send instead of a recorded statement."""
        recorded = {record.ordinal: record for record in self.journal.recorded}
        self._skipped = recorded[self._ordinal]
        self._has_lost_id = self._has_lost_count = True
        if getattr(context.execute_style, "name", "") == "INSERTMANYVALUES":
            self._unread("rows")
        return self.journal.replacement(self._ordinal, sql), [()] if many else ()

    def after(self, sql: str, params: Any, cursor: Any, context: Any) -> bool:
        """Take note that a statement, or what was sent for it, was executed.

        :param sql: The text of the statement of the revision.
        :param params: Its parameters.
        :param cursor: The driver's cursor.
        :param context: SQLAlchemy's context of the execution.
        :return: Whether it was skipped.
        """
        found = self._current
        if found is None:
            return False
        if self._skipped is not None:
            context.cursor = _SkippedCursor(cursor, self._skipped, self._unread)
            return True
        if found.effect is Effect.CHANGE:
            if getattr(cursor, "lastrowid", None):
                self._has_lost_id = False
            self._has_lost_count = False
            if self._step is None:
                self.journal.done(self._ordinal, cursor.description is not None)
            return False
        if found.effect is Effect.SESSION:
            self.journal.session_statement(sql)
            if found.commits:
                self.journal.committed()
            if found.sets_autocommit:
                self.journal.look_again()
        if self._step is None:
            self._note(found, sql, params, cursor, context)
        return False

    def error(self, error: BaseException) -> None:
        """Take note that the current statement failed; the revision may continue.

        :param error: The driver's error.
        """
        found, self._current = self._current, None
        if found is None or self._step is not None or self._skipped is not None:
            return
        if found.effect is Effect.CHANGE:
            self.journal.refused(self._ordinal, error)
        else:
            self._hash.update(f"error {getattr(error, 'args', ())[:1]!r}\0".encode())

    def finished(self) -> None:
        """Make sure that the function of the revision has done what it did before.

        :raises DatabaseError: When it has not.
        """
        if self._refusal is not None:
            raise self._refusal
        rest = len(self.journal.recorded) - self._ordinal
        if rest > 0:
            self.refuse(f"it did not give the last {rest} of its recorded statements")

    def refuse(self, reason: str) -> NoReturn:
        """End the run, also where the revision catches the error.

        :param reason: Why, as a clause about the revision.
        """
        self._refusal = DatabaseError(
            f"The revision cannot be resumed: {reason}", _BY_HAND
        )
        raise self._refusal

    def _unread(self, what: str) -> NoReturn:
        record = self._skipped
        text = f": {record}" if record is not None else ""
        self.refuse(
            f"it reads the {what} of a statement that is applied already and was not "
            f"sent again{text}"
        )

    def _has_lost(self, found: StatementClass) -> bool:
        return self._has_lost_id if found.reads_id else self._has_lost_count

    def _context(self) -> str:
        """Return what stands for all that was read and set before."""
        if self._unproved:
            return (UNPROVED + self._unproved)[:_REASON]
        return self._hash.hexdigest()

    def _note(
        self, found: StatementClass, sql: str, params: Any, cursor: Any, context: Any
    ) -> None:
        """Take a read with its rows, or a statement for the session, into account."""
        if found.keeps:
            self._unproved = self._unproved or f"it needs {found.keeps} in its session"
        self._hash.update(f"{sql}\0{params!r}\0".encode())
        if found.effect is not Effect.READ or cursor.description is None:
            return
        options = context.execution_options
        if options.get("stream_results") or options.get("yield_per"):
            self._unproved = self._unproved or "it streams the rows of a query"
            return
        from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

        rows = cursor.fetchall()
        for row in rows:
            self._hash.update(f"{tuple(row)!r}\0".encode())
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
            cursor, cursor.description, rows
        )

    # Steps

    def enter_step(self, name: str) -> bool:
        """Begin a step.

        :param name: Its name.
        :return: Whether it is completed already: it is to be skipped.
        :raises UsageError: When another step is not ended.
        """
        if self._refusal is not None:
            raise self._refusal
        if self._step is not None:
            raise UsageError(
                f"The step {name!r} begins inside another step.",
                "End a step before the next one: each is resumed as a whole.",
            )
        self._ordinal += 1
        arguments = self._ordinal, name, "", self._context()
        try:
            self._skips_step = self.journal.in_effect(*arguments)
        except DatabaseError as error:
            self._refusal = error
            raise
        if self._skips_step:
            self._has_lost_id = self._has_lost_count = True
        else:
            self._step = self._ordinal
            self.journal.step_started(self._ordinal, name, self._context())
        return self._skips_step

    def leave_step(self, error: BaseException | None) -> None:
        """End a step.

        :param error: What its body raised.
        """
        step = self._step
        self._step = None
        if self._skips_step:
            self._skips_step = False
        elif step is None:
            return
        elif error is not None:
            self._unproved = (
                self._unproved or "it continued after one of its steps failed"
            )
        else:
            self.journal.step_done(step)
            self._committed()


class _SkippedCursor:
    """Stands for the cursor of a statement that was not sent; it has no results."""

    def __init__(
        self, cursor: Any, record: Record, refuse: Callable[[str], NoReturn]
    ) -> None:
        self._cursor = cursor
        self._refuse = refuse
        self.arraysize = 1
        self.rowcount = Unread("rowcount", refuse)
        self.lastrowid = Unread("generated id", refuse)
        self.description = (
            (("skipped", None, None, None, None, None, None),)
            if record.returned_rows
            else None
        )

    def fetchone(self) -> NoReturn:
        """Refuse."""
        self._refuse("rows")

    def fetchmany(self, size: int | None = None) -> NoReturn:
        """Refuse."""
        self._refuse("rows")

    def fetchall(self) -> NoReturn:
        """Refuse."""
        self._refuse("rows")

    def nextset(self) -> NoReturn:
        """Refuse."""
        self._refuse("further results")

    def close(self) -> None:
        """Close the driver's cursor."""
        self._cursor.close()


class Unread:
    """A result that is not known. It may be passed on; whatever reads it is refused."""

    def __init__(self, what: str, refuse: Callable[[str], NoReturn]) -> None:
        self._what = what
        self._refuse = refuse

    def refuse(self) -> NoReturn:
        """End the run."""
        self._refuse(self._what)

    def _read(self, *others: object) -> Any:
        self.refuse()

    __bool__ = __int__ = __index__ = __float__ = __str__ = __repr__ = _read
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _read
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _read
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __truediv__ = _read
    __neg__ = __abs__ = __format__ = __hash__ = __iter__ = __len__ = _read


def _values(params: Any) -> Iterator[Any]:
    """Yield the values of one set of parameters or of several."""
    if isinstance(params, Mapping):
        yield from params.values()
    elif isinstance(params, Iterable) and not isinstance(params, str | bytes):
        for value in params:
            if isinstance(value, Mapping | tuple | list):
                yield from _values(value)
            else:
                yield value
