"""Commands that look for problems in revision files."""

from __future__ import annotations

import click

from ...cli.base_command import command
from ...cli.context import get_extension
from ...cli.params import RANGE
from ...errors import CheckFailed
from ..check.text import FIX_LISTED, listed


@command("lint")
@click.argument("revisions", nargs=-1, type=RANGE)
@click.option(
    "--pending", is_flag=True, help="Only revisions that are pending in a database."
)
def lint(revisions: tuple[str, ...], pending: bool) -> None:
    """Find problems in revision files, with the linters of plugins.

    REVISIONS are ids, labels or ranges FROM:TO; all revisions by default. Exits with
    1 if there are errors.

    Example: flask db lint --pending
    """
    problems = get_extension().lint(list(revisions), pending=pending)
    errors = [each for each in problems if each.severity == "error"]
    if errors:
        raise CheckFailed(f"{listed(errors)}.", FIX_LISTED)
