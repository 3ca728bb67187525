"""``flask db renumber``: the command that fixes two files with one id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from flask_alembic.revision_files import RevisionFile

from .choice import chosen
from .collisions import collisions, commands, folders, read_all
from .errors import RenumberError
from .renumbering import renumber as give_new_id


@click.command("renumber")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--onto", metavar="REV", help="Follow this revision; the head by default."
)
@with_appcontext
def renumber(files: tuple[str, ...], onto: str | None) -> None:
    """Give a revision a new id when another file has the same.

    Without FILE it shows which files have one id, and ends with 1 if there are any.

    Example: flask db renumber 0006_add_invoices.py
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    places = folders(app)
    if not files:
        _show(read_all(places))
        return
    strategy = chosen(app.config)
    assert strategy is not None, "the command is there only where ALEMBIC_IDS is set"
    for name in files:
        known = read_all(places)
        done = give_new_id(_file(name, known, places), known, strategy, onto)
        click.echo(
            f"{done.old.path.name} is {done.path.name} now: revision {done.revision}, "
            f"on top of {done.parent}."
        )
    left = collisions(read_all(places))
    for id_ in left:
        click.echo(f"There are still several files with the id {id_}.", err=True)


def _show(files: Sequence[RevisionFile]) -> None:
    """List the collisions with the commands that fix them."""
    found = collisions(files)
    if not found:
        click.echo("Every revision has an id of its own.")
    for id_, same in found.items():
        click.echo(f"{len(same)} files have the id {id_}. Renumber all but one:")
        for line in commands(same):
            click.echo(f"    {line}")
    if found:
        raise click.exceptions.Exit(1)


def _file(
    name: str, files: Sequence[RevisionFile], places: Sequence[Path]
) -> RevisionFile:
    """Return the revision file that somebody named, by path or by name."""
    wanted = {Path.cwd() / name, *(folder / name for folder in places)}
    resolved = {path.resolve() for path in wanted}
    for file in files:
        if file.path.resolve() in resolved or file.path.name == name:
            return file
    raise RenumberError(
        f"There is no revision file {name!r}.",
        "flask db renumber without a name shows which files have one id.",
    )
