"""Columns without a value for rows that exist, added in steps."""

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
    """Add them as nullable, leave a place to fill them, and require them in the end."""
    if not directives or context.opts.get("flask_alembic_draft"):
        return
    from ..schema.required_columns import add_in_steps

    operations = directives[-1].upgrade_ops_list[-1]
    operations.ops[:] = add_in_steps(operations.ops)
