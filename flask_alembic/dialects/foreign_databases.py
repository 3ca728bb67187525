"""Statements on a scratch database of MySQL that name another database.

A schema is a database there: ``INSERT INTO shop.orders`` writes into the database
``shop`` of the same server, whatever the connection is connected to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import Refused

# What a table's name follows. Not a plain ON: "ON orders.id = ..." names a table there.
_BEFORE = r"""(?:\b(?:TABLE|INTO|UPDATE|FROM|JOIN|VIEW|REFERENCES|TRIGGER|PROCEDURE
|FUNCTION|EVENT|EXISTS|TRUNCATE|TO|CALL|IGNORE)\s+|,\s*
|\bINDEX\s+\S+\s+ON\s+|\b(?:INSERT|UPDATE|DELETE)\s+ON\s+)"""


def guard(names: Iterable[str]) -> Callable[..., None]:
    """Return a listener of ``before_cursor_execute`` that refuses such statements.

    :param names: The other databases of the server.
    """
    alternatives = "|".join(
        re.escape(name) for name in sorted(names, key=len, reverse=True)
    )
    if not alternatives:
        return lambda *arguments: None
    qualified = re.compile(
        rf"{_BEFORE}(?:`({alternatives})`|\b({alternatives}))\s*\.",
        re.IGNORECASE | re.VERBOSE,
    )
    whole = re.compile(
        r"\b(?:USE|DATABASE|SCHEMA)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
        rf"(?:`({alternatives})`|({alternatives})\b)",
        re.IGNORECASE,
    )

    def refuse(connection: Any, cursor: Any, statement: str, *arguments: Any) -> None:
        match = qualified.search(statement) or whole.search(statement)
        if match:
            name = match[1] or match[2]
            raise Refused(
                f"A statement names the database {name!r}, which is not the scratch "
                "database; it was not sent.",
                "Leave the name of the database out of the revision, so that it works "
                "wherever it is run.",
            )

    return refuse
