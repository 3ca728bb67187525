"""Whether a column differs, as Alembic and the dialect of the database see it.

Asked only where a plugin implements the hook as well: without one, Alembic compares by
itself. A wrapper of a plugin gets this answer from its ``yield``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column


@hookimpl(trylast=True)
def compare_type(
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
) -> bool:
    """Compare the types."""
    return bool(context.impl.compare_type(inspected_column, metadata_column))


@hookimpl(trylast=True)
def compare_server_default(
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
    inspected_default: str | None,
    rendered_metadata_default: str | None,
) -> bool | None:
    """Compare the server defaults, but for those that Alembic compares otherwise."""
    for column in (inspected_column, metadata_column):
        if column.computed is not None or column.identity is not None:
            return None
    compare: Any = context.impl.compare_server_default
    return bool(
        compare(
            inspected_column,
            metadata_column,
            rendered_metadata_default,
            inspected_default,
        )
    )
