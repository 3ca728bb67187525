"""The Click command ``flask db status``."""

from __future__ import annotations

import click

from ...cli.base_command import command, databases
from ...cli.context import get_extension


@command("status")
@databases
@click.option("--models", is_flag=True, help="Compare the models too.")
@click.option("--check", is_flag=True, help="Exit with 1 if anything is pending.")
def status(databases: tuple[str, ...], models: bool, check: bool) -> None:
    """Show where each database is and what is pending.

    Example: flask db status --check
    """
    from .status import require_readable

    require_readable(get_extension().status(databases, models=models, check=check))
