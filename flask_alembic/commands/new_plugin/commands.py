"""The command that writes a new plugin."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.base_command import command
from ...cli.context import get_extension


@command("new-plugin")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="FOLDER",
    help="Create its folder in this one; the working directory by default.",
)
def new_plugin(name: str, into: Path) -> None:
    """Write a new plugin: a package with an entry point, hooks, a command and tests.

    Its tests pass as they are. Example: flask db new-plugin shout
    """
    get_extension().new_plugin(name, into)
