"""The operations of renames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import (
    AlterColumnOp,
    CreateIndexOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
    RenameTableOp,
)

from .renames import ConfirmedRenames, confirmed_renames

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column

    from ..backends.base import Backend
    from ..hooks.payloads import RenameCandidate


class TableRenameOp(RenameTableOp):
    """A table gets another name."""

    comes_last = False
    """Whether nothing may come after it, as in a downgrade."""

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return the difference in the form of Alembic's."""
        return "rename_table", self.schema, self.table_name, self.new_table_name


class ColumnRenameOp(AlterColumnOp):
    """A column gets another name and stays what it was."""

    comes_last = False
    """Whether nothing may come after it, as in a downgrade."""

    def to_diff_tuple(self) -> Any:
        """Return the difference in the form of Alembic's."""
        return (
            "rename_column",
            self.schema,
            self.table_name,
            self.column_name,
            self.modify_name,
        )


@renderers.dispatch_for(TableRenameOp)
def _render_table(context: AutogenContext, operation: TableRenameOp) -> str:
    """Render the call of ``op.rename_table``."""
    prefix = context.opts["alembic_module_prefix"]
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    old, new = str(operation.table_name), str(operation.new_table_name)
    return f"{prefix}rename_table({old!r}, {new!r}{schema})"


@renderers.dispatch_for(ColumnRenameOp)
def _render_column(context: AutogenContext, operation: ColumnRenameOp) -> str:
    """Render the call of ``op.alter_column``; Alembic 1.13 leaves the new name out."""
    text = str(renderers.dispatch(AlterColumnOp)(context, operation))
    if "new_column_name=" in text:
        return text
    name = f"new_column_name={str(operation.modify_name)!r}"
    call, comma, others = text.partition(",\n")
    if not comma:
        return f"{text.removesuffix(')')}, {name})"
    indent = others[: len(others) - len(others.lstrip())]
    return f"{call},\n{indent}{name},\n{others}"


def between_renames(
    operations: Iterable[MigrateOperation],
) -> tuple[list[MigrateOperation], list[MigrateOperation], list[MigrateOperation]]:
    """Return renames that come first, all other operations, and renames that come last.

    :param operations: The operations of one direction in one database.
    """
    first: list[MigrateOperation] = []
    others: list[MigrateOperation] = []
    last: list[MigrateOperation] = []
    for each in operations:
        if not isinstance(each, (TableRenameOp, ColumnRenameOp)):
            others.append(each)
        elif each.comes_last:
            last.append(each)
        else:
            first.append(each)
    return first, others, last


def add_renames(
    context: MigrationContext, script: MigrationScript, backend: Backend
) -> None:
    """Put renames around what a comparison has found that saw the new names.

    :param context: The context of the comparison, inside of
        :func:`~flask_alembic.schema.renamed_inspector.with_new_names`.
    :param script: What the comparison has found; its last pair is changed.
    :param backend: Of the database.
    """
    renames = confirmed_renames(context)
    if not renames.candidates:
        return
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    first, last = _renames(context, renames, backend)
    touched = {(schema, new) for (schema, _), new in renames.tables().items()}
    touched |= {
        (each.schema, str(each.parent)) for each, _, _ in renames.renamed_columns()
    }
    for operations in (upgrade, downgrade):
        for each in operations.ops:
            if (
                isinstance(each, ModifyTableOps)
                and (each.schema, each.table_name) in touched
            ):
                each.ops = _creating_first(each.ops)
    upgrade.ops[:] = [*first, *upgrade.ops]
    downgrade.ops[:] = [*downgrade.ops, *last]


def _creating_first(operations: Sequence[MigrateOperation]) -> list[MigrateOperation]:
    """Create indexes of a table before others are dropped.

    A foreign key of MySQL needs one of them at any time.
    """
    dropped = {each.index_name for each in operations if isinstance(each, DropIndexOp)}
    early = [
        each
        for each in operations
        if isinstance(each, CreateIndexOp) and each.index_name not in dropped
    ]
    rest = [each for each in operations if each not in early]
    place = next(
        (at for at, each in enumerate(rest) if isinstance(each, DropIndexOp)), None
    )
    if place is None:
        return list(operations)
    return [*rest[:place], *early, *rest[place:]]


def _renames(
    context: MigrationContext, renames: ConfirmedRenames, backend: Backend
) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Return the renames of both directions."""
    first: list[TableRenameOp | ColumnRenameOp] = []
    last: list[TableRenameOp | ColumnRenameOp] = []
    for (schema, old), new in renames.tables().items():
        first.append(TableRenameOp(old, new, schema=schema))
        last.insert(0, TableRenameOp(new, old, schema=schema))
    for candidate, before, after in renames.renamed_columns():
        options = _definition(context, before, after, backend)
        old, new = candidate.old, candidate.new
        first.append(_rename(candidate, old, new, options))
        last.insert(0, _rename(candidate, new, old, options))
    for each in last:
        each.comes_last = True
    return [*first], [*last]


def _definition(
    context: MigrationContext, before: Column[Any], after: Column[Any], backend: Backend
) -> dict[str, Any]:
    """Return all that a database needs to hear again about a column."""
    options: dict[str, Any] = {
        # In the words of the models, where they mean the same.
        "existing_type": before.type
        if context.impl.compare_type(before, after)
        else after.type,
        "existing_nullable": before.nullable,
        "existing_server_default": before.server_default or False,
        "existing_comment": before.comment,
    }
    if backend.renames_with_definition and before.autoincrement is True:
        options["autoincrement"] = True
    return options


def _rename(
    candidate: RenameCandidate, old: str, new: str, options: Mapping[str, Any]
) -> ColumnRenameOp:
    return ColumnRenameOp(
        str(candidate.parent),
        old,
        schema=candidate.schema,
        modify_name=new,
        **options,
    )
