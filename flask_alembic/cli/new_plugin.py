"""The command that writes a new plugin."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .options import command


@command("new-plugin")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="FOLDER",
    help="Make its folder in this one; the working directory by default.",
)
def new_plugin(name: str, into: Path) -> None:
    """Write a new plugin: a package with an entry point, hooks, a command and tests.

    Its tests pass as they are. Example: flask db new-plugin shout
    """
    write_plugin(name, into)


def write_plugin(name: str, into: Path) -> None:
    """Write a new plugin and say what to do with it.

    :param name: What it is called, with or without ``flask-alembic-``.
    :param into: The folder to make its own folder in.
    """
    from ..commands.new_plugin import new_plugin as write
    from ..commands.new_plugin import normalize
    from ..errors import UsageError
    from .base import get_extension
    from .group import builtin_commands
    from .output import echo

    plain = normalize(name)
    if plain in builtin_commands():
        raise UsageError(
            f"flask db {plain} is a command already, and a plugin brings one of its "
            "name.",
            "Use another name.",
        )
    files = get_extension()._do(write, plain, into)
    folder = os.path.relpath(files[0].parent)
    for path in files:
        echo(f"Created {os.path.relpath(path)}")
    echo(f'\nNow: cd {folder}; pip install -e ".[test]"; pytest')


COMMANDS = (new_plugin,)
"""What this module adds to the group."""
