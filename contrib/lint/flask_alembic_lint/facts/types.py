"""Column types as SQL writes them, brought to one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = "?"
"""The name of a type whose class could not be imported."""

SAME: Final = {
    "CHARACTER VARYING": "VARCHAR",
    "NATIONAL VARCHAR": "VARCHAR",
    "NVARCHAR": "VARCHAR",
    "CHARACTER": "CHAR",
    "BPCHAR": "CHAR",
    "NCHAR": "CHAR",
    "INT": "INTEGER",
    "INT4": "INTEGER",
    "INT8": "BIGINT",
    "INT2": "SMALLINT",
    "BOOL": "BOOLEAN",
    "DEC": "NUMERIC",
    "DECIMAL": "NUMERIC",
    "FLOAT8": "DOUBLE",
    "FLOAT4": "REAL",
    "DOUBLE PRECISION": "DOUBLE",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMETZ": "TIME WITH TIME ZONE",
    "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP",
    "TIME WITHOUT TIME ZONE": "TIME",
    "BIT VARYING": "VARBIT",
    "SERIAL4": "SERIAL",
    "SERIAL8": "BIGSERIAL",
    "SERIAL2": "SMALLSERIAL",
}
"""Names of types that mean the same."""

INTEGERS: Final = ("TINYINT", "SMALLINT", "MEDIUMINT", "INTEGER", "BIGINT")
"""The integer types, the narrowest first."""

TEXTS: Final = ("TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT", "CLOB")
"""Types for text of any length."""

SERIALS: Final = ("SMALLSERIAL", "SERIAL", "BIGSERIAL")
"""PostgreSQL's names for a counted column."""

_ARGUMENTS: Final = re.compile(r"\(((?:[^()']|'(?:[^']|'')*')*)\)")
_QUOTED: Final = re.compile(r"'((?:[^']|'')*)'")
_COLLATE: Final = re.compile(r"\bCOLLATE\s+[\"`]?([\w.@-]+)[\"`]?", re.I)
_CHARSET: Final = re.compile(r"\bCHAR(?:ACTER\s+SET|SET)\s+[\"`]?(\w+)[\"`]?", re.I)


@dataclass(frozen=True, slots=True)
class SqlType:
    """A column type.

    .. versionadded:: 1.0
    """

    name: str
    """In upper case and one spelling: ``VARCHAR``, ``INTEGER``, ..."""

    args: tuple[int, ...] = ()
    """Length, or precision and scale."""

    values: tuple[str, ...] = ()
    """The values of an ENUM or SET."""

    collation: str = ""
    charset: str = ""
    unsigned: bool = False
    array: bool = False
    text: str = ""
    """As it was written."""

    code: str = ""
    """As Python code, where it was an SQLAlchemy type."""

    @property
    def length(self) -> int | None:
        """The length of a character type, if it has one."""
        return self.args[0] if self.args else None

    @property
    def is_text(self) -> bool:
        """Whether it holds characters."""
        return self.name in ("VARCHAR", "CHAR", "CITEXT", *TEXTS)

    @property
    def is_enum(self) -> bool:
        """Whether it is one of SQLAlchemy's enumerated types."""
        return self.code.startswith(("sa.Enum(", "postgresql.ENUM("))

    @property
    def is_integer(self) -> bool:
        """Whether it holds whole numbers."""
        return self.name in INTEGERS

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.is_integer or self.name in ("NUMERIC", "REAL", "DOUBLE", "FLOAT")

    def __str__(self) -> str:
        return self.text or self.name


def sql_type(text: str, code: str = "") -> SqlType:
    """Read a type.

    :param text: As in SQL: ``varchar(50)``, ``TIMESTAMP WITH TIME ZONE``.
    :param code: The same as Python code, where it is known.
    """
    shown = " ".join(text.split())
    collation = _COLLATE.search(shown)
    charset = _CHARSET.search(shown)
    bare = _CHARSET.sub("", _COLLATE.sub("", shown))
    found = _ARGUMENTS.search(bare)
    inside = found[1] if found else ""
    args = tuple(int(part) for part in re.findall(r"\d+", _QUOTED.sub("", inside)))
    values = tuple(value.replace("''", "'") for value in _QUOTED.findall(inside))
    name = " ".join(_ARGUMENTS.sub(" ", bare, count=1).split()).strip('"`').upper()
    array = name.endswith("[]")
    name = name.replace("[]", "").strip()
    unsigned = "UNSIGNED" in name.split()
    name = " ".join(
        word for word in name.split() if word not in ("UNSIGNED", "SIGNED", "ZEROFILL")
    )
    return SqlType(
        name=SAME.get(name, name),
        args=args,
        values=values,
        collation=collation[1] if collation else "",
        charset=charset[1] if charset else "",
        unsigned=unsigned,
        array=array,
        text=shown,
        code=code,
    )
