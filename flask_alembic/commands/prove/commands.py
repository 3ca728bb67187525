"""The Click command ``flask db prove``."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.base_command import command, databases, x_arguments
from ...cli.context import get_extension
from ...cli.output import shown
from ...cli.params import RANGE, _scratch_url
from ...errors import CheckFailed
from .text import counted_on_servers


@command("prove")
@click.argument("revisions", nargs=-1, metavar="[RANGE]...", type=RANGE)
@click.option("--all", is_flag=True, help="Prove the whole history.")
@click.option(
    "--seed-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Execute these SQL statements before the first revision, so that it meets rows.",
)
@databases
@_scratch_url
@x_arguments
def prove(
    revisions: tuple[str, ...],
    all: bool,
    seed_file: Path | None,
    databases: tuple[str, ...],
    scratch_url: str | None,
    x_arguments: tuple[str, ...],
) -> None:
    """Run revisions up, down and up on a scratch database.

    The pending ones by default; RANGE is a revision or FROM:TO, both included. Exits
    with 1 if one fails, or leaves a difference. The live database is not touched.

    Example: flask db prove --all
    """
    with shown():
        result = get_extension().prove(
            list(revisions),
            all=all,
            seed_file=seed_file,
            databases=databases,
            scratch_url=scratch_url,
            x_arguments=x_arguments,
        )
    if result.revisions and not result.ok:
        failed = [each for each in result.revisions if not each.ok]
        raise CheckFailed(
            f"{len(failed)} of {counted_on_servers(result.revisions)} failed (listed "
            "above).",
            "Fix the files, then run flask db prove again. No live database was "
            "touched.",
        )
