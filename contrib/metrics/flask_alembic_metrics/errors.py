"""What can go wrong; none of it ever changes the outcome of a run."""

from __future__ import annotations

import re

from flask_alembic.hooks import AlembicError


class SettingsError(AlembicError):
    """``ALEMBIC_METRICS`` holds something unusable.

    .. versionadded:: 4.0
    """


class NotExported(AlembicError):
    """Spans or metrics did not get where they should.

    .. versionadded:: 4.0
    """


def first_line(error: BaseException) -> str:
    """Return the first line of an error, without parameters and addresses.

    The text of SQLAlchemy's errors holds the parameters of the statement; what the
    driver said does not.

    :param error: The error.
    """
    original: BaseException = getattr(error, "orig", None) or error
    if isinstance(original, AlembicError):
        text = original.message
    else:
        arguments: tuple[object, ...] = getattr(original, "args", ())
        number = len(arguments) > 1 and isinstance(arguments[0], int)
        text = f"{arguments[1]} ({arguments[0]})" if number else str(original)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = re.sub(r"://\S+", "://***", lines[0] if lines else "")
    return line[:500] or type(original).__name__
