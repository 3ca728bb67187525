"""Errors of Alembic, SQLAlchemy and the system, said in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import (
    AlembicError,
    ConfigurationError,
    DatabaseError,
    HistoryError,
    RevisionNotFound,
    ScriptLocationError,
    TemplateError,
    UsageError,
)
from ..hooks.redaction import first_line


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a library raises into an error that says what to do.

    Our own errors, and bugs, pass as they are.
    """
    try:
        yield
    except AlembicError:
        raise
    except Exception as error:
        told = translate(error)
        if told is None:
            raise
        raise told from error


def translate(error: BaseException) -> AlembicError | None:
    """Return our error for a foreign one, or ``None`` for an unknown one.

    :param error: What was raised.
    """
    if isinstance(error, AlembicError):
        return error
    from alembic.script import revision
    from alembic.util import CommandError
    from sqlalchemy import exc

    if isinstance(error, CommandError) and error.__cause__ is not None:
        told = translate(error.__cause__)
        if told is not None and not isinstance(told, DatabaseError):
            return told
    if isinstance(error, revision.RevisionError):
        return _revision_error(error)
    if isinstance(error, CommandError):
        return _command_error(str(error))
    if isinstance(error, exc.SQLAlchemyError):
        return _database_error(error)
    if isinstance(error, ValueError) and "Duplicate table keys" in str(error):
        return ConfigurationError(
            f"One table is in several metadatas: {first_line(error)}.",
            "Let only one of Alembic(metadatas=...) have it.",
        )
    if isinstance(error, ModuleNotFoundError):
        from ..backends.connection_errors import own_drivers

        package = own_drivers().get(error.name or "", error.name)
        return ConfigurationError(
            f"The module {error.name!r} is not installed.",
            f"Install it (pip install {package!r}), or fix what imports it.",
        )
    if isinstance(error, OSError):
        return ScriptLocationError(
            f"{error.filename or 'A file'} cannot be used: "
            f"{error.strerror or first_line(error)}.",
            "Check that it exists and that its permissions are right.",
        )
    return None


def _revision_error(error: Exception) -> AlembicError:
    from alembic.script import revision

    if isinstance(error, revision.MultipleHeads):
        return UsageError(
            f"There are several heads ({', '.join(error.heads)}), so "
            f"{error.argument!r} is ambiguous.",
            "Name one, use 'heads' for all, or join them with flask db merge.",
        )
    if isinstance(error, revision.CycleDetected):
        return HistoryError(
            f"The revision files form a cycle: {', '.join(error.revisions)}.",
            "Fix down_revision or depends_on in one of them.",
        )
    if isinstance(error, revision.RangeNotAncestorError):
        return UsageError(
            f"{error.lower or 'base'} is not an ancestor of {error.upper or 'base'}.",
            "flask db log shows the order of the revisions.",
        )
    if isinstance(error, revision.ResolutionError):
        return RevisionNotFound(
            f"{first_line(error)}.", "flask db log lists the revisions."
        )
    text = first_line(error)
    if "Relative revision" in text or "Walked too far" in text:
        return RevisionNotFound(f"{text}.", "flask db log lists the revisions.")
    if "Ambiguous" in text or "ambiguous" in text:
        return UsageError(
            f"{text}.", "Name the branch, as in branch@+1, or the revision itself."
        )
    return HistoryError(f"{text}.", "Fix the revision file.")


def _command_error(text: str) -> AlembicError:
    text = text.strip().rstrip(".")
    if "Template rendering failed" in text:
        return TemplateError("The template script.py.mako failed.", "Fix the template.")
    if text.startswith("Path doesn't exist"):
        path = text.partition(":")[2].partition("  ")[0].strip().rstrip(".")
        return ScriptLocationError(
            f"The script directory {path} does not exist.",
            "Create it with: flask db init",
        )
    if "not up to date" in text:
        return UsageError(
            "The database is not at head, so it cannot be compared with the models.",
            "Run flask db upgrade first.",
        )
    if "autogenerate" in text and "MetaData" in text:
        return ConfigurationError(
            "There are no models to compare with.",
            "Pass Alembic(metadatas=...), or use Flask-SQLAlchemy.",
        )
    return UsageError(f"{text}.", "flask db --help lists the commands.")


def _database_error(error: Exception) -> AlembicError:
    from sqlalchemy import exc

    if isinstance(error, exc.NoSuchModuleError):
        # "Can't load plugin: sqlalchemy.dialects:postgres"
        name = str(error).rpartition(":")[2].strip().replace(".", "+")
        from ..backends.connection_errors import unusable_url

        return unusable_url(f"{name}://", error)
    if isinstance(error, exc.ArgumentError) and "URL" in str(error):
        return ConfigurationError(
            "A database URL or an engine argument cannot be understood.",
            "Check SQLALCHEMY_DATABASE_URI; special characters in a password are "
            "written as %xx.",
        )
    if isinstance(error, exc.DBAPIError):
        return DatabaseError(
            f"The database refused: {first_line(error.orig)}.",
            "Check the connection settings and the state of the database.",
        )
    return ConfigurationError(
        f"SQLAlchemy refused: {first_line(error)}.",
        "Check the models, and the settings of the engine.",
    )
