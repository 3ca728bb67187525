"""The Click command ``flask db doctor``."""

from __future__ import annotations

import click

from ...cli.base_command import command, databases
from ...cli.context import get_extension
from ...cli.output import shown
from ...cli.text import counted
from ...errors import CheckFailed


@command("doctor")
@databases
@click.option("--fix", is_flag=True, help="Fix what is safe to fix.")
def doctor(databases: tuple[str, ...], fix: bool) -> None:
    """Find problems in the history and the databases, and show how to fix them.

    --fix widens the version column, and deletes rows of the version table that are
    empty, repeated or ancestors of others. Exits with 1 if a problem
    remains.

    Example: flask db doctor --fix
    """
    with shown():
        findings = get_extension().doctor(databases, fix=fix)
    left = [finding for finding in findings if not finding.fixed]
    if left:
        safe = any(finding.fixable for finding in left)
        raise CheckFailed(
            f"{counted(len(left), 'problem')} found.",
            "flask db doctor --fix fixes what is safe to fix."
            if safe
            else "Each is listed above with the command for it.",
        )
