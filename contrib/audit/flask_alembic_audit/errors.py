"""What can go wrong with the history."""

from __future__ import annotations

import re

from flask_alembic.hooks import AlembicError


class AuditError(AlembicError):
    """The audit table could not be created, read or written.

    .. versionadded:: 4.0
    """


class AuditUsageError(AlembicError):
    """The call itself is wrong: an argument or an option.

    .. versionadded:: 4.0
    """

    exit_code = 2


def first_line(error: BaseException) -> str:
    """Return the kind and the first line of an error, without parameters and URLs.

    :param error: The error; of SQLAlchemy's, what the driver said.
    """
    original: BaseException = getattr(error, "orig", None) or error
    arguments: tuple[object, ...] = getattr(original, "args", ())
    if len(arguments) > 1 and isinstance(arguments[0], int):
        text = f"{arguments[1]} ({arguments[0]})"
    else:
        text = str(original)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = re.sub(r"://\S+", "://***", lines[0] if lines else "")
    return f"{type(original).__name__}: {line}"[:500].rstrip(": .")
