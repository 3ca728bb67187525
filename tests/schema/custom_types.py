"""Column types of an app, in a module that revision files can import."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, UserDefinedType


class Money(TypeDecorator[Any]):
    """Arguments that repr() knows."""

    impl = sa.Numeric
    cache_ok = True


class Sealed(TypeDecorator[Any]):
    """An argument that repr() does not know."""

    impl = sa.String(40)
    cache_ok = True

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class Guid(TypeDecorator[Any]):
    """Another type in each database."""

    impl = sa.CHAR(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        kind = postgresql.UUID() if dialect.name == "postgresql" else sa.CHAR(32)
        return dialect.type_descriptor(kind)


class Point(UserDefinedType[Any]):
    """A type with SQL of its own."""

    cache_ok = True

    def __init__(self, srid: int = 0) -> None:
        self.srid = srid

    def get_col_spec(self, **options: Any) -> str:
        return "TEXT"


class Shape(UserDefinedType[Any]):
    """Whose repr() is no Python."""

    def get_col_spec(self, **options: Any) -> str:
        return "TEXT"

    def __repr__(self) -> str:
        return "<a shape>"


def local_type() -> Any:
    """Return a type whose class cannot be imported."""

    class Local(TypeDecorator[Any]):
        impl = sa.String(12)
        cache_ok = True

    return Local()
