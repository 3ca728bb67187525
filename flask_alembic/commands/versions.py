"""The version table during a run: made, emptied and moved step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..environment import private
from ..environment.versions import HeadTracker
from ..errors import DatabaseError

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep


class VersionTable:
    """The rows that say which revisions a database is at.

    Everything here happens in the transaction of the caller.

    :param context: The context of the database; its connection is used.
    :param heads: The ids that are in the table now.
    """

    def __init__(self, context: MigrationContext, heads: Iterable[str]) -> None:
        import sqlalchemy as sa

        self.context = context
        self.table = private.version_table(context)
        # A table clause with parameters is compiled once for all runs: SQLAlchemy
        # keeps it by its name, where it keeps a Table by itself.
        rows = sa.table(
            self.table.name, sa.column("version_num"), schema=self.table.schema
        )
        old = rows.c.version_num == sa.bindparam("old")
        new: dict[str, Any] = {"version_num": sa.bindparam("new")}
        self._insert = rows.insert().values(new)
        self._delete = rows.delete().where(old)
        self._update = rows.update().values(new).where(old)
        self._delete_all = rows.delete()
        self.reset(heads)

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids in the table, sorted."""
        return tuple(sorted(self._tracker.heads))

    def reset(self, heads: Iterable[str]) -> None:
        """Forget what a rollback has undone.

        :param heads: The ids that are in the table now.
        """
        self._tracker = HeadTracker(heads)
        self._exists = bool(self._tracker.heads)

    def ensure(self, *, purge: bool = False) -> None:
        """Create the table if it is missing.

        :param purge: Whether to delete every row of it.
        """
        connection: Any = self.context.connection
        if not self._exists:
            self.table.create(connection, checkfirst=True)
            self._exists = True
        if purge:
            connection.execute(self._delete_all)
            self._tracker = HeadTracker(())

    def move(self, step: RevisionStep | StampStep) -> None:
        """Write what a step does to the rows.

        :param step: The step, whose work is done.
        :raises DatabaseError: When a row is not there as expected: somebody else
            has changed the table.
        """
        change = self._tracker.follow(step)
        for old in change.deletes:
            self._write(self._delete, {"old": old})
        for old, new in change.updates:
            self._write(self._update, {"old": old, "new": new})
        for new in change.inserts:
            self._write(self._insert, {"new": new})

    def _write(self, statement: Any, values: dict[str, str]) -> None:
        connection: Any = self.context.connection
        result = connection.execute(statement, values)
        counts = "old" in values and self.context.dialect.supports_sane_rowcount
        if counts and result.rowcount != 1:
            raise DatabaseError(
                f"The version table {self.table.fullname} does not have the row "
                f"{values['old']!r} any more: somebody else has changed it.",
                "Run the command again; it reads the table anew.",
            )
