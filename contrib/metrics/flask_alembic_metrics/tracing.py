"""Spans: one for a run, and below it one for each revision.

``alembic upgrade`` (``downgrade``, ``stamp``) is the run, inside the locks, from the
first BEGIN to the last COMMIT. ``alembic revision`` is a revision without its version
row; spans that the app's instrumentation of SQLAlchemy makes are its children.

The attributes that OpenTelemetry's semantic conventions name are used as they say
(``db.system.name``, ``db.namespace``, ``db.response.status_code``, ``error.type``,
``code.file.path``, the ``exception`` event); the others begin with ``flask_alembic.``.
Exceptions are recorded without the parameters of statements, which the text of
SQLAlchemy's errors holds. What fails here is noted and changes nothing.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from . import __version__
from .errors import first_line

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.hooks import Run, Step

logger = logging.getLogger("flask_alembic.metrics")

PROBLEMS: Final = "metrics.problems"
"""Where a run keeps what went wrong with its spans."""

SYSTEMS: Final = {"mssql": "microsoft.sql_server", "oracle": "oracle.db"}
"""What the conventions call databases that SQLAlchemy calls otherwise."""


class Span:
    """A running span, or none where it could not be begun.

    :param span: OpenTelemetry's; ``None`` for none.
    """

    def __init__(self, span: Any = None) -> None:
        self.span = span

    def set(self, **attributes: Any) -> None:
        """Add attributes of ours.

        :param attributes: Their names without ``flask_alembic.``.
        """
        if self.span is not None:
            for name, value in attributes.items():
                self.span.set_attribute(f"flask_alembic.{name}", value)

    def fail(self, error: BaseException) -> None:
        """Record what was raised.

        :param error: What.
        """
        if self.span is None:
            return
        from opentelemetry.trace import StatusCode

        cause = error.__cause__ if hasattr(error, "result") else None
        shown = cause or error
        failure = getattr(getattr(error, "result", None), "failure", None)
        message = failure.error if failure is not None else first_line(shown)
        self.span.set_attribute("error.type", _kind(shown))
        code = _status_code(shown)
        if code:
            self.span.set_attribute("db.response.status_code", code)
        if failure is not None:
            self.set(failed_database=failure.database)
            if failure.step is not None:
                self.set(failed_revision=failure.step.revision)
        self.span.add_event(
            "exception",
            {
                "exception.type": _kind(shown),
                "exception.message": message,
                "exception.stacktrace": _frames(shown),
            },
        )
        self.span.set_status(StatusCode.ERROR, message)


def run_attributes(app: Flask, run: Run) -> dict[str, Any]:
    """Return what is known of a run when it begins.

    :param app: The application.
    :param run: The run.
    """
    return {
        "flask_alembic.app": app.name,
        "flask_alembic.run_id": run.id,
        "flask_alembic.command": run.operation,
        "flask_alembic.target": run.target,
        "flask_alembic.mode": run.mode,
        "flask_alembic.databases": list(run.databases),
        "flask_alembic.planned": len(run.plan),
    }


def step_attributes(step: Step, connection: Connection | None) -> dict[str, Any]:
    """Return what is known of a revision when it begins.

    :param step: The revision.
    :param connection: The connection of the run.
    """
    attributes: dict[str, Any] = {
        "flask_alembic.revision": step.revision,
        "flask_alembic.direction": step.direction,
        "flask_alembic.database": step.database,
        "flask_alembic.message": step.doc,
    }
    if step.path is not None:
        attributes["code.file.path"] = str(step.path)
    if connection is not None:
        dialect = connection.dialect
        name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
        attributes["db.system.name"] = SYSTEMS.get(name, name)
        database = connection.engine.url.database
        if database and name != "sqlite":  # there it is a path
            attributes["db.namespace"] = database
    return attributes


@contextmanager
def spanning(
    run: Run, name: str, attributes: Callable[[], dict[str, Any]]
) -> Iterator[Span]:
    """Make what happens inside a span; what fails with it is only noted.

    :param run: Whose problems it notes.
    :param name: The span's name; one of few.
    :param attributes: Gives what is known when it begins.
    """
    manager: Any = None
    span = Span()
    try:
        from opentelemetry import trace

        tracer = trace.get_tracer("flask_alembic_metrics", __version__)
        # Recorded by us: the text of the exception may hold parameters.
        manager = tracer.start_as_current_span(
            name,
            attributes=attributes(),
            record_exception=False,
            set_status_on_exception=False,
        )
        span = Span(manager.__enter__())
    except Exception as error:
        _note(run, error)
    try:
        yield Guarded(run, span)
    except BaseException as error:
        Guarded(run, span).fail(error)
        raise
    finally:
        if span.span is not None:
            try:
                manager.__exit__(None, None, None)
            except Exception as error:
                _note(run, error)


class Guarded(Span):
    """A span whose failures are noted and go no further.

    :param run: Whose problems.
    :param span: The span.
    """

    def __init__(self, run: Run, span: Span) -> None:
        super().__init__(span.span)
        self.run = run

    def set(self, **attributes: Any) -> None:
        """Add attributes of ours.

        :param attributes: Their names without ``flask_alembic.``.
        """
        try:
            super().set(**attributes)
        except Exception as error:
            _note(self.run, error)

    def fail(self, error: BaseException) -> None:
        """Record what was raised.

        :param error: What.
        """
        try:
            super().fail(error)
        except Exception as problem:
            _note(self.run, problem)


def _note(run: Run, error: Exception) -> None:
    """Keep a problem until the command ends; each only once."""
    if isinstance(error, ModuleNotFoundError):
        text = (
            f"no spans: the module {error.name!r} is not installed; "
            "pip install flask-alembic-metrics[opentelemetry]"
        )
    else:
        text = f"no spans: {type(error).__name__}: {first_line(error)}"
    problems: list[str] = run.stash.setdefault(PROBLEMS, [])
    if text not in problems:
        problems.append(text)
    logger.debug("A span failed", exc_info=error)


def _kind(error: BaseException) -> str:
    """Return the full name of an exception's class."""
    original: BaseException = getattr(error, "orig", None) or error
    kind = type(original)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _status_code(error: BaseException) -> str:
    """Return what the database calls the error: SQLSTATE, or MySQL's number.

    The number goes first: the conventions want it for MySQL and MariaDB, whose drivers
    give both.
    """
    original = getattr(error, "orig", None)
    arguments = getattr(original, "args", ())
    if arguments and isinstance(arguments[0], int):
        return str(arguments[0])
    return str(
        getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""
    )


def _frames(error: BaseException) -> str:
    """Return where it was raised, without the text of any exception."""
    return "".join(traceback.format_tb(error.__traceback__))
