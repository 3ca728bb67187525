"""A database's tables in words, read with one query, and the same words for models.

A table whose words are equal on both sides has no difference that Alembic would report.
The words exist for common things only: of everything else nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

FIELD: Final = "\x1f"
"""Stands between the fields of a line."""

PART: Final = "\x1e"
"""Stands between the columns of a field."""

LINE: Final = "\n"
"""Stands between lines."""

Key = tuple[str | None, str]
"""The schema, ``None`` for the default one, and the name of a table."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NAME: Final = re.compile(r"[\w$]*")
_LITERAL: Final = re.compile(r"[\w .,/+@{}\[\]-]*")


class NotProvable(Exception):
    """Something has no words: it has to be compared by Alembic."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One table as the catalog of a database has it.

    Each text holds lines that are sorted, of fields in a fixed order.

    .. versionadded:: 4.0
    """

    plain: bool
    """Whether there is nothing about it that has no words."""

    columns: str = ""
    """``name, type, not null, generated, default, comment`` of each column."""

    primary_key: str = ""
    """The columns of the primary key, sorted."""

    indexes: str = ""
    """``name, unique, columns`` of each index that belongs to no constraint."""

    uniques: str = ""
    """``name, columns`` of each unique constraint, its columns sorted."""

    foreign_keys: str = ""
    """``columns, schema, table, its columns, on update, on delete, when`` of each."""

    foreign_key_names: str = ""
    """The name of each foreign key."""

    comment: str = ""
    """The table's comment."""

    def lines(self, field: str) -> list[str]:
        """Return the lines of a text.

        :param field: Which one.
        """
        text: str = getattr(self, field)
        return text.split(LINE) if text else []

    def names(self) -> list[tuple[str, str | None]]:
        """Return the names that Alembic asks ``include_name`` for, with their types.

        Where it depends on the database whether one is an index or a constraint for
        Alembic, it is both here.
        """
        found: list[tuple[str, str | None]] = []
        # The name of one without a name is an empty line, and so is no name at all.
        unnamed = [""] if self.foreign_keys else []
        for lines, types in (
            (self.lines("columns"), ("column",)),
            (self.lines("indexes"), ("index", "unique_constraint")),
            (self.lines("uniques"), ("index", "unique_constraint")),
            (self.lines("foreign_key_names") or unnamed, ("foreign_key_constraint",)),
        ):
            for line in lines:
                name = line.partition(FIELD)[0] or None
                found += [(type_, name) for type_ in types]
        return found


def plain_text(text: str) -> str:
    """Return a text that has no control characters, which separate the words.

    :param text: Such as a comment.
    :raises NotProvable: When it has some, or is empty.
    """
    if not text or _CONTROL.search(text):
        raise NotProvable(text)
    return text


def is_plain_name(name: str) -> bool:
    """Tell whether a name is written and read back as it is, in quotes or without.

    :param name: The name of a table, column, index or constraint.
    """
    return _NAME.fullmatch(name) is not None


def is_plain_literal(text: str) -> bool:
    """Tell whether a text means the same in every kind of quotes.

    :param text: What stands between the quotes.
    """
    return _LITERAL.fullmatch(text) is not None


class Catalog:
    """What one kind of database says of its tables, and how models say the same.

    :param dialect: The SQLAlchemy dialect of the connection.

    .. versionadded:: 4.0
    """

    merges_uniques: ClassVar[bool] = False
    """Whether a unique constraint is a unique index here, and reflected as both."""

    asks_server: ClassVar[bool] = False
    """Whether Alembic lets the server compare defaults."""

    actions: ClassVar[Mapping[str | None, str]] = {
        None: "",
        "no action": "",
        "restrict": "restrict",
        "cascade": "cascade",
        "set null": "set null",
        "set default": "set default",
    }
    """What a foreign key of a model does on update or delete, in the catalog's words."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._stateless: dict[type, str] = {}

    def read(self, connection: Connection, schemas: bool) -> Mapping[Key, Recorded]:
        """Read every table with one query.

        When it fails, the transaction is as it was before.

        :param connection: A connection.
        :param schemas: Whether tables of other schemas than the default are wanted.
        """
        raise NotImplementedError

    def type_words(self, compiled: str, type_: TypeEngine[Any]) -> str:
        """Return how the catalog writes a type.

        :param compiled: The type as SQLAlchemy's type compiler writes it.
        :param type_: The type in the model.
        :raises NotProvable: When it is none of the common ones.
        """
        raise NotImplementedError

    def reflected(self, words: str) -> TypeEngine[Any]:
        """Return the type that SQLAlchemy would reflect.

        :param words: What :meth:`type_words` gave.
        """
        raise NotImplementedError

    def default(self, column: Column[Any], words: str) -> tuple[str, str]:
        """Return what the catalog holds as *generated* and as *default* of a column.

        :param column: A column of a model.
        :param words: Its type, from :meth:`type_words`.
        :raises NotProvable: When the catalog may hold it otherwise.
        """
        raise NotImplementedError

    def is_serial(self, connection: Connection, column_info: Mapping[str, Any]) -> bool:
        """Tell whether a default draws from the sequence that belongs to its column.

        The sequences of all tables are read at the first call.

        :param connection: A connection.
        :param column_info: A column as SQLAlchemy reflects it.
        """
        return False

    def is_same_default(
        self, column: Column[Any], rendered: str | None, reflected: str | None
    ) -> bool:
        """Tell whether a server would certainly take two defaults for equal.

        :param column: A column of a model.
        :param rendered: Its default as Alembic renders it.
        :param reflected: The default in the database.
        """
        return False

    def rendered(self, argument: Any) -> str:
        """Return a server default as Alembic renders it to compare it.

        :param argument: What ``DefaultClause.arg`` holds.
        """
        if isinstance(argument, str):
            return argument
        kind = type(argument)
        if kind in self._stateless:
            return self._stateless[kind]
        options = {"literal_binds": True}
        text = str(argument.compile(dialect=self.dialect, compile_kwargs=options))
        if _has_no_state(argument):
            self._stateless[kind] = text
        return text


def _has_no_state(argument: Any) -> bool:
    """Tell whether every object of this class is written the same."""
    from sqlalchemy.sql import elements, functions

    if type(argument) in (elements.True_, elements.False_, elements.Null):
        return True
    return type(argument) in (functions.now, functions.current_timestamp) and not len(
        argument.clauses
    )
