"""What can go wrong with the outbox."""

from __future__ import annotations

from flask_alembic.hooks import AlembicError


class SettingsError(AlembicError):
    """``ALEMBIC_OUTBOX`` holds something unusable.

    .. versionadded:: 4.0
    """

    exit_code = 2


class OutboxError(AlembicError):
    """The table could not be created, read or written.

    .. versionadded:: 4.0
    """


class NotDelivered(AlembicError):
    """Messages are left that a receiver did not take.

    .. versionadded:: 4.0
    """


def first_line(error: BaseException) -> str:
    """Return the kind and the first line of an error, without parameters.

    :param error: The error; of SQLAlchemy's, what the driver said.
    """
    original: BaseException = getattr(error, "orig", None) or error
    if isinstance(original, AlembicError):
        return original.message[:500]
    lines = [line.strip() for line in str(original).splitlines() if line.strip()]
    name = type(original).__name__
    return f"{name}: {lines[0]}"[:500] if lines else name
