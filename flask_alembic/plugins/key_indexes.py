"""What foreign keys need, where the database refuses to drop it."""

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
    """Drop foreign keys before the index or key they need, and create them after it."""
    if not directives or context.connection is None:
        return
    if context.opts.get("flask_alembic_draft"):
        return  # the operations come from a database, and are complete
    from ..runtime.environment import environment_of

    backend = environment_of(app).backends.backend_for(context.dialect)
    if backend.keys_need_index:
        from ..schema.key_indexes import keep_key_indexes

        keep_key_indexes(context.connection, directives[-1], backend)
    elif context.dialect.supports_alter:
        from ..schema.referring_keys import keep_referring_keys

        keep_referring_keys(context.connection, directives[-1])
