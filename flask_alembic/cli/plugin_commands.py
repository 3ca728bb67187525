"""Commands that show plugins and hooks."""

from __future__ import annotations

import click

from .completion import HOOK
from .options import command


@command("plugins")
def plugins() -> None:
    """Show every plugin, where it comes from and whether it is active.

    Example: flask db plugins
    """
    from . import base

    base.plugins()


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
