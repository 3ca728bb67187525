"""Percent signs in SQL texts, written as the models have them."""

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
    """Write SQL without what only the driver needs."""
    if not directives:
        return
    from ..schema.percent_signs import write_single_percents

    write_single_percents(context)
