"""A table that exists, as the server describes it, and what a revision does to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation
    from sqlalchemy import Table

    from ..backends.catalog import CatalogElement
    from .primary_keys import ChangePrimaryKeyOp


@dataclass(frozen=True, slots=True)
class DescribedTable:
    """A table that the database has and the models have."""

    table: Table
    """The table of the models."""

    models: tuple[CatalogElement, ...] = ()
    """How the server describes it as the models make it."""

    database: tuple[CatalogElement, ...] = ()
    """How the server describes it as it is."""

    @property
    def is_described(self) -> bool:
        """Whether both descriptions are known."""
        return bool(self.models and self.database)


@dataclass
class TableChanges:
    """What has to be done to a table, besides what Alembic has found."""

    before: list[MigrateOperation]
    """What comes before all that is done to the table, outside of its batch."""

    first: list[MigrateOperation]
    """What comes first within its batch."""

    last: list[MigrateOperation]
    """What comes last within its batch."""

    after: list[MigrateOperation]
    """What comes after all that is done to the table, outside of its batch."""

    first_of_downgrade: list[MigrateOperation] = field(default_factory=list)
    """What comes first within the batch of the downgrade, and not in the upgrade."""

    primary_key: ChangePrimaryKeyOp | None = None
    """What changes its primary key."""
