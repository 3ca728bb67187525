"""Checks that need the history of revisions alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..environment.identifiers import WIDTH

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..environment.scripts import Scripts
    from .database import MigrationDatabase


def forks(scripts: Scripts) -> list[str]:
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


def _line(scripts: Scripts, head: str) -> set[str]:
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
    from ..commands.mending.widths import width_of

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
