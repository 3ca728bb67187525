"""Names for constraints that a revision creates or drops outside of CREATE TABLE.

A constraint can be dropped only by its name, so a revision gives one to each that it
adds to a table, and finds the name of each that it drops. SQLite keeps constraints
without names: there the batch gives them names while it reads the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import (
    AddConstraintOp,
    DropConstraintOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from sqlalchemy import Constraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.sql.elements import conv

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext

CONVENTION: Mapping[str, str] = {
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
}
"""The names for what the models leave unnamed, as a naming convention of SQLAlchemy."""


def stored_name(context: MigrationContext, constraint: Constraint) -> str | None:
    """Return the name that a constraint of the models gets in the database.

    :param context: The context of the database.
    :param constraint: The constraint, in its table.
    :return: The name without quotes; ``None`` for one that the models leave unnamed.
    """
    preparer = context.dialect.identifier_preparer
    name = constraint.name and preparer.format_constraint(constraint)
    if not name:
        return None
    quote, end = preparer.initial_quote, preparer.final_quote
    if name.startswith(quote) and name.endswith(end) and len(name) > 1:
        return name[len(quote) : -len(end)].replace(end * 2, end).replace("%%", "%")
    return str(name)


class NamingBatch(ModifyTableOps):
    """The changes of a table whose unnamed constraints get names in its batch."""

    kinds: frozenset[str] = frozenset()
    """The kinds of constraints that get names, as the convention calls them."""


@renderers.dispatch_for(NamingBatch)
def _render(context: AutogenContext, batch: NamingBatch) -> Sequence[str]:
    """Render the batch with the naming convention."""
    plain = ModifyTableOps(batch.table_name, batch.ops, schema=batch.schema)
    lines: Sequence[str] = renderers.dispatch(plain)(context, plain)
    ending = ") as batch_op:"
    if not lines or not lines[0].endswith(ending):
        return lines
    convention = f"naming_convention={ {kind: CONVENTION[kind] for kind in sorted(batch.kinds)}!r}"
    return [f"{lines[0].removesuffix(ending)}, {convention}{ending}", *lines[1:]]


def name_constraints(context: MigrationContext, script: MigrationScript) -> None:
    """Give a name to each constraint of a script that has none.

    :param context: The context of the database.
    :param script: Its last pair of operations is changed.
    """
    # What a downgrade drops has the name that the upgrade gave it.
    _name_within(script.upgrade_ops_list[-1], bool(context.opts.get("render_as_batch")))
    _name_within(script.downgrade_ops_list[-1], False)


def name_of(constraint: Constraint) -> str | None:
    """Return the name of a constraint by the convention, ``None`` for other kinds.

    :param constraint: A foreign key or unique constraint of a table.
    """
    kind = _kind_of(constraint)
    return CONVENTION[kind] % _tokens(constraint) if kind is not None else None


def _name_within(container: Any, batch: bool) -> None:
    operations: list[MigrateOperation] = []
    for operation in container.ops:
        if isinstance(operation, ModifyTableOps):
            kinds = _name_all(operation.ops)
            if kinds and batch:
                naming = NamingBatch(
                    operation.table_name, operation.ops, schema=operation.schema
                )
                naming.kinds = kinds
                operation = naming
        elif isinstance(operation, OpContainer):
            _name_within(operation, batch)
        else:
            _name_all([operation])
        operations.append(operation)
    container.ops[:] = operations


def _name_all(operations: Iterable[Any]) -> frozenset[str]:
    """Name constraints; return which kinds are dropped that the database left unnamed.

    No other kind may get names: the comparison would see constraints with a name where
    it has overlooked some without.
    """
    kinds: set[str] = set()
    for operation in operations:
        if not isinstance(operation, (AddConstraintOp, DropConstraintOp)):
            continue
        unnamed: Any = operation
        if getattr(unnamed, "constraint_name", "") is not None:
            continue
        constraint = _constraint_of(unnamed)
        kind = _kind_of(constraint)
        if kind is not None:
            unnamed.constraint_name = conv(str(name_of(constraint)))
            if isinstance(operation, DropConstraintOp):
                kinds.add(kind)
    return frozenset(kinds)


def _constraint_of(operation: Any) -> Any:
    try:
        return operation.to_constraint()
    except ValueError:  # a drop that somebody wrote without what it drops
        return None


def _kind_of(constraint: Any) -> str | None:
    if isinstance(constraint, ForeignKeyConstraint):
        return "fk"
    return "uq" if isinstance(constraint, UniqueConstraint) else None


def _tokens(constraint: Any) -> dict[str, str]:
    """Return what the convention says names are made of."""
    columns = "_".join(column.name for column in constraint.columns)
    tokens = {"table_name": constraint.table.name, "column_0_N_name": columns}
    if isinstance(constraint, ForeignKeyConstraint):
        referred, _, _ = constraint.elements[0].target_fullname.rpartition(".")
        tokens["referred_table_name"] = referred.rpartition(".")[2]
    return tokens
