"""Tables and indexes that no revision has created: they are not ours to drop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..hooks.payloads import Problem
from ..script.source_analysis import ANY, created_tables, mentioned_names

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript, OpContainer, UpgradeOps
    from alembic.script import ScriptDirectory

    from ..runtime.invocation import Invocation
    from .index_changes import StoredIndexOp


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """What a database has that neither the models nor the revisions have."""

    tables: tuple[str, ...] = ()
    """The tables, as ``schema.name`` or ``name``."""

    indexes: tuple[str, ...] = ()
    """The indexes of other tables, as ``name on table``."""


def leave_unmanaged(
    script: MigrationScript, history: ScriptDirectory | None
) -> Unmanaged:
    """Take the drops of what the history never created out of a comparison.

    What a comparison finds in the database and not in the models may belong to an
    extension, to another app, or to a model that nobody has imported. Of indexes these
    are only the ones that Alembic itself does not see. The files are read only when
    there is a drop at all.

    :param script: What a comparison has found; its last pair of operations is changed.
    :param history: The revisions; with ``None`` nothing is taken out.
    :return: What stays.
    """
    if history is None:
        return Unmanaged()
    return Unmanaged(_leave_tables(script, history), _leave_indexes(script, history))


def _leave_tables(script: MigrationScript, history: ScriptDirectory) -> tuple[str, ...]:
    from alembic.operations.ops import DropTableOp

    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    drops = [each for each in upgrade.ops if isinstance(each, DropTableOp)]
    if not drops:
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


def _leave_indexes(
    script: MigrationScript, history: ScriptDirectory
) -> tuple[str, ...]:
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    drops = {each.identity: each for each in _dropped_indexes(upgrade)}
    if not drops:
        return ()
    mentioned = mentioned_names(
        history.walk_revisions(), {each.name for each in drops.values()}
    )
    left = {key for key, each in drops.items() if each.name not in mentioned}
    for operations in (upgrade, downgrade):
        _take_out(operations, left)
    return tuple(sorted(str(drops[key]) for key in left))


def _dropped_indexes(upgrade: UpgradeOps) -> Iterator[StoredIndexOp]:
    """Yield the drops of indexes that only the catalog shows, and that stay dropped."""
    from alembic.operations.ops import CreateIndexOp

    from .index_changes import StoredIndexOp

    operations = [
        each for found in upgrade.ops for each in (found, *getattr(found, "ops", ()))
    ]
    created = {
        ((each.schema, each.table_name), each.index_name)
        for each in operations
        if isinstance(each, CreateIndexOp)
    }
    for each in operations:
        if isinstance(each, StoredIndexOp) and each.identity not in created:
            yield each


def _take_out(container: OpContainer, left: Collection[object]) -> None:
    """Take out what is done to these indexes, and the containers that it empties."""
    from alembic.operations.ops import ModifyTableOps

    kept = []
    for each in container.ops:
        if isinstance(each, ModifyTableOps):
            _take_out(each, left)
            if each.is_empty():
                continue
        if getattr(each, "identity", None) not in left:
            kept.append(each)
    container.ops = kept


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


def foreign_index_problem(index: str, database: str | None = None) -> Problem:
    """Return what to say of an index that is left alone.

    :param index: Its name and its table.
    :param database: The database it is in.
    """
    return Problem(
        "foreign-index",
        f"The index {index} is not in the models, and no revision has created it; it "
        "is left alone.",
        "info",
        database=database,
        advice="Add it to the models, or drop it by hand or in a revision of your own.",
    )


def foreign_problems(
    found: Unmanaged, database: str | None = None
) -> tuple[Problem, ...]:
    """Return what to say of all that is left alone.

    :param found: What is left alone.
    :param database: The database it is in.
    """
    return (
        *(foreign_problem(each, database) for each in found.tables),
        *(foreign_index_problem(each, database) for each in found.indexes),
    )


def keeper(
    call: Invocation, history: ScriptDirectory, *, allow_drop: bool
) -> Callable[[MigrationScript], None]:
    """Return what keeps foreign tables and indexes out of each comparison.

    They are added to the problems of the command.

    :param call: The running command.
    :param history: The revisions.
    :param allow_drop: Whether they may be dropped.
    """

    def keep(script: MigrationScript) -> None:
        if not allow_drop:
            found = leave_unmanaged(script, history)
            call.problems = (*call.problems, *foreign_problems(found))

    return keep
