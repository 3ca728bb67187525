"""Changes of a column's type that values may not survive."""

from __future__ import annotations

from typing import Any

_INTEGER_BYTES = {
    "TINYINT": 1,
    "SMALLINT": 2,
    "MEDIUMINT": 3,
    "INTEGER": 4,
    "BIGINT": 8,
}


def narrows(old: Any, new: Any) -> bool:
    """Return whether the new type may not hold every value of the old one.

    :param old: A column's type, as it is in the database.
    :param new: The type that it gets.
    """
    import sqlalchemy as sa

    old, new = _plain(old), _plain(new)
    if isinstance(old, sa.Enum) and isinstance(new, sa.Enum):
        return not set(old.enums) <= set(new.enums)
    if isinstance(old, sa.String) and isinstance(new, sa.String):
        return _shorter(old.length, new.length) or isinstance(new, sa.Enum)
    if isinstance(old, sa.LargeBinary) and isinstance(new, sa.LargeBinary):
        return _shorter(old.length, new.length)
    if isinstance(old, sa.Boolean) and isinstance(new, (sa.Boolean, sa.Integer)):
        return False
    if isinstance(old, sa.Integer) and isinstance(new, (sa.Integer, sa.Boolean)):
        return _bytes(old) > _bytes(new)
    if _is_decimal(old) and _is_decimal(new):
        return _less_precise(old, new)
    if isinstance(old, sa.Integer) and isinstance(new, sa.Numeric):
        return False
    if isinstance(new, sa.String) and not isinstance(new, sa.Enum):
        return new.length is not None and not isinstance(old, sa.Enum)
    if isinstance(old, sa.Date) and isinstance(new, sa.DateTime):
        return False
    return _family(old) is not _family(new)


def _plain(type_: Any) -> Any:
    """Return the type that a decorator stands for."""
    import sqlalchemy as sa

    while isinstance(type_, sa.TypeDecorator):
        type_ = type_.impl
    return type_


def _shorter(old: int | None, new: int | None) -> bool:
    return new is not None and (old is None or new < old)


def _bytes(type_: Any) -> int:
    import sqlalchemy as sa

    if isinstance(type_, sa.Boolean):
        return 1
    for class_ in type(type_).__mro__:
        if class_.__name__.upper() in _INTEGER_BYTES:
            return _INTEGER_BYTES[class_.__name__.upper()]
        if class_ in (sa.BigInteger, sa.SmallInteger):
            return 8 if class_ is sa.BigInteger else 2
    return 4


def _is_decimal(type_: Any) -> bool:
    import sqlalchemy as sa

    return isinstance(type_, sa.Numeric) and not isinstance(type_, sa.Float)


def _less_precise(old: Any, new: Any) -> bool:
    if new.precision is None:
        return False
    if old.precision is None:
        return True
    old_scale, new_scale = old.scale or 0, new.scale or 0
    digits = old.precision - old_scale > new.precision - new_scale
    return bool(new_scale < old_scale or digits)


def _family(type_: Any) -> Any:
    import sqlalchemy as sa

    for family in (
        sa.Enum,
        sa.String,
        sa.LargeBinary,
        sa.Integer,
        sa.Float,
        sa.Numeric,
        sa.DateTime,
        sa.Date,
        sa.Time,
        sa.Interval,
        sa.Uuid,
        sa.JSON,
        sa.Boolean,
    ):
        if isinstance(type_, family):
            return family
    return type(type_)
