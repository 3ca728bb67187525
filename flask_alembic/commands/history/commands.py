"""The Click commands that show revisions, and what they do with what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...cli.base_command import command, databases, verbose, x_arguments
from ...cli.context import get_extension, require_revisions
from ...cli.output import prints_to_stderr
from ...cli.params import RANGE, REVISION
from ...errors import UsageError
from ...runtime.arguments import parse_items
from ...runtime.overrides import call_command

if TYPE_CHECKING:
    from ...cli.extension_api import Revision, Strings

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
@click.option(
    "--check-heads", is_flag=True, help="Exit with 1 unless all heads are applied."
)
@verbose
def current(databases: tuple[str, ...], check_heads: bool, verbose: bool) -> None:
    """Show the list of current revisions.

    Example: flask db current --check-heads
    """
    read_current(databases, check_heads=check_heads)


@command("heads")
@click.option(
    "--resolve-dependencies", is_flag=True, help="Treat dependencies as down revisions."
)
@verbose
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 1 if there are several, unless each has a branch label of its own.",
)
def heads(resolve_dependencies: bool, verbose: bool, check: bool) -> None:
    """Show the list of revisions that have no child revisions.

    Example: flask db heads --check
    """
    read_heads(resolve_dependencies, check=check)


@command("branches")
@verbose
def branches(verbose: bool) -> None:
    """Show the list of revisions that have more than one next revision.

    Example: flask db branches
    """
    get_extension().branches()


@command("log")
@click.option(
    "--start", default="base", type=REVISION, help="Show since this revision."
)
@click.option("--end", default="heads", type=REVISION, help="Show until this revision.")
@rev_range
@verbose
@indicate_current
def log(
    start: str, end: str, rev_range: str | None, verbose: bool, indicate_current: bool
) -> None:
    """Show the list of revisions in the order they will run.

    Example: flask db log -r current: -i
    """
    read_log(start, end, rev_range=rev_range, indicate_current=indicate_current)


@command("history")
@rev_range
@verbose
@indicate_current
def history(rev_range: str | None, verbose: bool, indicate_current: bool) -> None:
    """Show the revisions, the newest first.

    Example: flask db history -r 1a2b:head -i
    """
    read_log(rev_range=rev_range, indicate_current=indicate_current)


@command("show")
@click.argument("revisions", nargs=-1, type=REVISION)
@click.option(
    "--sql", is_flag=True, help="Show the SQL that they would send, by database."
)
@click.option(
    "--downgrade", is_flag=True, help="With --sql: the SQL that reverts them."
)
@databases
@x_arguments
def show(
    revisions: str | tuple[str, ...],
    sql: bool,
    downgrade: bool,
    databases: tuple[str, ...],
    x_arguments: tuple[str, ...],
) -> None:
    """Show the given revisions, the head by default.

    Example: flask db show head --sql
    """
    if not sql and (downgrade or databases or x_arguments):
        raise UsageError("--downgrade, --database and -x are for --sql.", "Add --sql.")
    read_revisions(
        list(parse_items("revisions", revisions)),
        sql=sql,
        downgrade=downgrade,
        databases=databases,
        x_arguments=x_arguments,
    )


# What they do; the base functions of flask_alembic.cli.base do the same.


def read_current(databases: Strings = (), *, check_heads: bool = False) -> None:
    """Read which revisions the databases are at.

    :param databases: Only these databases.
    :param check_heads: Fail unless all heads are applied.
    """
    if check_heads:
        require_revisions()
    call_command(get_extension().current, databases=databases, check_heads=check_heads)


def read_heads(resolve_dependencies: bool = False, *, check: bool = False) -> None:
    """Read which revisions no other follows.

    :param resolve_dependencies: Treat dependencies as down revisions.
    :param check: Fail if there are several, but one for each labelled branch.
    """
    if check:
        require_revisions()
    call_command(get_extension().heads, resolve_dependencies, check=check)


def read_log(
    start: Revision = "base",
    end: Revision = "heads",
    *,
    rev_range: str | None = None,
    indicate_current: bool = False,
) -> None:
    """Read the revisions between two, both ends included.

    :param start: Since this revision.
    :param end: Until this revision.
    :param rev_range: ``START:END`` instead; either may be left out.
    :param indicate_current: Read where the databases are too.
    :raises UsageError: When it is no range, or both ways are used.
    """
    if rev_range and (start, end) != ("base", "heads"):
        raise UsageError(
            "--rev-range and --start or --end exclude each other.", "Use one of them."
        )
    if rev_range:
        if rev_range.count(":") != 1:
            raise UsageError(
                f"{rev_range!r} is not a range.",
                "Write START:END; either may be empty.",
            )
        lower, _, upper = rev_range.partition(":")
        start, end = lower or "base", upper or "heads"
    call_command(get_extension().log, start, end, indicate_current=indicate_current)


def read_revisions(
    revisions: Revision = (),
    *,
    sql: bool = False,
    downgrade: bool = False,
    databases: Strings = (),
    x_arguments: Strings = (),
) -> None:
    """Read some revisions, or the SQL that they would send.

    :param revisions: One or a list; the head for none.
    :param sql: Whether it is the SQL.
    :param downgrade: The SQL that reverts them.
    :param databases: The SQL for these databases only.
    :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
    """
    if not sql:
        get_extension().show(revisions or "head")
        return
    with prints_to_stderr():
        get_extension().revision_sql(
            revisions or "head",
            databases,
            direction="downgrade" if downgrade else "upgrade",
            x_arguments=x_arguments,
        )
