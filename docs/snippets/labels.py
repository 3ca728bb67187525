from pathlib import Path

import click
from flask import Flask

from flask_alembic.hooks import hookimpl
from flask_alembic.revision_files import read, write


@hookimpl
def register_commands(app: Flask, cli: click.Group) -> None:
    @cli.command("label")
    @click.argument("revision")
    @click.argument("name")
    def label(revision: str, name: str) -> None:
        """Give a revision this branch label, and no other."""
        with app.app_context():
            history = app.extensions["alembic"].script_directory
            path = Path(history.get_revision(revision).path)
        write(path, read(path).changed({"branch_labels": name}))
