"""Commands that show plugins and hooks."""

from __future__ import annotations

import click

from .completion import HOOK, PLUGIN
from .options import command


@command("plugins")
@click.argument("name", required=False, type=PLUGIN)
def plugins(name: str | None) -> None:
    """Show every plugin, or one: where it comes from and whether it is active.

    Example: flask db plugins
    """
    from . import base

    base.plugins(name)


@command("hooks")
@click.argument("name", required=False, type=HOOK)
def hooks(name: str | None) -> None:
    """Show the hooks and who implements them, or all about one.

    Example: flask db hooks before_upgrade
    """
    from . import base

    base.hooks(name)


COMMANDS = (plugins, hooks)
"""What this module adds to the group."""
