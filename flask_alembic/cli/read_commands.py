"""Commands that show what there is and where the databases are."""

from __future__ import annotations

from typing import Any

import click

from .completion import REVISION
from .options import command, databases, verbose


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
def heads(**options: Any) -> None:
    """Show the list of revisions that have no child revisions.

    Example: flask db heads -v
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
@verbose
def log(**options: Any) -> None:
    """Show the list of revisions in the order they will run.

    Example: flask db log --start current
    """
    from . import base

    base.log(**options)


@command("history")
@click.option("-r", "--rev-range", metavar="START:END", help="Show only this range.")
@verbose
@click.option(
    "-i", "--indicate-current", is_flag=True, help="Mark where the databases are."
)
def history(**options: Any) -> None:
    """Show the revisions, the newest first.

    Example: flask db history -r 1a2b:head -i
    """
    from . import base

    base.history(**options)


@command("show")
@click.argument("revisions", nargs=-1, type=REVISION)
def show(revisions: tuple[str, ...]) -> None:
    """Show the given revisions, the head by default.

    Example: flask db show current
    """
    from . import base

    base.show(list(revisions) or "head")


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
