"""Tests that are ready: import the class into a test module, and they run.

::

    from flask_alembic.testing import TestMigrations  # noqa: F401

To change what is tested, write the class yourself::

    from flask_alembic.testing import MigrationTests

    class TestMigrations(MigrationTests):
        irreversible = {"1a2b"}
        test_offline_sql = None
"""

from __future__ import annotations

from collections.abc import Collection
from inspect import cleandoc
from textwrap import indent
from typing import ClassVar

import pytest

from ..errors import AlembicError
from .database import MigrationDatabase
from .failing import fail, told


class MigrationTests:
    """What every history of migrations should pass, on databases of its own.

    .. versionadded:: 4.0
    """

    irreversible: ClassVar[Collection[str]] = ()
    """Ids of revisions whose ``downgrade()`` is not to be run."""

    several_heads: ClassVar[bool] = False
    """Whether branches that have a base in common may each have a head."""

    compare_steps: ClassVar[bool] = True
    """Whether the schema is compared before a step and after going back."""

    @told()
    def test_single_head(self, empty_db: MigrationDatabase) -> None:
        """Each history has one head: independent branches have one each."""
        from .history import forks

        found = [] if self.several_heads else forks(empty_db.scripts())
        if found:
            fail(
                f"There are several heads: {', '.join(found)}.\n"
                "Merge them with: flask db merge"
            )

    @told()
    def test_each_revision(self, empty_db: MigrationDatabase) -> None:
        """Every revision goes up, down and up again, and down restores the schema."""
        from .stairs import climb

        climb(empty_db, self.irreversible, compare=self.compare_steps)

    @told()
    def test_second_upgrade(self, migrated_db: MigrationDatabase) -> None:
        """A second upgrade does nothing."""
        with migrated_db.app.app_context():
            result = migrated_db.alembic.upgrade()
        if result.applied:
            again = ", ".join(each.step.revision for each in result.applied)
            fail(f"A second upgrade has run again: {again}.")

    @told()
    def test_models_match(self, migrated_db: MigrationDatabase) -> None:
        """Models and migrations agree."""
        with migrated_db.app.app_context():
            result = migrated_db.alembic.check()
        if not result.diffs:
            return
        lines = ["Models and migrations differ."]
        for database, differences in result.differences.items():
            lines += ["", f"Database {database!r}:"]
            lines += [f"  {difference.text}" for difference in differences]
            lines += ["", "A new revision would hold:", ""]
            lines += indent(cleandoc(result.operations[database]), "  ").splitlines()
        lines += ["", 'Make one with: flask db revision "what has changed"']
        fail("\n".join(lines))

    @told()
    def test_ids_fit(self, migrated_db: MigrationDatabase) -> None:
        """Every id fits into the version column."""
        from .history import too_long

        found = [
            text for name in migrated_db.names for text in too_long(migrated_db, name)
        ]
        if found:
            fail("\n".join(found))

    @told()
    def test_offline_sql(self, empty_db: MigrationDatabase) -> None:
        """The SQL of an upgrade can be written without a database."""
        with empty_db.app.app_context():
            try:
                result = empty_db.alembic.upgrade(mode="sql")
            except AlembicError as error:
                fail(f"flask db upgrade --sql fails: {error}")
        if empty_db.scripts().get_heads() and not (result.sql or "").strip():
            fail("flask db upgrade --sql gives no SQL.")

    @told()
    def test_no_models_imported(self, empty_db: MigrationDatabase) -> None:
        """No revision imports models: they change, the revision must not."""
        from .imports import imported_models

        found = imported_models(empty_db)
        if found:
            fail(
                "Revisions import what will change later; let them define the tables "
                "they need, with sa.table() and sa.column():\n  " + "\n  ".join(found)
            )

    @told()
    def test_downgrade_to_base(self, migrated_db: MigrationDatabase) -> None:
        """A downgrade of everything leaves nothing behind."""
        from .stairs import descend

        if self.irreversible:
            pytest.skip("some revisions are irreversible")
        descend(migrated_db)


class TestMigrations(MigrationTests):
    """The ready tests as they are."""
