"""Enum types that are objects of a database, beside its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EnumName = tuple[str | None, str]
"""Schema and name of a type; ``None`` for one that needs no schema."""

EnumUser = tuple[str | None, str | None, str | None]
"""Schema, table and column of what uses a type; ``None`` where it is no column."""


@dataclass(frozen=True, slots=True)
class EnumColumn:
    """A column of a table whose type is an enum.

    .. versionadded:: 4.0
    """

    is_array: bool
    """Whether it holds arrays of the enum."""

    default: str | None
    """Its server default, as SQL."""


@dataclass(frozen=True, slots=True)
class EnumTypes:
    """The enum types of one database.

    .. versionadded:: 4.0
    """

    labels: Mapping[EnumName, tuple[str, ...]]
    """The values of each type, in their order."""

    users: Mapping[EnumName, frozenset[EnumUser]]
    """What uses each type."""

    columns: Mapping[EnumUser, EnumColumn]
    """The columns among what uses the types."""
