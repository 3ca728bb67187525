"""The operations of CHECK constraints, as a revision holds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import (
    CreateCheckConstraintOp,
    DropConstraintOp,
    MigrateOperation,
)
from sqlalchemy import CheckConstraint, Column, MetaData, Table, text
from sqlalchemy.sql.elements import conv

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

    from ..backends.catalog import Key

DROPPED_CHECKS = "dropped_checks"
"""What a batch has in ``table_kwargs["info"]`` to drop constraints without names."""

_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
# What SQLAlchemy would take for a parameter.


class AddCheckOp(CreateCheckConstraintOp):
    """A CHECK constraint is added to a table.

    :param key: The table.
    :param name: The name of the constraint, complete.
    :param sql: Its expression.
    :param is_valid: Whether the rows that exist are checked.
    """

    def __init__(self, key: Key, name: str, sql: str, is_valid: bool = True) -> None:
        options = {} if is_valid else {"postgresql_not_valid": True}
        super().__init__(conv(name), key[1], escaped(sql), schema=key[0], **options)
        self.key, self.name, self.sql, self.is_valid = key, name, sql, is_valid

    def reverse(self) -> DropCheckOp:
        """Return the operation that drops it."""
        return DropCheckOp(self.key, self.name, self.sql, self.is_valid)

    def to_constraint(self, migration_context: Any = None) -> CheckConstraint:
        """Return the constraint, with a table of its name."""
        return _constraint(self.key, self.name, self.sql)

    def to_diff_tuple(self) -> tuple[str, Any]:
        """Return the difference in the form of Alembic's."""
        return "add_constraint", self.to_constraint()


class DropCheckOp(DropConstraintOp):
    """A CHECK constraint of a table is dropped.

    :param key: The table.
    :param name: The name of the constraint, complete.
    :param sql: Its expression.
    :param is_valid: Whether the rows that exist are known to satisfy it.
    """

    def __init__(self, key: Key, name: str, sql: str, is_valid: bool = True) -> None:
        super().__init__(conv(name), key[1], type_="check", schema=key[0])
        self.key, self.name, self.sql, self.is_valid = key, name, sql, is_valid

    def reverse(self) -> AddCheckOp:
        """Return the operation that adds it."""
        return AddCheckOp(self.key, self.name, self.sql, self.is_valid)

    def to_constraint(self) -> CheckConstraint:
        """Return the constraint, with a table of its name."""
        return _constraint(self.key, self.name, self.sql)

    def to_diff_tuple(self) -> tuple[str, Any]:
        """Return the difference in the form of Alembic's."""
        return "remove_constraint", self.to_constraint()


class UnnamedCheckOp(MigrateOperation):
    """A CHECK constraint without a name, which only a copy of the table can drop.

    :param key: The table.
    :param sql: Its expression.
    :param drops: Whether it is dropped.
    """

    def __init__(self, key: Key, sql: str, drops: bool) -> None:
        self.key, self.sql, self.drops = key, sql, drops

    def reverse(self) -> UnnamedCheckOp:
        """Return the operation that does the opposite."""
        return UnnamedCheckOp(self.key, self.sql, not self.drops)

    def to_diff_tuple(self) -> tuple[str, Any]:
        """Return the difference in the form of Alembic's."""
        word = "remove_constraint" if self.drops else "add_constraint"
        return word, _constraint(self.key, None, self.sql)


class ColumnCheckOp(MigrateOperation):
    """A CHECK constraint of a column, which only a new definition can drop.

    :param key: The table.
    :param sql: Its expression.
    :param statements: What drops it, and what adds it.
    :param drops: Whether it is dropped.
    """

    def __init__(
        self, key: Key, sql: str, statements: tuple[str, str], drops: bool = True
    ) -> None:
        self.key, self.sql, self.statements, self.drops = key, sql, statements, drops

    def reverse(self) -> ColumnCheckOp:
        """Return the operation that does the opposite."""
        return ColumnCheckOp(self.key, self.sql, self.statements, not self.drops)

    def to_diff_tuple(self) -> tuple[str, Any]:
        """Return the difference in the form of Alembic's."""
        word = "remove_constraint" if self.drops else "add_constraint"
        return word, _constraint(self.key, None, self.sql)


@renderers.dispatch_for(AddCheckOp)
def _render_add(context: AutogenContext, operation: AddCheckOp) -> str:
    """Render the call of ``op.create_check_constraint``."""
    batch = context.opts["render_as_batch"]
    prefix = "batch_op." if batch else context.opts["alembic_module_prefix"]
    arguments = [f"{prefix}f({operation.name!r})"]
    if not batch:
        arguments.append(repr(str(operation.key[1])))
    arguments.append(repr(escaped(operation.sql)))
    if not batch and operation.key[0]:
        arguments.append(f"schema={str(operation.key[0])!r}")
    if not operation.is_valid:
        arguments.append("postgresql_not_valid=True")
    return f"{prefix}create_check_constraint({', '.join(arguments)})"


@renderers.dispatch_for(UnnamedCheckOp)
def _render_unnamed(context: AutogenContext, operation: UnnamedCheckOp) -> list[str]:
    """Render a copy of the table without the constraint, or with it."""
    prefix = context.opts["alembic_module_prefix"]
    if operation.drops:
        info = {DROPPED_CHECKS: [operation.sql]}
        change = f"table_kwargs={ {'info': info}!r}"
    else:
        sa = context.opts["sqlalchemy_module_prefix"]
        change = f"table_args=({sa}CheckConstraint({escaped(operation.sql)!r}),)"
    table = str(operation.key[1])
    return [
        f"with {prefix}batch_alter_table({table!r}, recreate='always', {change}):",
        "pass",
        "",  # the end of the block
    ]


@renderers.dispatch_for(ColumnCheckOp)
def _render_column(context: AutogenContext, operation: ColumnCheckOp) -> str:
    """Render the statement that defines the column."""
    prefix = context.opts["alembic_module_prefix"]
    statement = operation.statements[0 if operation.drops else 1]
    return f"{prefix}execute({escaped(statement)!r})"


def escaped(sql: str) -> str:
    """Return SQL in which SQLAlchemy finds no parameters.

    :param sql: SQL that has none.
    """
    return _PARAMETER.sub(r"\\:", sql)


def _constraint(key: Key, name: str | None, sql: str) -> CheckConstraint:
    constraint = CheckConstraint(text(escaped(sql)), name=conv(name) if name else None)
    table = Table(str(key[1]), MetaData(), Column("id"), schema=key[0])
    table.append_constraint(constraint)
    return constraint
