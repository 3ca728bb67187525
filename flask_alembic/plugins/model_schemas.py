"""Schemas that models name and the database does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from flask import Flask


@hookimpl(trylast=True)
def process_revision_directives(
    app: Flask, context: MigrationContext, directives: list[MigrationScript]
) -> None:
    """Create the schema of a new table before it, and drop it after the table."""
    if not directives or context.connection is None:
        return
    if context.opts.get("flask_alembic_draft"):
        return  # the operations come from a database, and are complete
    from ..runtime.environment import environment_of

    backend = environment_of(app).backends.backend_for(context.dialect)
    if backend.schemas_are_inside:
        from ..schema.model_schemas import add_schema_operations

        add_schema_operations(context.connection, directives[-1], backend)
