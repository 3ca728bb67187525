"""Tables that no revision has created: they are not ours to drop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..hooks.payloads import Problem
from ..script.source_analysis import ANY, created_tables

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.script import ScriptDirectory

    from ..runtime.invocation import Invocation


def leave_unmanaged(
    script: MigrationScript, history: ScriptDirectory | None
) -> tuple[str, ...]:
    """Take the drops of tables that the history never created out of a comparison.

    What a comparison finds in the database and not in the models may belong to an
    extension, to another app, or to a model that nobody has imported. The files are
    read only when there is a drop at all.

    :param script: What a comparison has found; its last pair of operations is changed.
    :param history: The revisions; with ``None`` nothing is taken out.
    :return: The tables that stay, as ``schema.name`` or ``name``.
    """
    from alembic.operations.ops import DropTableOp

    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    drops = [each for each in upgrade.ops if isinstance(each, DropTableOp)]
    if not drops or history is None:
        return ()
    created = created_tables(history.walk_revisions())
    unmanaged_tables = {
        (each.schema, each.table_name)
        for each in drops
        if not _is_created(created, each.schema, each.table_name)
    }
    for operations in (upgrade, downgrade):
        operations.ops = [
            each for each in operations.ops if _table(each) not in unmanaged_tables
        ]
    return tuple(sorted(".".join(filter(None, table)) for table in unmanaged_tables))


def _is_created(
    created: set[tuple[str | None, str]], schema: str | None, name: str
) -> bool:
    return (schema, name) in created or (ANY, name) in created


def _table(operation: Any) -> tuple[str | None, str | None]:
    return getattr(operation, "schema", None), getattr(operation, "table_name", None)


def foreign_problem(table: str, database: str | None = None) -> Problem:
    """Return what to say of a table that is left alone.

    :param table: Its name.
    :param database: The database it is in.
    """
    return Problem(
        "foreign-table",
        f"The table {table} is not in the models, and no revision has created it; it "
        "is left alone.",
        "info",
        database=database,
        advice="To drop it, make the revision with --allow-drop; to leave it out for "
        "good, use include_name.",
    )


def keeper(
    call: Invocation, history: ScriptDirectory, *, allow_drop: bool
) -> Callable[[MigrationScript], None]:
    """Return what keeps foreign tables out of each comparison, and tells of them.

    :param call: The running command.
    :param history: The revisions.
    :param allow_drop: Whether they may be dropped.
    """

    def keep(script: MigrationScript) -> None:
        tables = () if allow_drop else leave_unmanaged(script, history)
        call.problems = (*call.problems, *map(foreign_problem, tables))

    return keep
