"""Types and defaults of columns, compared in the words of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from flask import Flask
    from sqlalchemy import Column


@hookimpl(trylast=True)
def compare_type(
    app: Flask,
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
) -> bool | None:
    """Say that a type is the same where the server writes it the same.

    The labels of an ``ENUM`` of MySQL and MariaDB differ for each Alembic, also for one
    before 1.19 that does not look at them.
    """
    from ..schema.server_words import has_other_labels, has_same_type

    if not context.impl.compare_type(inspected_column, metadata_column):
        return has_other_labels(context, inspected_column, metadata_column) or None
    if has_same_type(app, context, inspected_column, metadata_column):
        return False
    return None


@hookimpl(trylast=True)
def compare_server_default(
    app: Flask,
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
    inspected_default: str | None,
    rendered_metadata_default: str | None,
) -> bool | None:
    """Compare two defaults as the server writes them."""
    from ..schema.server_words import default_differs

    return default_differs(
        app,
        context,
        inspected_column,
        metadata_column,
        inspected_default,
        rendered_metadata_default,
    )


@hookimpl(trylast=True)
def process_revision_directives(
    app: Flask, context: MigrationContext, directives: list[MigrationScript]
) -> None:
    """Write the types of columns that the server keeps as another type."""
    if not directives or context.connection is None:
        return
    if context.opts.get("flask_alembic_draft"):
        return  # the operations may come from another database
    from ..runtime.environment import environment_of
    from ..schema.server_words import write_overlooked_types

    backend = environment_of(app).backends.backend_for(context.dialect)
    write_overlooked_types(context.connection, directives[-1], backend)
