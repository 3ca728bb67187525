"""Every exception that a user of Flask-Alembic can meet, each with its exit code.

Exit codes: 0 done, or yes. 1 a check says no. 2 wrong usage. 3 failed or
refused. 4 the lock was not obtained in time. 130 interrupted from the keyboard.
"""

from __future__ import annotations

from .hooks.errors import (
    AlembicError,
    HookError,
    HookFailures,
    PluginError,
    Veto,
    Vetoed,
)

__all__ = [
    "AlembicError",
    "CheckFailed",
    "ConfigurationError",
    "DatabaseError",
    "HistoryError",
    "HookError",
    "HookFailures",
    "InvalidRevisionId",
    "LockNotObtained",
    "MigrationFailed",
    "NestedRun",
    "PluginError",
    "Refused",
    "RevisionFileError",
    "RevisionNotFound",
    "ScriptLocationError",
    "TemplateError",
    "UsageError",
    "Veto",
    "Vetoed",
]


class CheckFailed(AlembicError):
    """A check was asked for and the answer is no.

    .. versionadded:: 4.0
    """

    exit_code = 1


class UsageError(AlembicError):
    """The call itself is wrong: an argument, an option or their combination.

    .. versionadded:: 4.0
    """

    exit_code = 2


class RevisionNotFound(UsageError):
    """A revision, branch or relative step that was asked for does not exist.

    .. versionadded:: 4.0
    """


class InvalidRevisionId(UsageError):
    """A revision id breaks a rule: characters, length or uniqueness.

    .. versionadded:: 4.0
    """


class ConfigurationError(AlembicError):
    """``app.config`` or the extension's arguments hold something unusable.

    .. versionadded:: 4.0
    """


class ScriptLocationError(ConfigurationError):
    """The script directory is missing, unreadable, or not a directory.

    .. versionadded:: 4.0
    """


class HistoryError(AlembicError):
    """The revision files do not make a history: duplicates, cycles, gaps.

    .. versionadded:: 4.0
    """


class RevisionFileError(HistoryError):
    """One revision file cannot be read, compiled, executed or used.

    .. versionadded:: 4.0
    """


class TemplateError(AlembicError):
    """``script.py.mako`` is missing or does not render to Python that compiles.

    .. versionadded:: 4.0
    """


class DatabaseError(AlembicError):
    """The database cannot be reached, or refused before any step had begun.

    .. versionadded:: 4.0
    """


class Refused(AlembicError):
    """A safeguard refused the command; nothing has been changed.

    .. versionadded:: 4.0
    """


class NestedRun(AlembicError):
    """A hook or a revision tried to start a run inside a run.

    .. versionadded:: 4.0
    """


class MigrationFailed(AlembicError):
    """A run stopped in the middle; ``result`` says what is done and what is not.

    :param result: A :class:`~flask_alembic.hooks.RunResult`, its ``failure`` set.

    .. versionadded:: 4.0
    """

    def __init__(self, message: str, advice: str = "", *, result: object = None):
        super().__init__(message, advice)
        self.result = result


class LockNotObtained(AlembicError):
    """Another run held the migration lock for longer than ``lock_timeout``.

    .. versionadded:: 4.0
    """

    exit_code = 4
