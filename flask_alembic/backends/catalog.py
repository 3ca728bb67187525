"""A database's tables as its own catalog describes them, all of them with one query.

Nothing here knows how models are written: the tables of the models are made on a scratch
database, and two descriptions by the same server are compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import Dialect

Key = tuple[str | None, str]
"""The schema, ``None`` for the default one, and the name of a table."""

UNKNOWN: Final = ""
"""The digest of a table that the catalog does not describe in full."""

FIELD: Final = "\x1f"
"""Stands between the fields of a description."""


class CatalogElement(NamedTuple):
    """One part of a table in the words of the catalog.

    .. versionadded:: 4.0
    """

    kind: str
    """``table``, ``column``, ``index``, ``check constraint``, ``foreign key``, ..."""

    name: str
    """Its name; empty for the table itself."""

    text: str
    """All that the catalog holds of it."""


class StoredCheck(NamedTuple):
    """A ``CHECK`` constraint in the words of the catalog.

    .. versionadded:: 4.0
    """

    name: str | None
    """Its name; ``None`` where it has none."""

    expression: str
    """What it requires."""

    column: str | None = None
    """The column whose definition it is a part of; ``None`` for one of the table."""

    is_valid: bool = True
    """Whether the rows that exist are known to satisfy it."""


Elements = Mapping[Key, tuple[CatalogElement, ...]]
"""The parts of tables, by table."""


class CatalogNotReadable(Exception):
    """The catalog does not describe what a comparison would compare."""


class Catalog:
    """What one kind of database says of its tables.

    :param dialect: The SQLAlchemy dialect of the connection.

    .. versionadded:: 4.0
    """

    reverts_ddl: ClassVar[bool] = True
    """Whether a savepoint reverts what made a table."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def digests(self, connection: Connection, schemas: bool) -> Mapping[Key, str]:
        """Return a digest of the description of each table, with one query.

        When it fails, the transaction is as it was before.

        :param connection: A connection.
        :param schemas: Whether tables of other schemas than the default are wanted.
        :return: :data:`UNKNOWN` for a table that is equal to no other.
        :raises CatalogNotReadable: When tables are wanted that it does not describe.
        """
        return {
            key: digest(parts)
            for key, parts in self.elements(connection, schemas).items()
        }

    def elements(
        self,
        connection: Connection,
        schemas: bool,
        keys: Collection[Key] | None = None,
    ) -> Elements:
        """Return the description of tables, sorted, with one query.

        :param connection: A connection.
        :param schemas: Whether tables of other schemas than the default are wanted.
        :param keys: Which tables, at least; all by default.
        :raises CatalogNotReadable: When tables are wanted that it does not describe.
        """
        raise NotImplementedError

    def extensions(self, connection: Connection) -> tuple[str, ...]:
        """Return the names of the server's extensions that a database uses.

        :param connection: A connection to the database; it only reads.
        """
        return ()

    def preparations(self, connection: Connection) -> tuple[str, ...]:
        """Return statements that a scratch database needs before tables are made.

        Each may fail there.

        :param connection: A connection to the live database; it only reads.
        """
        return ()

    def extension_statement(self, name: str) -> str:
        """Return the statement that makes an extension in a scratch database."""
        raise NotImplementedError

    def schema_statement(self, schema: str) -> str | None:
        """Return the statement that makes a schema in a scratch database.

        :param schema: Its name.
        :return: ``None`` where a database has no schemas of its own.
        """
        return None

    def checks(self, parts: Iterable[CatalogElement]) -> list[StoredCheck]:
        """Return the ``CHECK`` constraints of a table.

        :param parts: The description of the table.
        """
        return []

    def table_options(self, connection: Connection, table: str) -> Mapping[str, Any]:
        """Return the options of a table that SQLAlchemy does not reflect.

        :param connection: A connection to the database.
        :param table: The table, in the default schema.
        :return: Arguments of :class:`sqlalchemy.schema.Table`.
        """
        return {}

    reflects_no_expressions: ClassVar[bool] = False
    """Whether SQLAlchemy overlooks indexes of expressions."""

    def indexes(self, parts: Iterable[CatalogElement]) -> Mapping[str, str]:
        """Return the definitions of indexes by name, those of constraints left out.

        :param parts: The description of a table.
        """
        return {each.name: each.text for each in parts if each.kind == "index"}

    def column_sequences(self, parts: Iterable[CatalogElement]) -> Mapping[str, str]:
        """Return what sequences fill the columns of a table, by column.

        :param parts: The description of the table.
        :return: Empty texts for columns without one; else the kind, the type of the
            sequence, and what differs from its defaults.
        """
        return {}

    def index_statement(
        self, connection: Any, parts: Iterable[CatalogElement], name: str
    ) -> str | None:
        """Return the statement that creates an index as it is in the database.

        :param connection: A connection to the database.
        :param parts: The description of the table.
        :param name: The name of the index.
        :return: ``None`` where there is none.
        """
        return None

    def words_of(self, expression: str) -> str:
        """Return an expression in the words of the catalog, as far as they are known.

        :param expression: As the models have it.
        """
        return expression

    def check_texts(
        self, connection: Connection, table: str
    ) -> Mapping[StoredCheck, str]:
        """Return the expressions of the constraints of a table as they were written.

        :param connection: A connection to the database.
        :param table: The table, in the default schema.
        :return: Nothing for those that the server has in no other words.
        """
        return {}

    def drop_check(
        self, connection: Connection, key: Key, check: StoredCheck
    ) -> tuple[str, str] | None:
        """Return the statements that drop and restore a constraint of a column.

        :param connection: A connection to the database.
        :param key: The table.
        :param check: The constraint.
        :return: ``None`` where it is dropped by its name.
        """
        return None

    def settings(self, connection: Connection) -> str:
        """Return what beside its version decides how the server makes a table.

        :param connection: A connection; it only reads.
        """
        return ""


def digest(parts: Iterable[CatalogElement]) -> str:
    """Return a digest of the description of one table.

    :param parts: Its parts, sorted; without any it is equal to no other table.
    """
    words = [word for part in parts for word in part]
    if not words:
        return UNKNOWN
    text = "".join(f"{len(word)}:{word}" for word in words)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
