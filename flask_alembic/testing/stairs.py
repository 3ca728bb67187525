"""Every revision up, down and up again; and all of them down."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import AlembicError
from .failing import fail, told_of
from .history import in_order
from .leftovers import changes, contents
from .moving import step
from .parts import Contents

if TYPE_CHECKING:
    from .database import MigrationDatabase

Everything = dict[str, Contents]


def climb(
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


def descend(database: MigrationDatabase) -> None:
    """Take everything back, and say what is still there.

    :param database: Databases that are migrated.
    """
    with database.app.app_context():
        try:
            database.alembic.downgrade("base")
        except AlembicError as error:
            fail(f"The downgrade to base fails: {told_of(error)}")
    nothing: Everything = {name: {} for name in database.names}
    _compare(nothing, _all(database), "After the downgrade to base")


def _step(database: MigrationDatabase, revision: str, what: str, *, up: bool) -> None:
    with database.app.app_context():
        try:
            database.alembic.run_migrations(step(database.scripts(), revision, up=up))
        except AlembicError as error:
            fail(f"{what}: {told_of(error)}")


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
