"""What can go wrong, each in one sentence and one of advice."""

from __future__ import annotations

from flask_alembic.hooks import AlembicError


class FileError(AlembicError):
    """A ``HEAD`` file cannot be read or written; it is as it was.

    .. versionadded:: 1.0
    """


class HeadFileProblem(AlembicError):
    """The ``HEAD`` files do not tell what the history is.

    .. versionadded:: 1.0
    """

    exit_code = 1


class RebaseRefused(AlembicError):
    """A revision cannot be put on top of another; nothing was written.

    .. versionadded:: 1.0
    """


class NothingToRebase(RebaseRefused):
    """Everything is where it would be put; the command ends well.

    .. versionadded:: 1.0
    """


class SettingError(AlembicError):
    """``ALEMBIC_HEADFILE`` holds something else than a switch.

    .. versionadded:: 1.0
    """
