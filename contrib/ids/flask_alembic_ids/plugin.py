"""The plugin: what the entry point names, and what each hook does."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from flask_alembic.errors import HistoryError, RevisionFileError
from flask_alembic.hooks import hookimpl

from . import locking
from .choice import STRATEGIES, chosen, is_on
from .errors import IdsError
from .sequence import LINE_WIDTH
from .slugs import slug
from .wishes import Wish

if TYPE_CHECKING:
    import click
    from alembic.config import Config
    from alembic.script import Script, ScriptDirectory
    from flask import Flask

    from flask_alembic import Alembic
    from flask_alembic.hooks import Report, RevisionRequest


@hookimpl
def configure(app: Flask, config: Config) -> None:
    """Name files by the id alone where the id holds the words already."""
    if chosen_name(app) == "date-slug" and not config.get_main_option("file_template"):
        config.set_main_option("file_template", "%%(rev)s")


def chosen_name(app: Flask) -> str | None:
    """Return the name of the strategy of an app, if it is one with a name.

    :param app: The application.
    """
    value = app.config.get("ALEMBIC_IDS")
    return value if isinstance(value, str) and value in STRATEGIES else None


@hookimpl
def rev_id(app: Flask, request: RevisionRequest) -> str | None:
    """Give the id; none when ``ALEMBIC_IDS`` is not set."""
    strategy = chosen(app.config)
    if strategy is None:
        return None
    alembic: Alembic = app.extensions["alembic"]
    locking.hold(alembic.script_directory.dir)
    # Asked again, now that nobody else writes: the files are looked at anew.
    history = alembic.script_directory
    _require_heads(request, history)
    return strategy(
        Wish(
            now=datetime.now(timezone.utc),
            known=frozenset(script.revision for script in history.walk_revisions()),
            message=request.message,
            line=line_of(request, history),
        )
    )


def _require_heads(request: RevisionRequest, history: ScriptDirectory) -> None:
    """Refuse to make a second head after waiting for another process."""
    if request.splice:
        return
    for parent in request.parents:
        script: Script = history.get_revision(parent)
        if not script.is_head:
            following = ", ".join(sorted(script.nextrev))
            raise IdsError(
                f"Another process has just put {following} on top of {parent}.",
                "Run the command again to follow it.",
            )


def line_of(request: RevisionRequest, history: ScriptDirectory) -> str:
    """Return the branch of history that a new revision belongs to, as a slug.

    :param request: The revision.
    :param history: Where its parents are.
    :return: Empty for the default branch, and for history without labels.
    """
    if request.branch not in {None, "default"}:
        return slug(str(request.branch), LINE_WIDTH)
    labels = set(request.branch_labels) if not request.parents else set()
    for parent in request.parents:
        found = history.get_revision(parent).branch_labels
        if not found or "default" in found:
            return ""
        labels |= found
    return "" if "default" in labels else slug(min(labels, default=""), LINE_WIDTH)


@hookimpl
def after_command(app: Flask, report: Report) -> None:
    """Let other processes go on, and say how to fix two files with one id."""
    locking.release()
    error = report.error
    # What is wrong with one file alone is fixed in that file.
    if isinstance(error, RevisionFileError) or not isinstance(error, HistoryError):
        return
    if is_on(app.config):
        from .collisions import advice

        error.advice = advice(app) or error.advice


@hookimpl
def register_commands(app: Flask, cli: click.Group) -> None:
    """Add ``flask db renumber``, where ``ALEMBIC_IDS`` is set."""
    if is_on(app.config):
        from .command import renumber

        cli.add_command(renumber)
