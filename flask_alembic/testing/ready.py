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
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from ..errors import AlembicError, BatchNotWritten
from ..script.identifiers import WIDTH
from ..script.irreversible_mark import irreversible
from .database import MigrationDatabase, step
from .failures import describe, describe_failure, fail
from .leftovers import Contents, changes, contents

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..script.loader import AppScriptDirectory


class MigrationTests:
    """What every history of migrations should pass, on databases of its own.

    .. versionadded:: 4.0
    """

    irreversible: ClassVar[Collection[str]] = ()
    """Ids of revisions whose ``downgrade()`` is not to be run, beside those whose files
    say ``irreversible``."""

    several_heads: ClassVar[bool] = False
    """Whether branches that have a base in common may each have a head."""

    compare_steps: ClassVar[bool] = True
    """Whether the schema is compared before a step and after going back."""

    @describe()
    def test_single_head(self, empty_db: MigrationDatabase) -> None:
        """Each history has one head: independent branches have one each."""
        found = [] if self.several_heads else forks(empty_db.scripts())
        if found:
            fail(
                f"There are several heads: {', '.join(found)}.\n"
                "Merge them with: flask db merge"
            )

    @describe()
    def test_each_revision(self, empty_db: MigrationDatabase) -> None:
        """Every revision goes up, down and up again, and down restores the schema."""
        marked = irreversible_ids(empty_db, self.irreversible)
        check_up_down_up(empty_db, marked, compare=self.compare_steps)

    @describe()
    def test_second_upgrade(self, migrated_db: MigrationDatabase) -> None:
        """A second upgrade does nothing."""
        with migrated_db.app.app_context():
            result = migrated_db.alembic.upgrade()
        if result.applied:
            again = ", ".join(each.step.revision for each in result.applied)
            fail(f"A second upgrade has run again: {again}.")

    @describe()
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

    @describe()
    def test_ids_fit(self, migrated_db: MigrationDatabase) -> None:
        """Every id fits into the version column."""
        found = [
            text for name in migrated_db.names for text in too_long(migrated_db, name)
        ]
        if found:
            fail("\n".join(found))

    @describe()
    def test_offline_sql(self, empty_db: MigrationDatabase) -> None:
        """The SQL of an upgrade can be written without a database."""
        with empty_db.app.app_context():
            try:
                result = empty_db.alembic.upgrade(mode="sql")
            except BatchNotWritten as error:  # needs the database, as it says
                pytest.skip(error.message)
            except AlembicError as error:
                fail(f"flask db upgrade --sql fails: {error}")
        if empty_db.scripts().get_heads() and not (result.sql or "").strip():
            fail("flask db upgrade --sql gives no SQL.")

    @describe()
    def test_no_models_imported(self, empty_db: MigrationDatabase) -> None:
        """No revision imports models: they change, the revision must not."""
        from .model_imports import imported_models

        found = imported_models(empty_db)
        if found:
            fail(
                "Revisions import what will change later; let them define the tables "
                "they need, with sa.table() and sa.column():\n  " + "\n  ".join(found)
            )

    @describe()
    def test_downgrade_to_base(self, migrated_db: MigrationDatabase) -> None:
        """A downgrade of everything leaves nothing behind."""
        if irreversible_ids(migrated_db, self.irreversible):
            pytest.skip("some revisions are irreversible")
        check_down(migrated_db)


class TestMigrations(MigrationTests):
    """The ready tests as they are."""


def forks(scripts: AppScriptDirectory) -> list[str]:
    """Return heads that have a base in common with another head.

    Heads of branches that are independent belong side by side.

    :param scripts: The history.
    """
    lines: dict[str, set[str]] = {}
    for head in scripts.get_heads():
        lines[head] = _line(scripts, head)
    return [
        head
        for head, line in lines.items()
        if any(line & other for name, other in lines.items() if name != head)
    ]


def _line(scripts: AppScriptDirectory, head: str) -> set[str]:
    """Return the ids of a revision and of all that it comes after."""
    from alembic.util import to_tuple

    found: set[str] = set()
    waiting = [head]
    while waiting:
        script = scripts.get_revision(waiting.pop())
        if script is not None and script.revision not in found:
            found.add(script.revision)
            waiting += to_tuple(script.down_revision, default=())
    return found


def too_long(database: MigrationDatabase, name: str) -> list[str]:
    """Return in words which ids do not fit into the version column of a database.

    :param database: Databases that are migrated.
    :param name: The name of one of them.
    """
    from ..runtime.id_width import width_of

    scripts = database.scripts()

    def width(connection: Connection) -> int | None:
        chosen: Any = database.databases()[name]
        return width_of(database.environment, chosen, connection)

    # A column of SQLite tells its width too, although SQLite does not enforce it.
    found = database.run(width, name)
    limit = WIDTH if found is None else found
    return [
        f"The id {id_!r} has {len(id_)} characters; the version column of database "
        f"{name!r} holds {limit}."
        for id_ in sorted(scripts.known_ids())
        if limit and len(id_) > limit
    ]


def in_order(database: MigrationDatabase) -> list[str]:
    """Return the ids of all revisions in the order an upgrade runs them.

    :param database: Databases that are empty.
    """
    with database.app.app_context():
        plan = database.alembic.plan("heads").run.plan
    return list(dict.fromkeys(step.revision for step in plan))


def irreversible_ids(
    database: MigrationDatabase, named: Collection[str]
) -> frozenset[str]:
    """Return the ids of revisions that only go up.

    :param database: Knows the history.
    :param named: Ids that the tests name.
    """
    marked = {
        script.revision
        for script in database.scripts().walk_revisions()
        if irreversible(script)
    }
    return frozenset({*named, *marked})


Everything = dict[str, Contents]


def check_up_down_up(
    database: MigrationDatabase, irreversible: Collection[str], *, compare: bool
) -> None:
    """Take each revision up, down and up again, and say where that fails.

    :param database: Databases that are empty.
    :param irreversible: Ids that only go up.
    :param compare: Whether the way down has to restore the schema.
    """
    before = _all(database) if compare else {}
    for number, revision in enumerate(order := in_order(database), 1):
        where = f"Revision {revision} ({number} of {len(order)})"
        _step(database, revision, f"{where}: the upgrade fails", up=True)
        if revision in irreversible:
            before = _all(database) if compare else {}
            continue
        above = _all(database) if compare else {}
        _step(database, revision, f"{where}: the downgrade fails", up=False)
        if compare:
            _compare(before, _all(database), f"{where}: after its downgrade")
        _step(database, revision, f"{where}: the second upgrade fails", up=True)
        if compare:
            now = _all(database)
            _compare(above, now, f"{where}: after the second upgrade")
            before = now


def check_down(database: MigrationDatabase) -> None:
    """Take everything back, and say what is still there.

    :param database: Databases that are migrated.
    """
    with database.app.app_context():
        try:
            database.alembic.downgrade("base")
        except AlembicError as error:
            fail(f"The downgrade to base fails: {describe_failure(error)}")
    nothing: Everything = {name: {} for name in database.names}
    _compare(nothing, _all(database), "After the downgrade to base")


def _step(database: MigrationDatabase, revision: str, what: str, *, up: bool) -> None:
    with database.app.app_context():
        try:
            database.alembic.run_migrations(step(database.scripts(), revision, up=up))
        except AlembicError as error:
            fail(f"{what}: {describe_failure(error)}")


def _all(database: MigrationDatabase) -> Everything:
    found = database.databases()
    return {
        name: database.run(
            lambda connection, one=one: contents(  # type: ignore[misc]
                database.environment, one, connection
            ),
            name,
        )
        for name, one in found.items()
    }


def _compare(before: Everything, after: Everything, when: str) -> None:
    lines = [
        f"  {name}: {change}"
        for name in before
        for change in changes(before[name], after[name])
    ]
    if lines:
        fail("\n".join([f"{when} the schema is not what it was before:", *lines]))
