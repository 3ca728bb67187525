"""What the errors and sessions of PostgreSQL say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lock import Session
from ..statements import driver_error, mask

if TYPE_CHECKING:
    pass


def session_of(row: Any) -> Session:
    """Return the session of a row of id, age, application, query and state."""
    pid, age, application, query, state = row
    if pid is None:
        return Session("0", application="a prepared transaction")
    if query == "<insufficient privilege>":
        query = None
    age = None if age is None else float(age)
    return Session(str(pid), age, application or None, mask(query), state)


def sqlstate(error: BaseException) -> str | None:
    """Return the five characters that PostgreSQL gives every error, if it is there."""
    original = driver_error(error)
    for attribute in ("sqlstate", "pgcode"):
        code = getattr(original, attribute, None)
        if isinstance(code, str):
            return code
    arguments = getattr(original, "args", ())
    if arguments and isinstance(arguments[0], dict):  # pg8000
        return arguments[0].get("C")
    return None
