"""What a schema holds beside tables: views, triggers, functions, types and the like.

SQLAlchemy reflects tables; Alembic compares them. What else a database holds is read
here as the SQL that makes it, so that it can be compared and made again. What is not
read at all is counted and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ENVIRONMENT_KINDS: Final = frozenset(
    {
        "column order",
        "default privilege",
        "extension version",
        "grant",
        "owner",
        "revoke",
        "schema",
        "sequence name",
    }
)
"""Kinds that depend on where and by whom a database was made.

Two scratch databases are compared in them. The live database has roles, schemas and
names of its own, so there a difference is named as something that was not compared.
"""


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One thing in a schema that is neither a table nor a part of one.

    :param kind: ``view``, ``trigger``, ``function``, ...
    :param name: Its name; with the table's in front where it belongs to a table.
    :param definition: What tells it from another of the same name.
    :param create: The statement that makes it, None where none is known.
    :param drop: The statement that drops it.
    :param early: Whether tables may need it, so that it has to be there before them.
    :param table: The table it belongs to: it counts only if the table does.

    .. versionadded:: 4.0
    """

    kind: str
    name: str
    definition: str
    create: str | None = None
    drop: str | None = None
    early: bool = False
    table: str | None = None


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """What the server itself says of a part of a table.

    SQLAlchemy reflects most of it; here nothing is left out.

    :param kind: As of a part of a snapshot: ``table``, ``column``, ``index``,
        ``unique constraint``, ...
    :param name: Its name, the table's in front.
    :param table: The table.
    :param text: The server's words.
    :param restore: The statements that give a part of that name these words.
    :param create: The statements that make it where there is none; for what SQLAlchemy
        does not reflect.

    .. versionadded:: 4.0
    """

    kind: str
    name: str
    table: str
    text: str
    restore: tuple[str, ...] = ()
    create: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UncomparedObjects:
    """Objects of one kind that were not compared, or in part only.

    .. versionadded:: 4.0
    """

    kind: str
    """``event trigger``, ``large object``, ``grant``, ..."""

    names: tuple[str, ...]
    """Their names, sorted."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.names)

    @property
    def text(self) -> str:
        """How many there are and what they are called: ``2 grants (a, b)``."""
        plural = self.kind if self.count == 1 else plural_of(self.kind)
        shown = ", ".join(self.names[:5]) + (", …" if self.count > 5 else "")
        return f"{self.count} {plural} ({shown})"


def plural_of(kind: str) -> str:
    """Return the plural of a kind.

    :param kind: ``policy``, ``index of a view``, ...
    """
    if kind.endswith("y") and kind[-2:-1] not in "aeiou":
        return f"{kind[:-1]}ies"
    if kind.endswith("s"):
        return kind
    return f"{kind}es" if kind.endswith(("x", "ch", "ss")) else f"{kind}s"
