"""What can go wrong with a notice; none of it ever changes the outcome of a run."""

from __future__ import annotations

from flask_alembic.hooks import AlembicError


class SettingsError(AlembicError):
    """``ALEMBIC_SLACK`` holds something unusable.

    .. versionadded:: 4.0
    """

    exit_code = 2


class NotSent(AlembicError):
    """Slack did not take the notice, or did not say so in time.

    .. versionadded:: 4.0
    """
