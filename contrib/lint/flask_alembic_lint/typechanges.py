"""What changing a column's type costs, and what it can lose, on each server."""

from __future__ import annotations

from typing import Final, Literal

from .facts.types import INTEGERS, TEXTS, UNKNOWN, SqlType
from .servers import Server

Cost = Literal["none", "perhaps", "rewrite"]
"""Whether the server has to write every row anew."""

TEMPORAL: Final = (
    *("DATE", "TIME", "DATETIME", "TIMESTAMP", "YEAR", "INTERVAL"),
    *("TIMESTAMP WITH TIME ZONE", "TIME WITH TIME ZONE"),
)
"""Types for dates and times."""

BYTES: Final = {"latin1": 1, "ascii": 1, "utf8": 3, "utf8mb3": 3}
"""Bytes of the longest character of a MySQL character set; others have four."""


def cost(old: SqlType | None, new: SqlType, server: Server) -> Cost:
    """Return whether a change of type makes the server rewrite the table.

    :param old: The type before; ``None`` if the revision does not tell it.
    :param new: The type after.
    :param server: The server.
    """
    if old is not None and _same(old, new):
        return "none"
    if UNKNOWN in (new.name, old.name if old else ""):
        return "perhaps"
    if server.is_postgresql:
        return _on_postgresql(old, new)
    if server.is_mysql:
        return _on_mysql(old, new)
    return "none"


def _same(old: SqlType, new: SqlType) -> bool:
    """Return whether two types differ in nothing but spelling and collation."""
    alike = {"BOOLEAN": "TINYINT"}
    names = {alike.get(old.name, old.name), alike.get(new.name, new.name)}
    widths_count = not (old.is_integer or old.name == "BOOLEAN")
    return (
        len(names) == 1
        and (old.args == new.args or not widths_count)
        and old.values == new.values
        and old.unsigned == new.unsigned
        and old.array == new.array
    )


def _on_postgresql(old: SqlType | None, new: SqlType) -> Cost:
    """Return what PostgreSQL does, as tried out on version 15."""
    if old is None:
        free = new.is_text or new.name in ("NUMERIC", "VARBIT", "INET", *TEMPORAL)
        return "perhaps" if free and new.name != "CHAR" and not new.array else "rewrite"
    if old.array or new.array:
        return "rewrite"
    names = (old.name, new.name)
    if names in (("VARCHAR", "VARCHAR"), ("VARBIT", "VARBIT")):
        return "none" if _grows(old, new) else "rewrite"
    if names == ("NUMERIC", "NUMERIC"):
        return "none" if _numeric_grows(old, new) else "rewrite"
    unlimited = new.name in ("TEXT", "CITEXT") or (
        names[1] == "VARCHAR" and not new.args
    )
    if old.name in ("VARCHAR", "TEXT", "CITEXT") and unlimited:
        return "none"
    if set(names) == {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}:
        return "perhaps"  # none from version 12 on, if the session's time zone is UTC
    if old.name == new.name and new.name in TEMPORAL:
        return "none" if (new.length or 6) >= (old.length or 6) else "rewrite"
    return "none" if names == ("CIDR", "INET") else "rewrite"


def _on_mysql(old: SqlType | None, new: SqlType) -> Cost:
    """Return what InnoDB does: COPY blocks writes, the rest does not."""
    if old is None:
        return "perhaps"
    if old.name == new.name == "VARCHAR" and old.length and new.length:
        width = BYTES.get(new.charset or old.charset, 4)
        small, large = old.length * width, new.length * width
        # The length of a value takes one byte up to 255 and two from 256 on.
        crosses = small <= 255 < large
        return "none" if large >= small and not crosses else "rewrite"
    if old.name == new.name and new.name in ("ENUM", "SET"):
        return "none"  # FA803 looks at the values
    return "rewrite"


def _grows(old: SqlType, new: SqlType) -> bool:
    return new.length is None or (old.length is not None and new.length >= old.length)


def _numeric_grows(old: SqlType, new: SqlType) -> bool:
    if not new.args:
        return True
    if not old.args:
        return False
    before, after = (*old.args, 0)[:2], (*new.args, 0)[:2]
    return after[0] >= before[0] and after[1] == before[1]


def loses(old: SqlType | None, new: SqlType) -> str:
    """Return what a change of type can lose; empty for nothing.

    :param old: The type before; ``None`` if the revision does not tell it.
    :param new: The type after.
    """
    if old is None or _same(old, new) or UNKNOWN in (old.name, new.name):
        return ""
    if old.is_integer and new.is_integer:
        narrower = INTEGERS.index(new.name) < INTEGERS.index(old.name)
        if narrower or (new.unsigned and not old.unsigned):
            return "numbers out of the new range"
        return ""
    if old.is_number and new.is_number:
        return _numbers_lose(old, new)
    if old.is_text:
        return _text_loses(old, new)
    if old.name in TEMPORAL and new.name in TEMPORAL:
        return _times_lose(old, new)
    if old.is_number and new.name == "BOOLEAN":
        return "numbers other than 0 and 1"
    return ""


def _numbers_lose(old: SqlType, new: SqlType) -> str:
    if new.is_integer:
        return "the fraction"
    if new.name in ("REAL", "FLOAT", "DOUBLE") and old.name == "NUMERIC":
        return "exact decimals"
    if new.name == "REAL" and old.name in ("DOUBLE", "FLOAT"):
        return "precision"
    if old.name == new.name == "NUMERIC" and new.args:
        before, after = (*old.args, 0)[:2], (*new.args, 0)[:2]
        if not old.args or after[1] < before[1]:
            return "decimals"
        if after[0] - after[1] < before[0] - before[1]:
            return "numbers out of the new range"
    return ""


def _text_loses(old: SqlType, new: SqlType) -> str:
    if old.array or new.array:
        return ""
    if not new.is_text:
        temporal = new.name in TEMPORAL
        known = temporal or new.is_number or new.name in ("BOOLEAN", "UUID", "ENUM")
        return f"text that is no {new}" if known else ""
    sizes = {"TINYTEXT": 255, "TEXT": 65535, "MEDIUMTEXT": 2**24}
    endless = 2**32
    before = old.length or sizes.get(old.name, endless)
    after = new.length or sizes.get(new.name, endless)
    if old.name == "VARCHAR" and new.name in TEXTS:
        return "" if (old.length or 0) <= after else "text that is too long"
    return "text that is too long" if after < before else ""


def _times_lose(old: SqlType, new: SqlType) -> str:
    if new.name == "DATE" and old.name != "DATE":
        return "the time of day"
    if new.name.startswith("TIME ") or new.name == "TIME":
        return (
            "the date"
            if not old.name.startswith("TIME ") and old.name != "TIME"
            else ""
        )
    if old.name == new.name and (new.length or 6) < (old.length or 6):
        return "fractions of a second"
    return ""


def needs_using(old: SqlType | None, new: SqlType) -> bool:
    """Return whether PostgreSQL has no cast of its own for a change of type.

    :param old: The type before; ``None`` if the revision does not tell it.
    :param new: The type after.
    """
    if old is None or (new.is_text and not new.array):
        return False
    if UNKNOWN in (old.name, new.name):
        return False
    if old.array != new.array:
        return True
    if old.is_enum and new.is_enum:
        return old.name != new.name
    groups = [_group(old), _group(new)]
    if groups[0] == groups[1]:
        times = (old.name, new.name)
        return times in (("TIME", "TIMESTAMP"), ("DATE", "TIME"))
    return "other" not in groups or groups[0] == "text"


def _group(type_: SqlType) -> str:
    if type_.is_text:
        return "text"
    if type_.is_number:
        return "number"
    if type_.name in TEMPORAL:
        return "temporal"
    if type_.name in ("JSON", "JSONB"):
        return "json"
    return type_.name if type_.name in ("BOOLEAN", "UUID", "BYTEA") else "other"
