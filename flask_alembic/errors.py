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
    "BatchNotWritten",
    "CheckFailed",
    "ConfigurationError",
    "DatabaseError",
    "DatabaseNotConfigured",
    "HistoryError",
    "HookError",
    "HookFailures",
    "InvalidRevisionId",
    "LockNotObtained",
    "MigrationFailed",
    "NestedRun",
    "NoAppContext",
    "PluginError",
    "ProofFailed",
    "Refused",
    "RevisionFileError",
    "RevisionNotFound",
    "ScriptLocationError",
    "TemplateError",
    "TransactionEnded",
    "UsageError",
    "Veto",
    "Vetoed",
]


class CheckFailed(AlembicError):
    """A check was asked for and the answer is no.

    .. versionadded:: 4.0
    """

    is_command_error = True

    exit_code = 1


class UsageError(AlembicError):
    """The call itself is wrong: an argument, an option or their combination.

    .. versionadded:: 4.0
    """

    is_command_error = True

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


class NoAppContext(UsageError, RuntimeError):
    """The extension was used outside of an app context.

    .. versionadded:: 4.0
    """

    is_command_error = False


class DatabaseNotConfigured(ConfigurationError, RuntimeError):
    """There is no engine, or there are no models: pass ``engines=`` or ``metadatas=``.

    .. versionadded:: 4.0
    """


class ScriptLocationError(ConfigurationError):
    """The script directory is missing, unreadable, or not a directory.

    .. versionadded:: 4.0
    """

    is_command_error = True


class HistoryError(AlembicError):
    """The revision files do not make a history: duplicates, cycles, gaps.

    .. versionadded:: 4.0
    """

    is_command_error = True


class RevisionFileError(HistoryError):
    """One revision file cannot be read, compiled, executed or used.

    .. versionadded:: 4.0
    """


class TemplateError(AlembicError):
    """``script.py.mako`` is missing or does not render to Python that compiles.

    .. versionadded:: 4.0
    """

    is_command_error = True


class DatabaseError(AlembicError):
    """The database cannot be reached, or refused before any step had begun.

    .. versionadded:: 4.0
    """


class Refused(AlembicError):
    """Flask-Alembic itself refused the command; nothing has been changed.

    A safeguard of its own found that data or the history would be lost. What a plugin
    refuses in a guard is :exc:`Vetoed`.

    .. versionadded:: 4.0
    """


class ProofFailed(AlembicError):
    """A new revision was run on a scratch database, and something does not hold.

    :param proofs: A :class:`~flask_alembic.hooks.RevisionProof` for each database in
        which it failed.

    .. versionadded:: 4.0
    """

    def __init__(
        self, message: str, advice: str = "", *, proofs: tuple[object, ...] = ()
    ):
        super().__init__(message, advice)
        self.proofs = proofs


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


class BatchNotWritten(MigrationFailed):
    """``--sql`` met revisions that alter a table by copying it; nothing was written.

    SQLite alters most of a table in this way, and only a database knows the table.

    .. versionadded:: 4.0
    """


class TransactionEnded(AlembicError):
    """A revision or a plugin ended the transaction of the run, or tried to.

    :param refused: Whether it was stopped before anything was sent.

    .. versionadded:: 4.0
    """

    def __init__(self, message: str, advice: str = "", *, refused: bool = False):
        super().__init__(message, advice)
        self.refused = refused


class LockNotObtained(AlembicError):
    """Another run held the migration lock for longer than ``lock_timeout``.

    .. versionadded:: 4.0
    """

    exit_code = 4
