"""Whether a comparison is one that a proof can stand for: Alembic's own, unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..private import has_other_comparators, has_reflection_listeners

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData


def is_eligible(context: MigrationContext, metadata: Sequence[MetaData]) -> bool:
    """Tell whether nothing but Alembic's own code decides what differs.

    Filters (``include_name``, ``include_object``) may be there: what they can change
    is known.

    :param context: The context of the comparison.
    :param metadata: The models.
    """
    connection = context.connection
    if connection is None or not metadata:
        return False
    default = context.dialect.default_schema_name
    names = [
        (None if table.schema == default else table.schema, table.name)
        for each in metadata
        for table in each.tables.values()
    ]
    return not (
        callable(context.opts.get("compare_type"))
        or callable(context.opts.get("compare_server_default"))
        or connection.get_execution_options().get("schema_translate_map")
        # Alembic refuses the same table twice, or takes one for another.
        or len(set(names)) < len(names)
        or not type(context.impl).__module__.startswith("alembic.ddl.")
        or not type(context.dialect).__module__.startswith("sqlalchemy.dialects.")
        or has_other_comparators(context)
        or has_reflection_listeners()
    )
