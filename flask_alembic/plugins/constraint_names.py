"""Names for constraints that models and databases leave unnamed."""

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
    """Name each constraint that is created or dropped."""
    if not directives:
        return
    from ..schema.constraint_names import name_constraints

    name_constraints(context, directives[-1])
