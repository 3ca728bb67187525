"""``flask db rebase`` and ``flask db headfile``."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from .branches import branches
from .errors import HeadFileProblem, NothingToRebase
from .head_file import write_all
from .moves import Move
from .problems import problems
from .rebasing import perform, prepare
from .setting import is_on


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    is_on(app.config)  # says so when the setting is wrong
    return app


@click.command("rebase")
@click.argument("revision", required=False, metavar="[REV]")
@click.option("--onto", metavar="REV", help="Follow this head; the other by default.")
@click.option("--dry-run", is_flag=True, help="Show what would be done.")
@with_appcontext
def rebase(revision: str | None, onto: str | None, dry_run: bool) -> None:
    """Put a late revision, or a chain of them, on top of the current head.

    Its down_revision is rewritten in its file, and HEAD with it. Without REV it is
    the later one of the two that are in conflict in HEAD. Refused for a revision that
    the database has.

    Example: flask db rebase 1a2b
    """
    app = _app()
    try:
        move = prepare(app, revision, onto)
    except NothingToRebase as nothing:
        click.echo(nothing.message)
        return
    if dry_run:
        click.echo(f"Would put {_chain(move)} on top of {_shown(move.onto)}.")
        return
    changed = perform(app, move)
    click.echo(f"Put {_chain(move)} on top of {_shown(move.onto)}.")
    for path in changed:
        click.echo(f"Changed {_short(path)}")


def _shown(script: object) -> str:
    doc = getattr(script, "doc", "")
    revision = str(getattr(script, "revision", ""))
    return f"{revision} ({doc})" if doc else revision


def _chain(move: Move) -> str:
    more = len(move.ids) - 1
    if not more:
        return _shown(move.first)
    return f"{_shown(move.first)} and the {more} that follow{'s' * (more == 1)} it"


def _short(path: Path) -> str:
    """Return a path from the working directory, where it lies below it."""
    short = os.path.relpath(path)
    return str(path) if short.startswith(os.pardir) else short


@click.command("headfile")
@click.option(
    "--check", is_flag=True, help="Write nothing; end with 1 if one is wrong."
)
@with_appcontext
def headfile(check: bool) -> None:
    """Write the HEAD files as the history is, or check them.

    Needs no database. Example: flask db headfile --check
    """
    app = _app()
    history = app.extensions["alembic"].script_directory
    if not check:
        changed = write_all(Path(history.dir), branches(history))
        for path in changed:
            click.echo(f"{'Wrote' if path.exists() else 'Deleted'} {_short(path)}")
        if not changed:
            click.echo("Every HEAD file is right.")
        return
    found = list(problems(history))
    for problem in found:
        click.echo(f"{problem.severity}: {problem.code} {problem.message}")
    if found:
        raise HeadFileProblem("The HEAD files are not right.", found[0].advice)
    click.echo("Every HEAD file is right.")
