"""Which tables are proved to be equal in models and database, and what is left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...dialects import backend_for
from ...dialects.catalog import Catalog, Key, Recorded, is_plain_name
from .describing import Describer
from .eligibility import is_eligible

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData, Table

    NameFilter = Callable[[Any, Any, Any], Any]

logger = logging.getLogger("flask_alembic.environment")


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of one database."""

    catalog: Catalog
    """What was read."""

    tables: Mapping[int, Table]
    """The tables of the models that are equal, by their ``id()``."""

    keys: frozenset[Key]
    """Their names in the database."""

    busy: frozenset[str | None]
    """The schemas in which something is left to compare."""


def prove(context: MigrationContext, metadata: Sequence[MetaData]) -> Proof | None:
    """Return what is proved, ``None`` where nothing can be.

    :param context: The context of the comparison.
    :param metadata: The models.
    """
    if not is_eligible(context, metadata):
        return None
    catalog = backend_for(context.dialect).catalog()
    if catalog is None:
        return None
    recorded = _read(catalog, context)
    if recorded is None:
        return None
    return _Prover(catalog, context, recorded).prove(metadata)


def _read(catalog: Catalog, context: MigrationContext) -> Mapping[Key, Recorded] | None:
    assert context.connection is not None
    schemas = bool(context.opts.get("include_schemas"))
    try:
        return catalog.read(context.connection, schemas)
    except Exception as error:
        # Whatever it is, Alembic's comparison either works or says it better.
        logger.debug("The catalog could not be read, Alembic compares", exc_info=error)
        return None


class _Prover:
    def __init__(
        self,
        catalog: Catalog,
        context: MigrationContext,
        recorded: Mapping[Key, Recorded],
    ) -> None:
        self.catalog = catalog
        self.recorded = recorded
        self.describer = Describer(catalog, context.impl)
        self.default_schema = catalog.dialect.default_schema_name
        self.version_table = (context.version_table_schema, context.version_table)
        self.filter: NameFilter | None = context.opts.get("include_name")

    def prove(self, metadata: Sequence[MetaData]) -> Proof:
        """Look at each table of the models, and at what else the database has."""
        proved: dict[Key, Table] = {}
        busy: set[str | None] = set()
        tables = [table for each in metadata for table in each.tables.values()]
        for table in tables:
            key = (table.schema, table.name)
            if self._is_proved(table, key):
                proved[key] = table
            else:
                busy.add(None if self._is_explicit(table) else table.schema)
        for key in self.recorded.keys() - proved.keys():
            if key != self.version_table and self._asked(key, ()):
                busy.add(key[0])
        logger.debug("%d of %d tables are proved equal", len(proved), len(tables))
        by_id = {id(table): table for table in proved.values()}
        return Proof(self.catalog, by_id, frozenset(proved), frozenset(busy))

    def _is_explicit(self, table: Table) -> bool:
        """Tell whether a table names the default schema."""
        return table.schema is not None and table.schema == self.default_schema

    def _is_proved(self, table: Table, key: Key) -> bool:
        recorded = self.recorded.get(key)
        if recorded is None or key == self.version_table:
            return False
        if self._is_explicit(table):
            # Alembic takes its foreign keys for different ones.
            return False
        if not is_plain_name(f"{table.schema or ''}{table.name}"):
            return False
        return self.describer.matches(table, recorded) and self._asked(
            key, recorded.names() if self.filter is not None else ()
        )

    def _asked(self, key: Key, names: Sequence[tuple[str, str | None]]) -> bool:
        """Tell whether ``include_name`` lets a table, and names in it, be seen."""
        if self.filter is None:
            return True
        schema, name = key
        full = f"{schema}.{name}" if schema else name
        parents = {"schema_name": schema, "schema_qualified_table_name": full}
        if not self.filter(schema, "schema", {}):
            return False
        if not self.filter(name, "table", dict(parents)):
            return False
        parents["table_name"] = name
        return all(self.filter(each, type_, dict(parents)) for type_, each in names)
