"""The transaction of a run: whether it is still the one that the run began.

A revision, or a plugin around it, has the connection of the run and may end its
transaction: by ``commit()`` or ``rollback()``, by a statement, past SQLAlchemy on the
driver's connection. What is concluded from the code that ran would then be wrong, so
SQLAlchemy, the driver and the server are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from ..backends.statement_class import Control
from ..errors import DatabaseError, TransactionEnded
from . import alembic_private as private
from .connections import roll_back

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from ..backends.statement_class import StatementClass
    from .request import DatabaseRun
    from .statement_log import StatementLog

_ADVICE: Final = (
    "Leave COMMIT and ROLLBACK to the run; put statements that must not be in a "
    "transaction into: with op.get_context().autocommit_block()."
)


class RunTransaction:
    """Guards the transaction of a run in one database.

    :param database_run: The database.
    :param context: Its context.
    :param log: What sees the statements.
    :param real: Whether a rollback undoes DDL, so that a statement may not commit.
    """

    def __init__(
        self,
        database_run: DatabaseRun,
        context: MigrationContext,
        log: StatementLog,
        real: bool,
    ) -> None:
        self.connection = database_run.connection
        self.backend = database_run.backend
        self.context = context
        self.log = log
        self.is_real = real
        self.expected: Any = None
        """The transaction, where Alembic knows of none, as in a two-phase commit."""
        self.id: str | None = None
        """The server's word for the transaction; ``None`` where it has none."""
        self._commits = log.commits

        self.is_replaced = False
        """Whether another transaction had begun, or may have, when it was noticed that
        the one of the run was ended. Which statements came after its beginning, nobody
        knows."""

        self.is_released = False
        """Whether the revision has sent a COMMIT, as is usual before statements that
        PostgreSQL refuses in a transaction. The rest of it commits as the driver does,
        and the run goes on with a transaction of its own after the revision."""

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Refuse whatever would end the transaction inside.

        ``autocommit_block()`` is allowed: it commits and begins another one.
        """
        original = self.context.autocommit_block
        self.context.autocommit_block = self._block(original)  # type: ignore[method-assign]
        self.log.guard = self
        try:
            yield
        finally:
            self.log.guard = None
            del self.context.autocommit_block

    def _block(self, original: Any) -> Any:
        @contextmanager
        def autocommit_block() -> Iterator[None]:
            self.check()
            with ExitStack() as entered:
                with self.log.own_commit():
                    entered.enter_context(original())
                block = entered.pop_all()
            self.id = None
            raised: BaseException | None = None
            try:
                with block:
                    try:
                        yield
                    except BaseException as error:
                        raised = error
                        raise
            except Exception:
                if raised is None or not self.connection.invalidated:
                    raise
                raise raised from None  # not what a dead connection says at the end
            finally:
                if not self.connection.closed and not self.connection.invalidated:
                    self.begun()

        return autocommit_block

    def begun(self) -> None:
        """Remember the transaction that has just begun."""
        self.id = None
        self.is_released = self.is_replaced = False
        self._commits = self.log.commits
        if self.is_real:
            self.id = self.backend.transaction_id(self.connection)

    @property
    def number(self) -> str | None:
        """The server's word for the transaction whose end is to be asked for.

        ``None`` also where a COMMIT inside is known: the one after it has no number.
        """
        return self.id if self.log.commits == self._commits else None

    @property
    def is_ending(self) -> bool:
        """Whether a COMMIT in the middle of a revision was sent and not answered."""
        if self.log.is_committing:
            return True
        sql = self.log.failed
        if sql is None or not self.is_released:
            return False
        return self.backend.classify(sql).control is Control.COMMIT

    def check(self) -> None:
        """Make sure that the transaction is still the one that the run began.

        :raises TransactionEnded: When it is not.
        """
        if not self.is_intact():
            raise self._ended()
        # A server that knows no such number answers None each time.
        if not self.is_real or self.id is None or self.is_released:
            return
        if self.backend.transaction_id(self.connection) != self.id:
            raise self._ended()

    def is_intact(self) -> bool:
        """Tell what SQLAlchemy and the driver know, without a question to the server."""
        if self.connection.closed or self.connection.invalidated:
            return True  # it ended with the session, and so not by a commit
        expected = self.expected or private.open_transaction(self.context)
        if expected is None or not expected.is_active:
            return False
        if self.connection.get_transaction() is not expected:
            return False
        if not self.is_real or self.is_released:
            return True
        if self.backend.in_transaction(self.connection) is False:
            return False
        return self.backend.is_same_transaction(self.connection) is not False

    def was_intact(self, error: BaseException) -> bool:
        """Tell whether the transaction was still that of the run when it failed.

        :param error: What was raised in it.
        """
        if self._was_intact(error):
            return True
        open_now = self.backend.in_transaction(self.connection)
        self.is_replaced = open_now is not False
        return False

    def _was_intact(self, error: BaseException) -> bool:
        from sqlalchemy.exc import DBAPIError

        if isinstance(error, TransactionEnded):
            return error.refused and self.is_intact()
        at_work = isinstance(error, DBAPIError) and self.log.failed is not None
        if at_work and self.id is None and self.is_real:
            gone = self.connection.invalidated or self.connection.closed
            if gone or not self.backend.in_transaction(self.connection):
                return True  # SQLite itself rolls back after some errors of a statement
        return self.is_intact()

    def before_statement(self, sql: str) -> None:
        """Refuse a statement that ends the transaction, or one after its end.

        :param sql: The text of the statement.
        :raises TransactionEnded: When it is refused.
        """
        if not self.is_real:
            return
        found = self.backend.classify(sql)
        if self.is_released and not found.ends_transaction:
            return
        if self._may_commit(found):
            self.check()
            self.is_released = True
            return
        if found.ends_transaction:
            raise TransactionEnded(
                f"The statement {found.verb} would end the "
                "transaction of the run, so it was not sent",
                _ADVICE,
                refused=True,
            )
        if self.backend.in_transaction(self.connection) is False:
            raise self._ended()

    def _may_commit(self, found: StatementClass) -> bool:
        """Whether a statement is a COMMIT that a revision may send.

        Where the server numbers its transactions, what was committed can be asked of
        it afterwards. A dry run and databases that commit together forbid it.
        """
        if self.id is None or not self.log.is_recording or self.expected is not None:
            return False
        return self.log.forbid_commit is None and found.control is Control.COMMIT

    def after_statement(self, sql: str) -> bool:
        """Tell whether what was sent so far is durable since a COMMIT of the revision.

        :param sql: The text of the statement that has just been executed.
        """
        if not self.is_released:
            return False
        if self.backend.classify(sql).control is Control.COMMIT:
            return True
        return self.backend.in_transaction(self.connection) is False

    def before_commit(self) -> None:
        """Refuse a commit by somebody else.

        :raises TransactionEnded: Always.
        """
        raise TransactionEnded(
            "commit() was called on the connection of the run by a revision or a "
            "plugin, so nothing was committed",
            _ADVICE,
            refused=True,
        )

    def _ended(self) -> TransactionEnded:
        return TransactionEnded(
            "the transaction of the run was ended by a revision or a plugin", _ADVICE
        )


@contextmanager
def transactional(database_run: DatabaseRun) -> Iterator[None]:
    """Let the connection of a run have transactions, whatever the engine is set to.

    :param database_run: The database; no transaction is open.
    :raises DatabaseError: When the connection stays in autocommit.
    """
    connection, backend = database_run.connection, database_run.backend
    if not backend.is_autocommit(connection):
        yield
        return
    level = getattr(connection.dialect, "default_isolation_level", None)
    try:
        connection.execution_options(isolation_level=level or "SERIALIZABLE")
    except Exception as error:
        raise DatabaseError(
            f"The engine of database {database_run.name!r} is in AUTOCOMMIT, and a run needs "
            "transactions.",
            "Give migrations an engine with another isolation_level.",
        ) from error
    try:
        yield
    finally:
        roll_back(connection)
        if not connection.closed and not connection.invalidated:
            connection.execution_options(isolation_level="AUTOCOMMIT")
