"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click

from .commands import AlembicCommand
from .completion import DATABASE

F = TypeVar("F", bound=Callable[..., Any])

command = partial(click.command, cls=AlembicCommand)
"""Declares a command of ours."""

databases = click.option(
    "--database",
    "databases",
    multiple=True,
    type=DATABASE,
    metavar="NAME",
    help="Only this database; may be repeated.",
)

verbose = click.option("-v", "--verbose", is_flag=True, help="Show more about each.")

verbosity = click.option(
    "-v",
    "--verbose",
    "verbosity",
    count=True,
    help="Show files and transactions too; -vv the SQL statements as they are sent.",
)

x_arguments = click.option(
    "-x",
    "--x-arg",
    "x_arguments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Passed on to context.get_x_argument(); may be repeated.",
)

rev_id = click.option("--rev-id", metavar="ID", help="Use this id for the revision.")

message = click.option("-m", "--message", metavar="TEXT", help="What it is about.")


def several(value: tuple[str, ...]) -> Any:
    """Return what a repeatable option gives: nothing, one or a list.

    :param value: The values.
    """
    if not value:
        return None
    return value[0] if len(value) == 1 else list(value)
