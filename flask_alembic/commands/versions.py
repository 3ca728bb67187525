"""The version table during a run: made, emptied and moved step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..environment import private

if TYPE_CHECKING:
    from alembic.runtime.migration import (
        MigrationContext,
        RevisionStep,
        StampStep,
    )


class VersionTable:
    """The rows that say which revisions a database is at.

    Everything here happens in the transaction of the caller.

    :param context: The context of the database; its connection is used.
    :param heads: The ids that are in the table now.
    """

    def __init__(self, context: MigrationContext, heads: Iterable[str]) -> None:
        self.context = context
        self.table = private.version_table(context)
        self.reset(tuple(heads))
        self._exists = bool(self._heads)

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids in the table, sorted."""
        return tuple(sorted(self._heads))

    def reset(self, heads: Iterable[str]) -> None:
        """Forget what a rollback has undone.

        :param heads: The ids that are in the table now.
        """
        self._heads = set(heads)
        self._exists = bool(self._heads)

    def ensure(self, *, purge: bool = False) -> None:
        """Create the table if it is missing.

        :param purge: Whether to delete every row of it.
        """
        connection: Any = self.context.connection
        if not self._exists:
            self.table.create(connection, checkfirst=True)
            self._exists = True
        if purge:
            connection.execute(self.table.delete())
            self._heads = set()

    def move(self, step: RevisionStep | StampStep) -> None:
        """Write what a step does to the rows.

        :param step: The step, whose work is done.
        :raises DatabaseError: When a row is not there as expected: somebody else
            has changed the table.
        """
        from alembic.runtime.migration import HeadMaintainer

        maintainer = HeadMaintainer(self.context, self._heads)
        maintainer.update_to_step(step)
        self._heads = set(maintainer.heads)
