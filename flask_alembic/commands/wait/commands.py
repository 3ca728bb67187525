"""The Click command ``flask db wait``."""

from __future__ import annotations

from typing import Literal

import click

from ...cli.base_command import command, databases
from ...cli.context import get_extension, require_revisions
from ...cli.output import shown


@command("wait")
@click.option(
    "--for",
    "until",
    type=click.Choice(["database", "head"]),
    default="head",
    help="What to wait for: databases that answer, or databases at head.",
)
@click.option(
    "--timeout", type=float, default=60.0, help="How long to wait, in seconds."
)
@click.option(
    "--interval", type=float, default=1.0, help="Pause between two checks, in seconds."
)
@databases
def wait(
    until: Literal["database", "head"],
    timeout: float,
    interval: float,
    databases: tuple[str, ...],
) -> None:
    """Wait until the databases answer, or until they are at head.

    Exits with 1 on timeout. Example: flask db wait --for head --timeout 120
    """
    if until == "head":
        require_revisions()
    with shown():
        get_extension().wait(
            until, timeout=timeout, interval=interval, databases=databases
        )
