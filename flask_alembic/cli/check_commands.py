"""Commands that look for problems in revision files."""

from __future__ import annotations

from typing import Any

import click

from .completion import RANGE
from .options import command


@command("lint")
@click.argument("revisions", nargs=-1, type=RANGE)
@click.option("--pending", is_flag=True, help="Only what a database does not have yet.")
def lint(revisions: tuple[str, ...], **options: Any) -> None:
    """Look for problems in revision files, with the linters that plugins bring.

    REVISIONS are ids, labels or ranges FROM:TO; all revisions by default. Ends with 1
    when there are errors.

    Example: flask db lint --pending
    """
    from . import checks

    checks.lint(list(revisions), **options)


COMMANDS = (lint,)
"""What this module adds to the group."""
