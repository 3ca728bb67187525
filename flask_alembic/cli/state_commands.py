"""Commands that show the state of the databases or wait for it."""

from __future__ import annotations

from typing import Any

import click

from .options import command, databases


@command("status")
@databases
@click.option("--models", is_flag=True, help="Compare the models too.")
@click.option("--check", is_flag=True, help="Fail unless there is nothing to do.")
def status(**options: Any) -> None:
    """Show where each database is and what is to be done.

    Example: flask db status --check
    """
    from . import state

    state.status(**options)


@command("wait")
@click.option(
    "--for",
    "until",
    type=click.Choice(["database", "head"]),
    default="head",
    help="What to wait for: that databases answer, or that they are at head.",
)
@click.option("--timeout", type=float, default=60.0, help="How long, in seconds.")
@click.option("--interval", type=float, default=1.0, help="Pause, in seconds.")
@databases
def wait(**options: Any) -> None:
    """Wait until the databases answer, or until they are at head.

    Ends with 1 when the time is over. Example: flask db wait --for head --timeout 120
    """
    from . import state

    state.wait(**options)


COMMANDS = (status, wait)
"""What this module adds to the group."""
