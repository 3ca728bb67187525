"""The command ``flask db template``."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from .settings import limit


@click.command("template")
@with_appcontext
def command() -> None:
    """Show how many revisions wait, and how many an upgrade may apply.

    Example: flask db template
    """
    alembic = current_app.extensions["alembic"]
    allowed = limit(current_app)
    current = [script.revision for script in alembic.current()]
    history = alembic.script_directory
    waiting = list(history.iterate_revisions("heads", current or "base"))
    click.echo(f"Waiting: {len(waiting)}")
    click.echo(f"Allowed: {allowed if allowed is not None else 'any number'}")
