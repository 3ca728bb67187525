"""What can go wrong, each in one sentence and one of advice."""

from __future__ import annotations

from flask_alembic.hooks import AlembicError


class IdsError(AlembicError):
    """No id can be given: the setting is wrong, or there is none left.

    .. versionadded:: 1.0
    """


class RenumberError(AlembicError):
    """A revision cannot be given another id; nothing was written.

    .. versionadded:: 1.0
    """

    exit_code = 2
