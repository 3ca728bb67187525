"""Operations in the order that the database needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext


@hookimpl(trylast=True)
def process_revision_directives(
    context: MigrationContext, directives: list[MigrationScript]
) -> None:
    """Drop foreign keys before what they need, and create them after it."""
    if not directives:
        return
    from ..schema.operation_order import order_operations, tables_first_and_last

    script = directives[-1]
    # Where constraints cannot be altered, a key may point at what is not there yet.
    order = (
        order_operations if context.dialect.supports_alter else tables_first_and_last
    )
    for operations in (script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]):
        operations.ops[:] = order(operations.ops)
