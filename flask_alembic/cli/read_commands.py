"""Commands that show what there is and where the databases are."""

from __future__ import annotations

from typing import Any

import click

from ..errors import UsageError
from .completion import RANGE, REVISION
from .options import command, databases, verbose, x_arguments

rev_range = click.option(
    "-r",
    "--rev-range",
    type=RANGE,
    metavar="START:END",
    help="Show only this range; either end may be empty.",
)
indicate_current = click.option(
    "-i", "--indicate-current", is_flag=True, help="Mark where the databases are."
)


@command("current")
@databases
@click.option("--check-heads", is_flag=True, help="Fail unless all heads are applied.")
@verbose
def current(**options: Any) -> None:
    """Show the list of current revisions.

    Example: flask db current --check-heads
    """
    from . import base

    base.current(**options)


@command("heads")
@click.option(
    "--resolve-dependencies", is_flag=True, help="Treat dependencies as down revisions."
)
@verbose
@click.option(
    "--check",
    is_flag=True,
    help="Fail if there are several, unless each has a branch label of its own.",
)
def heads(**options: Any) -> None:
    """Show the list of revisions that have no child revisions.

    Example: flask db heads --check
    """
    from . import base

    base.heads(**options)


@command("branches")
@verbose
def branches(**options: Any) -> None:
    """Show the list of revisions that have more than one next revision.

    Example: flask db branches
    """
    from . import base

    base.branches(**options)


@command("log")
@click.option(
    "--start", default="base", type=REVISION, help="Show since this revision."
)
@click.option("--end", default="heads", type=REVISION, help="Show until this revision.")
@rev_range
@verbose
@indicate_current
def log(**options: Any) -> None:
    """Show the list of revisions in the order they will run.

    Example: flask db log -r current: -i
    """
    from . import base

    base.log(**options)


@command("history")
@rev_range
@verbose
@indicate_current
def history(**options: Any) -> None:
    """Show the revisions, the newest first.

    Example: flask db history -r 1a2b:head -i
    """
    from . import base

    base.history(**options)


@command("show")
@click.argument("revisions", nargs=-1, type=REVISION)
@click.option(
    "--sql", is_flag=True, help="Show the SQL that they would send, by database."
)
@click.option("--downgrade", is_flag=True, help="With --sql: what undoes them.")
@databases
@x_arguments
def show(revisions: tuple[str, ...], sql: bool, **options: Any) -> None:
    """Show the given revisions, the head by default.

    Example: flask db show head --sql
    """
    from . import base

    if not sql and any(options.values()):
        raise UsageError("--downgrade, --database and -x are for --sql.", "Add --sql.")
    base.show(list(revisions) or "head", sql, **(options if sql else {}))


@command("check")
@databases
def check(**options: Any) -> None:
    """Check if models and databases differ, and how.

    Ends with 1 if they do. Example: flask db check
    """
    from . import base

    base.check(**options)


COMMANDS = (current, heads, branches, log, history, show, check)
"""What this module adds to the group."""
