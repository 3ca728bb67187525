"""Values as they stand in SQL text, written so that a database reads the same value."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID


def number(value: object) -> str | None:
    """Return the literal of a whole or exact number, None for another value.

    A negative number is in parentheses: after a minus sign it would begin a comment.

    :param value: The value.
    :raises ValueError: When there is no such literal.
    """
    if isinstance(value, Enum):
        return None
    if isinstance(value, int):
        text = str(int(value))
    elif isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number")
        text = format(value, "f")
    else:
        return None
    return f"({text})" if text.startswith("-") else text


def real(value: object, suffix: str = "") -> str | None:
    """Return the literal of a float, None for another value.

    :param value: The value.
    :param suffix: What makes it a floating-point number where an exact one is read
        otherwise.
    :raises ValueError: When the value is infinite or not a number.
    """
    if not isinstance(value, float):
        return None
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a number")
    text = repr(float(value)) + suffix
    return f"({text})" if text.startswith("-") else text


def quoted(value: str, *, escapes: bool = False) -> str:
    """Return a text in quotes.

    :param value: The text.
    :param escapes: Whether a backslash escapes the next character.
    """
    if escapes:
        value = value.replace("\\", "\\\\")
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def is_text(value: object) -> bool:
    """Tell whether a value is a text; a member of an enum is not."""
    return isinstance(value, str) and not isinstance(value, Enum)


def octets(value: object) -> bytes | None:
    """Return what a binary value holds, None for another value."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return None


def sqlite_literal(value: object) -> str | None:
    """Return a value as SQLite's driver would have sent it.

    :param value: The value.
    :raises ValueError: When SQLite cannot hold it.
    """
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("SQLite's integers have 64 bits")
    if is_text(value):
        text = str(value)
        # A NUL ends the text of a statement.
        return f"CAST({_hex(text)} AS TEXT)" if "\x00" in text else quoted(text)
    if isinstance(value, datetime):
        return quoted(value.isoformat(" "))
    if isinstance(value, date):
        return quoted(value.isoformat())
    content = octets(value)
    if content is not None:
        return f"X'{content.hex()}'"
    return number(value) or real(value)


def _hex(text: str) -> str:
    return f"X'{text.encode().hex()}'"


def mysql_literal(value: object) -> str | None:
    """Return a value as drivers of MySQL and MariaDB write it.

    Texts are read correctly by sessions without ``NO_BACKSLASH_ESCAPES``.

    :param value: The value.
    :raises ValueError: When the database has no such value.
    """
    if isinstance(value, bool):
        return str(int(value))
    if is_text(value):
        return quoted(str(value), escapes=True).replace("\x00", "\\0")
    if isinstance(value, datetime):  # drivers leave the time zone out
        return quoted(value.replace(tzinfo=None).isoformat(" "))
    if isinstance(value, date):
        return quoted(value.isoformat())
    if isinstance(value, time):
        return quoted(value.replace(tzinfo=None).isoformat())
    if isinstance(value, timedelta):
        return quoted(_hours(value))
    if isinstance(value, UUID):
        return quoted(str(value))
    content = octets(value)
    if content is not None:
        return f"_binary X'{content.hex()}'"
    return number(value) or real(value, "" if "e" in repr(value) else "e0")


def _hours(value: timedelta) -> str:
    """Return a duration as hours, which may be many, minutes and seconds."""
    sign = "-" if value < timedelta(0) else ""
    minutes, seconds = divmod(abs(value).seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{abs(value).microseconds:06d}" if value.microseconds else ""
    return f"{sign}{hours + abs(value).days * 24:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def postgresql_literal(value: object) -> str | None:
    """Return a value as PostgreSQL reads it, of the type that drivers send.

    :param value: The value.
    :raises ValueError: When the database has no such value.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_text(value):
        return _postgresql_text(str(value))
    if isinstance(value, float) and not math.isfinite(value):
        return f"'{value}'::double precision"
    if isinstance(value, Decimal) and value.is_nan():
        return "'NaN'::numeric"
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return f"{number(value)}::numeric"  # else it divides as whole numbers do
    if isinstance(value, UUID):
        return f"'{value}'::uuid"
    if isinstance(value, list):
        return _postgresql_array(value)
    content = octets(value)
    if content is not None:
        return f"decode('{content.hex()}', 'hex')"
    return _postgresql_time(value) or number(value) or real(value, "::double precision")


def _postgresql_text(value: str) -> str:
    if "\x00" in value:
        raise ValueError("a text of PostgreSQL cannot contain the character 0")
    # Read the same whatever standard_conforming_strings is.
    return f"E{quoted(value, escapes=True)}" if "\\" in value else quoted(value)


def _postgresql_time(value: object) -> str | None:
    """Return the literal of a date, time or duration, None for another value."""
    if isinstance(value, datetime):
        zone = " WITH TIME ZONE" if value.tzinfo is not None else ""
        return f"TIMESTAMP{zone} '{value.isoformat(' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, time):
        zone = " WITH TIME ZONE" if value.tzinfo is not None else ""
        return f"TIME{zone} '{value.isoformat()}'"
    if isinstance(value, timedelta):
        seconds = f"{value.seconds}.{value.microseconds:06d}"
        return f"INTERVAL '{value.days} days {seconds} seconds'"
    return None


def _postgresql_array(values: list[object]) -> str | None:
    if not values:
        return "'{}'"
    items = ["NULL" if value is None else postgresql_literal(value) for value in values]
    if None in items:
        return None
    return f"ARRAY[{', '.join(str(item) for item in items)}]"
