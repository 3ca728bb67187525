"""The hooks: spans around the work, metrics when it is over.

The wrappers of ``run_migrations`` and ``apply_revision`` never raise anything of their
own: a wrong setting, a package that is missing or an exporter that fails is noted and
told at the end, from ``after_command``, whose errors change nothing. There the locks
are released and the connections closed too, so a slow Pushgateway keeps nothing waiting
in the database.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING

from flask_alembic.hooks import hookimpl

from .errors import NotExported, SettingsError
from .settings import Settings, load

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from flask_alembic.hooks import Report, Run, RunResult, Step, StepResult


def _traced(app: Flask, run: Run) -> bool:
    """Return whether a run has spans; in ``sql`` and ``plan`` mode nothing is run."""
    if run.mode not in ("online", "dry-run"):
        return False
    try:
        settings = load(app)
    except SettingsError:
        return False  # told by after_command
    return settings is not None and settings.opentelemetry


@hookimpl(wrapper=True, tryfirst=True)
def run_migrations(app: Flask, run: Run) -> Generator[None, RunResult, RunResult]:
    """Make a run a span."""
    if not _traced(app, run):
        return (yield)
    from .tracing import run_attributes, spanning

    attributes = partial(run_attributes, app, run)
    with spanning(run, f"alembic {run.operation}", attributes) as span:
        result = yield
        span.set(applied=len(result.applied))
    return result


@hookimpl(wrapper=True, tryfirst=True)
def apply_revision(
    app: Flask, run: Run, step: Step, connection: Connection | None
) -> Generator[None, StepResult, StepResult]:
    """Make a revision a span."""
    if not _traced(app, run):
        return (yield)
    from .tracing import spanning, step_attributes

    attributes = partial(step_attributes, step, connection)
    with spanning(run, "alembic revision", attributes) as span:
        result = yield
        span.set(statements=result.statements)
    return result


@hookimpl
def after_command(app: Flask, report: Report) -> None:
    """Export the metrics of a run, and tell what went wrong with its spans."""
    from .figures import concerns
    from .tracing import PROBLEMS

    problems: list[str] = []
    if report.run is not None:
        problems += report.run.stash.get(PROBLEMS, [])
    if concerns(report):
        settings = load(app)
        if settings is not None and settings.exports_metrics:
            problems += _export(app, settings, report)
    if problems:
        raise NotExported(f"Not exported: {'; '.join(problems)}.".replace("..", "."))


def _export(app: Flask, settings: Settings, report: Report) -> list[str]:
    """Export to everything that is set; return what went wrong."""
    from .figures import figures

    problems = []
    found = figures(app.name, settings.labels, report, revisions=settings.revisions)
    try:
        from .prometheus import push, write

        if settings.textfile:
            try:
                write(settings, found)
            except NotExported as error:
                problems.append(error.message)
        if settings.pushgateway:
            try:
                push(settings, app.name, found)
            except NotExported as error:
                problems.append(error.message)
    except ModuleNotFoundError as error:
        problems.append(
            f"no metrics: the module {error.name!r} is not installed; "
            "pip install flask-alembic-metrics[prometheus]"
        )
    return problems
