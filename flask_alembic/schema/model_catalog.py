"""The tables of the models as the server describes them once it has made them.

They are made on a scratch database, read, and kept: in memory, and in a file beside the
compiled files of Python. Neither is trusted further than its key: the models, the
version of the server, and what else decides how it makes a table.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..backends.catalog import Catalog, CatalogElement, Key
from ..backends.statements import INTERNAL
from ..script.index_cache import index_path, remove
from .model_digest import digest_of

if TYPE_CHECKING:
    from sqlalchemy import Engine, MetaData, Table
    from sqlalchemy.engine import Connection

    from ..backends.base import Backend

logger = logging.getLogger("flask_alembic.runtime")

_FORMAT = 2
# Raised whenever what is stored, or what the queries ask for, changes.

_KEPT = 32
"""How many catalogs are kept in memory."""

_memory: dict[str, ModelCatalog] = {}
_memory_lock = threading.Lock()


@dataclass
class ModelCatalog:
    """What the server says of the tables of the models.

    .. versionadded:: 4.0
    """

    digests: Mapping[Key, str]
    """A digest of the description of each table that could be made."""

    stored_elements: str
    """The descriptions, as JSON: they are needed for tables that differ only."""

    _elements: dict[Key, tuple[CatalogElement, ...]] | None = field(
        default=None, repr=False
    )

    def elements(self, key: Key) -> tuple[CatalogElement, ...]:
        """Return the description of a table.

        :param key: Its schema and name.
        """
        if self._elements is None:
            self._elements = {
                (schema, name): tuple(CatalogElement(*part) for part in parts)
                for schema, name, parts in json.loads(self.stored_elements)
            }
        return self._elements.get(key, ())


@dataclass(frozen=True, slots=True)
class ScratchSource:
    """Where the tables of the models can be made.

    .. versionadded:: 4.0
    """

    backend: Backend
    """Of the database that is compared."""

    scratch: Callable[[], AbstractContextManager[Engine]]
    """Gives an empty database of the same kind."""

    path: str | None = None
    """The file that the catalog is kept in; without one it is kept in memory only."""


class NoScratch(Exception):
    """The tables of the models could not be made; the text says why."""


def cache_path(location: str, database: str) -> str | None:
    """Return the file that the catalog of a database is kept in.

    :param location: The folder of the revisions.
    :param database: The name of the database.
    :return: A path beside the index of the revisions; ``None`` where the interpreter
        keeps no compiled files.
    """
    index = index_path(os.path.realpath(location))
    if index is None:
        return None
    name = hashlib.blake2b(database.encode(), digest_size=6).hexdigest()
    return f"{index.removesuffix('.index')}.{name}.catalog"


def model_catalog(
    source: ScratchSource,
    catalog: Catalog,
    connection: Connection,
    metadata: Sequence[MetaData],
    schemas: bool,
) -> ModelCatalog:
    """Return the catalog of the models, which is read from a file or made.

    :param source: Where the tables can be made.
    :param catalog: Reads what a database holds.
    :param connection: A connection to the live database, which is only read.
    :param metadata: The models.
    :param schemas: Whether tables of other schemas than the default count.
    :raises NoScratch: When they cannot be made.
    """
    preparations = catalog.preparations(connection)
    key = _key(catalog, connection, metadata, schemas, preparations)
    with _memory_lock:
        found = _memory.get(key)
    if found is None:
        found = load(source.path, key) if source.path else None
        if found is None:
            default = connection.dialect.default_schema_name
            found = _made(source, catalog, metadata, schemas, default, preparations)
            if source.path:
                save(source.path, key, found)
        with _memory_lock:
            while len(_memory) >= _KEPT:
                del _memory[next(iter(_memory))]
            _memory[key] = found
    return found


def _key(
    catalog: Catalog,
    connection: Connection,
    metadata: Sequence[MetaData],
    schemas: bool,
    preparations: Sequence[str],
) -> str:
    dialect = connection.dialect
    parts = [
        _FORMAT,
        dialect.name,
        dialect.driver,
        dialect.server_version_info,
        str(getattr(dialect, "is_mariadb", "")),
        catalog.settings(connection),
        _named_default(metadata, dialect.default_schema_name),
        schemas,
        list(preparations),
        digest_of(metadata, dialect),
    ]
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _named_default(metadata: Sequence[MetaData], default: str | None) -> str | None:
    """Return the default schema, where tables of the models name it."""
    tables = (table for each in metadata for table in each.tables.values())
    return default if any(table.schema == default for table in tables) else None


def load(path: str, key: str) -> ModelCatalog | None:
    """Read a catalog that was kept.

    :param path: Its file.
    :param key: What it has to be of.
    :return: ``None`` when it is missing, damaged or of something else.
    """
    try:
        with open(path, encoding="utf-8") as file:
            stored_key, checksum, body, elements = file.read().split("\n")
        if stored_key != key or checksum != _checksum(body, elements):
            return None
        digests = {(schema, name): text for schema, name, text in json.loads(body)}
    except (OSError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return ModelCatalog(digests, elements)


def save(path: str, key: str, catalog: ModelCatalog) -> bool:
    """Keep a catalog, beside its place and then in it.

    Nothing is written where Python would write no compiled files, or may not.

    :param path: The file.
    :param key: What it is of.
    :param catalog: The catalog.
    :return: Whether it was written.
    """
    if sys.dont_write_bytecode:
        return False
    body = json.dumps([[*table, text] for table, text in catalog.digests.items()])
    checksum = _checksum(body, catalog.stored_elements)
    temporary = f"{path}.{os.getpid()}.{threading.get_ident()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "x", encoding="utf-8") as file:
            file.write("\n".join([key, checksum, body, catalog.stored_elements]))
        os.replace(temporary, path)
    except OSError:
        remove(temporary)
        return False
    return True


def _checksum(*texts: str) -> str:
    whole = hashlib.blake2b(digest_size=16)
    for text in texts:
        whole.update(text.encode())
    return whole.hexdigest()


def _made(
    source: ScratchSource,
    catalog: Catalog,
    metadata: Sequence[MetaData],
    schemas: bool,
    default: str | None,
    preparations: Sequence[str],
) -> ModelCatalog:
    from sqlalchemy.exc import SQLAlchemyError

    from ..errors import AlembicError

    try:
        with source.scratch() as engine, engine.connect() as connection:
            quiet = connection.execution_options(**INTERNAL)
            tables = _Tables(source, catalog, quiet)
            tables.make(metadata, default, preparations)
            elements = catalog.elements(connection, schemas)
            digests = catalog.digests(connection, schemas)
            connection.rollback()
            # Of a server whose schemas are databases the live ones are seen too.
            made = tables.keys()
    except AlembicError as error:
        raise NoScratch(error.message) from error
    except SQLAlchemyError as error:
        logger.debug("The tables of the models could not be made", exc_info=error)
        original = getattr(error, "orig", None) or error
        raise NoScratch(
            f"The tables of the models cannot be made on a scratch database: "
            f"{str(original).strip().splitlines()[0]}"
        ) from error
    stored = json.dumps(
        [[*key, list(parts)] for key, parts in elements.items() if key in made]
    )
    kept = {key: text for key, text in digests.items() if key in made}
    return ModelCatalog(kept, stored)


class _Tables:
    """Makes the tables of models in an empty database.

    They are copies, so that nothing that listens to the tables of the app runs.

    :param source: Where they are made.
    :param catalog: Of the kind of database.
    :param connection: A connection to the scratch database.
    """

    def __init__(
        self, source: ScratchSource, catalog: Catalog, connection: Connection
    ) -> None:
        from sqlalchemy import MetaData

        self.source = source
        self.catalog = catalog
        self.connection = connection
        self.copies = MetaData()

    def make(
        self,
        metadata: Sequence[MetaData],
        default_schema: str | None,
        preparations: Sequence[str],
    ) -> None:
        """Make each table with all that belongs to it, or not at all.

        :param metadata: The models.
        :param default_schema: Of the live database.
        :param preparations: Statements to begin with; each may fail.
        """
        for table in self._possible(metadata, default_schema):
            self._copy(table, default_schema)
        schemas = {table.schema for table in self.copies.tables.values()}
        made = map(self.catalog.schema_statement, sorted(filter(None, schemas)))
        for statement in (*preparations, *filter(None, made)):
            self._attempt(self.connection.exec_driver_sql, statement)
        self._make_types()
        if not self._attempt(self.copies.create_all, self.connection, checkfirst=False):
            self._make_one_by_one()
        self.connection.commit()

    def keys(self) -> frozenset[Key]:
        """Return the tables that were to be made."""
        return frozenset(
            (table.schema, table.name) for table in self.copies.tables.values()
        )

    def _possible(
        self, metadata: Sequence[MetaData], default_schema: str | None
    ) -> Iterable[Table]:
        """Return the tables whose schema, and all that they refer to, can be made."""
        tables = {
            table.fullname: table
            for each in metadata
            for table in each.tables.values()
            if table.schema in (None, default_schema)
            or self.catalog.schema_statement(table.schema) is not None
        }
        while True:
            lost = [
                name
                for name, table in tables.items()
                for key in table.foreign_keys
                if key.target_fullname.rpartition(".")[0] not in tables
            ]
            if not lost:
                return tables.values()
            for name in set(lost):
                del tables[name]

    def _copy(self, table: Table, default_schema: str | None) -> None:
        def schema_of(schema: str | None) -> str | None:
            return None if schema == default_schema else schema

        def referred(
            table: Table, to: str | None, constraint: object, schema: str | None
        ) -> str | None:
            return schema_of(schema)

        # Typed as if None were no schema; it is the default one.
        schema: Any = schema_of(table.schema)
        # The constraints of types are made anew, with the names that it gives them.
        self.copies.naming_convention = table.metadata.naming_convention
        table.to_metadata(self.copies, schema=schema, referred_schema_fn=referred)

    def _make_types(self) -> None:
        """Make the enum types that are not made with a table."""
        for table in self.copies.tables.values():
            for column in table.columns:
                enum = self.source.backend.enum_of(column.type)
                if enum is not None and (
                    enum.metadata is not None or not getattr(enum, "create_type", True)
                ):
                    self._attempt(enum.create, self.connection, checkfirst=True)

    def _attempt(self, work: Callable[..., object], *args: Any, **options: Any) -> bool:
        """Do something, all of it or nothing where the database can.

        :return: Whether it worked.
        """
        from sqlalchemy.exc import SQLAlchemyError

        point = self.connection.begin_nested() if self.catalog.reverts_ddl else None
        try:
            work(*args, **options)
        except SQLAlchemyError as error:
            if getattr(error, "connection_invalidated", False):
                raise
            logger.debug("Not made on the scratch database", exc_info=error)
            (point or self.connection).rollback()
            return False
        if point is not None:
            point.commit()
        return True

    def _make_one_by_one(self) -> None:
        """Make what can be made, where all together could not."""
        self._clear(self.copies.drop_all)
        with warnings.catch_warnings():
            # About tables in a circle: the keys of those cannot be made so.
            warnings.simplefilter("ignore")
            tables = self.copies.sorted_tables
        for table in tables:
            later = any(key.use_alter for key in table.foreign_key_constraints)
            if later or not self._attempt(table.create, self.connection):
                self._clear(table.drop)

    def _clear(self, drop: Callable[..., object]) -> None:
        """Drop what a failure has left, where it could not be reverted."""
        if not self.catalog.reverts_ddl:
            self._attempt(drop, self.connection, checkfirst=True)
