"""Commands that show plugins and hooks."""

from __future__ import annotations

import click

from ...cli.base_command import command
from ...cli.context import get_extension
from ...cli.params import HOOK, PLUGIN


@command("plugins")
@click.argument("name", required=False, type=PLUGIN)
def plugins(name: str | None) -> None:
    """Show every plugin, or one: where it comes from and whether it is active.

    Example: flask db plugins
    """
    get_extension().list_plugins(name)


@command("hooks")
@click.argument("name", required=False, type=HOOK)
def hooks(name: str | None) -> None:
    """Show the hooks and who implements them, or all about one.

    Example: flask db hooks before_upgrade
    """
    get_extension().list_hooks(name)
