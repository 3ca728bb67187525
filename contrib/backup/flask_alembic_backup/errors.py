"""What can go wrong with backups."""

from __future__ import annotations

from flask_alembic.hooks import AlembicError


class SettingsError(AlembicError):
    """``ALEMBIC_BACKUP`` or an argument holds something unusable.

    .. versionadded:: 4.0
    """

    exit_code = 2


class BackupError(AlembicError):
    """A backup could not be written, read or restored.

    .. versionadded:: 4.0
    """
