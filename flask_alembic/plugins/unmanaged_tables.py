"""Tables that are in no model and that no revision has created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from ..hooks.payloads import Problem


@hookimpl(trylast=True)
def project_problems(
    database: str | None, unmanaged_tables: tuple[str, ...]
) -> list[Problem]:
    """Report each unmanaged table; ``check`` passes all the same."""
    from ..schema.unmanaged_tables import foreign_problem

    return [foreign_problem(table, database) for table in unmanaged_tables]
