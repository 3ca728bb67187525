"""Whether a database is what it was, by its catalog alone.

Reading a schema to compare it costs a second for some hundred columns; reading what the
catalog holds of it costs a few queries. Two states that are equal need no comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..backends.catalog import UNKNOWN, CatalogNotReadable, Key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..backends.base import Backend
    from ..backends.schema_objects import SchemaObject


@dataclass(frozen=True)
class CatalogState:
    """What the catalog held at one moment; equal states are equal schemas.

    .. versionadded:: 4.0
    """

    tables: Mapping[Key, str]
    """A digest of the description of each table."""

    objects: tuple[SchemaObject, ...]
    """What there is beside tables, and of them that is no part of their description."""


def catalog_state(backend: Backend, connection: Connection) -> CatalogState | None:
    """Read what the catalog holds, in the transaction of the connection.

    :param backend: Of the database.
    :param connection: A connection; it only reads.
    :return: ``None`` where the catalog does not tell all of it. Then only
        :func:`flask_alembic.schema.snapshot.reflect` shows what is there.

    .. versionadded:: 4.0
    """
    catalog = backend.catalog()
    if catalog is None:
        return None
    try:
        tables = catalog.digests(connection, True)
    except CatalogNotReadable:
        return None
    if UNKNOWN in tables.values():
        return None
    return CatalogState(tables, tuple(backend.schema_objects(connection)))
