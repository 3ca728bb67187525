"""Which rows of the version table each step of a run changes.

Alembic asks again at each step which revisions the other rows imply, by collecting
all their ancestors. Here that set is counted once and kept up to date: a revision is
implied as long as a row names it or something implied follows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from alembic.runtime.migration import RevisionStep, StampStep
from alembic.script.revision import Revision, RevisionMap
from alembic.util import CommandError

from ..errors import DatabaseError
from ..script.revision_map import ImpliedRevisions
from . import alembic_private as private

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What a step does to the version table.

    .. versionadded:: 4.0
    """

    deletes: tuple[str, ...] = ()
    """Rows to delete."""

    updates: tuple[tuple[str, str], ...] = ()
    """Rows to change, each from one revision to another."""

    inserts: tuple[str, ...] = ()
    """Rows to insert."""


class HeadTracker:
    """The rows of the version table while a run goes on.

    It computes and writes nothing.

    :param heads: The rows before the first step.

    .. versionadded:: 4.0
    """

    def __init__(self, heads: Iterable[str]) -> None:
        self._heads = set(heads)
        self._implied: ImpliedRevisions | None = None

    @property
    def heads(self) -> frozenset[str]:
        """The rows as they are after the last step."""
        return frozenset(self._heads)

    def follow(self, step: RevisionStep | StampStep) -> VersionChange:
        """Go on by one step.

        The rows afterwards are those that Alembic has after the same step. Where
        several rows come or go at once, Alembic leaves it to chance which of them is
        updated; here it is the first, in the order of the revision's parents.

        :param step: A step of an upgrade, a downgrade or a stamp.
        :return: What it does to the version table.
        :raises CommandError: When the rows are not those that the step starts from.

        .. versionadded:: 4.0
        """
        if isinstance(step, StampStep):
            change = self._stamp(step)
        elif step.is_upgrade:
            change = self._upgrade(step)
        else:
            change = self._downgrade(step)
        removed = [*change.deletes, *(from_ for from_, _ in change.updates)]
        added = [*change.inserts, *(to for _, to in change.updates)]
        for row in removed:
            if row not in self._heads:
                raise CommandError(f"The version table has no row {row!r} for {step}.")
        rows = self._heads.difference(removed)
        for row in added:
            if row in rows:
                raise CommandError(f"The version table has {row!r} before {step}.")
        self._heads = rows.union(added)
        if self._implied is not None:
            self._implied.move(removed, added)
        return change

    def _stamp(self, step: StampStep) -> VersionChange:
        """A stamp says itself what it does, without looking at the history."""
        if step.should_delete_branch(self._heads):
            return VersionChange(deletes=(step.delete_version_num,))
        if step.should_create_branch(self._heads):
            return VersionChange(inserts=(step.insert_version_num,))
        if step.should_merge_branches(self._heads):
            deletes, from_, to = step.merge_branch_idents(self._heads)
            return VersionChange(deletes=tuple(deletes), updates=((from_, to),))
        if step.should_unmerge_branches(self._heads):
            from_, to, inserts = step.unmerge_branch_idents(self._heads)
            return VersionChange(inserts=tuple(inserts), updates=((from_, to),))
        return VersionChange(updates=(step.update_version_num(self._heads),))

    def _upgrade(self, step: RevisionStep) -> VersionChange:
        revision, parents = step.revision.revision, step.from_revisions
        rows = [parent for parent in parents if parent in self._heads]
        if 1 < len(rows) < len(self._heads):
            # A row that another branch implies as well stays as it is.
            rows = self._implied_by(step).alone(rows, without=rows)
        if not rows:
            return VersionChange(inserts=(revision,))
        return VersionChange(deletes=tuple(rows[1:]), updates=((rows[0], revision),))

    def _downgrade(self, step: RevisionStep) -> VersionChange:
        revision, parents = step.revision.revision, list(step.to_revisions)
        if revision in self._heads:
            if len(self._heads) > 1:
                parents = self._implied_by(step).alone(parents, without=[revision])
            elif len(parents) > 1 and _drops_implied_parents():
                parents = self._implied_by(step).tips(parents)
        if not parents:
            return VersionChange(deletes=(revision,))
        return VersionChange(
            inserts=tuple(parents[1:]), updates=((revision, parents[0]),)
        )

    def _implied_by(self, step: RevisionStep) -> ImpliedRevisions:
        if self._implied is None:
            self._implied = ImpliedRevisions(step.revision_map, self._heads)
        return self._implied


@cache
def _drops_implied_parents() -> bool:
    """Tell how the installed Alembic steps down from the only row to its parents.

    When one parent is an ancestor of another, as a dependency may be, version 1.13.0
    leaves a row for each, later ones leave none for what another row implies.
    """
    script = SimpleNamespace(downgrade=None)
    revisions: list[Any] = [
        Revision("a", None),
        Revision("b", "a"),
        Revision("c", "b", dependencies="a"),
    ]
    revisions[-1].module = script
    history = RevisionMap(lambda: revisions)
    history.get_revision("c")  # this connects the revisions
    step = RevisionStep(history, revisions[-1], False)
    return not step.unmerge_branch_idents({"c"})[2]


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
        rows: Iterable[str | None] = self._tracker.heads  # NULL, until it is purged
        return tuple(sorted(map(str, rows)))

    def reset(self, heads: Iterable[str]) -> None:
        """Forget what a rollback has reverted.

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
