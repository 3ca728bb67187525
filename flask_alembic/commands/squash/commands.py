"""The Click command ``flask db squash``."""

from __future__ import annotations

import click

from ...cli.base_command import command, message, x_arguments
from ...cli.context import get_extension
from ...cli.output import shown
from ...cli.params import RANGE, _scratch_url


@command("squash")
@click.argument("range", metavar="FROM:TO", type=RANGE)
@message
@click.option(
    "--keep",
    metavar="DIR",
    help="Move the old files there, inside the script directory; removed by default.",
)
@click.option(
    "--allow-data-loss",
    is_flag=True,
    help="Squash although the old revisions changed data.",
)
@click.option(
    "--leave-out",
    multiple=True,
    metavar="PATTERN",
    help="Do not create objects of this kind or name, like policy or index:author.*; "
    "may be repeated.",
)
@_scratch_url
@click.option("--force", is_flag=True, help="Write it despite lint errors.")
@x_arguments
def squash(
    range: str,
    message: str | None,
    keep: str | None,
    allow_data_loss: bool,
    leave_out: tuple[str, ...],
    scratch_url: str | None,
    force: bool,
    x_arguments: tuple[str, ...],
) -> None:
    """Replace several revisions with one that has the id of the last.

    FROM and TO are squashed too; without FROM the range begins at the base. Both
    histories are run on scratch databases and compared before a file is changed. What
    the new revision would not create is refused, unless --leave-out names it.

    Example: flask db squash :1a2b3c --keep squashed
    """
    with shown():
        get_extension().squash(
            range,
            message=message,
            keep=keep or None,
            allow_data_loss=allow_data_loss,
            leave_out=leave_out,
            scratch_url=scratch_url,
            x_arguments=x_arguments,
            force=force,
        )
