"""The plugin: what Flask-Alembic finds through the entry point.

It shows findings, refuses nothing and writes revisions as they are, until ``ALEMBIC_LINT`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from flask_alembic.hooks import hookimpl

if TYPE_CHECKING:
    import click
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from flask import Flask

    from flask_alembic.hooks import (
        Command,
        LintTarget,
        OutputFormat,
        Problem,
        Report,
        ReportWriter,
        Run,
    )


@hookimpl
def before_command(app: Flask, command: Command) -> None:
    """Begin anew: settings, heads and git may differ from the last command."""
    from .begun import begin

    begin(app, command.name, bool(command.options.get("pending")))


@hookimpl
def rewrite_revision(
    app: Flask,
    directives: list[MigrationScript],
    contexts: Mapping[str, MigrationContext],
) -> None:
    """Write a revision so that it does not block, where the setting asks for it."""
    from .settings import load

    if load(app.config).rewrite:
        from .lock_safe.rewriter import rewrite

        rewrite(directives, contexts)


@hookimpl
def lint_problems(app: Flask, target: LintTarget) -> Iterable[Problem]:
    """Find dangerous operations in a revision."""
    from .sessions import session_of

    return session_of(app).problems(target)


@hookimpl
def after_command(app: Flask, report: Report) -> None:
    """End the process in which revisions were looked at."""
    from .begun import end

    end(app, report.command.name)


@hookimpl
def before_upgrade(app: Flask, run: Run) -> None:
    """Refuse an upgrade with findings, where the setting ``guard`` asks for it."""
    from .settings import load

    settings = load(app.config)  # a wrong setting is told even where it is not used
    if settings.guard is False:
        return
    from .guard import refuse

    refuse(app, run)


@hookimpl
def output_formats(app: Flask) -> Iterable[OutputFormat]:
    """Offer GitHub annotations and SARIF."""
    from flask_alembic.hooks import OutputFormat

    from .formats import github, sarif

    return [
        OutputFormat("github", github.render, "Annotations for GitHub Actions."),
        OutputFormat("sarif", sarif.render, "SARIF 2.1.0, for code scanning."),
    ]


@hookimpl
def report_views(app: Flask) -> Mapping[str, Callable[[Report, ReportWriter], None]]:
    """Write what ``flask db lint`` found by file, with counts by rule."""
    from .text import show_lint

    return {"lint": show_lint}


@hookimpl
def register_commands(app: Flask, cli: click.Group) -> None:
    """Add ``flask db lint-rules``, and options to ``flask db lint``."""
    from .commands import add_to

    add_to(cli)
