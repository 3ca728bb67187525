"""Tables and indexes that are in no model and that no revision has created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from ..hooks.payloads import Problem


@hookimpl(trylast=True)
def project_problems(
    database: str | None,
    unmanaged_tables: tuple[str, ...],
    unmanaged_indexes: tuple[str, ...],
) -> list[Problem]:
    """Report each of them; ``check`` passes all the same."""
    from ..schema.unmanaged_tables import Unmanaged, foreign_problems

    found = Unmanaged(unmanaged_tables, unmanaged_indexes)
    return [*foreign_problems(found, database)]
