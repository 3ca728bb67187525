"""The Click command ``flask db adopt``."""

from __future__ import annotations

import click

from ...cli.base_command import command, databases, rev_id, x_arguments
from ...cli.context import get_extension
from ...cli.output import shown
from ...cli.params import REVISION, _ignore, _scratch_url


@command("adopt")
@databases
@click.option(
    "--baseline",
    default="heads",
    type=REVISION,
    metavar="REVISION",
    help="The revision whose tables the database has.",
)
@click.option(
    "--generate", is_flag=True, help="Write the first revision from the database."
)
@click.option("-m", "--message", default="baseline", help="Message for that revision.")
@rev_id
@click.option("--no-stamp", is_flag=True, help="Only compare.")
@_ignore
@_scratch_url
@click.option("--force", is_flag=True, help="Run although ALEMBIC['protected'] is set.")
@x_arguments
def adopt(
    databases: tuple[str, ...],
    baseline: str,
    generate: bool,
    message: str,
    rev_id: str | None,
    no_stamp: bool,
    ignore: tuple[str, ...],
    scratch_url: str | None,
    force: bool,
    x_arguments: tuple[str, ...],
) -> None:
    """Put an existing database under migration control.

    Its tables are compared with those that the revisions create in a scratch database.
    It is stamped only if they match.

    Example: flask db adopt --baseline 1a2b3c
    """
    with shown():
        get_extension().adopt(
            databases,
            baseline=baseline,
            generate=generate,
            message=message,
            rev_id=rev_id,
            ignore=ignore,
            scratch_url=scratch_url,
            x_arguments=x_arguments,
            force=force,
            stamp=not no_stamp,
        )
