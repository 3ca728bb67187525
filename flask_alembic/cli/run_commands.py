"""Commands that change databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..errors import UsageError
from .completion import REVISION
from .options import command, databases, verbosity, x_arguments

_no_lock = click.option("--no-lock", is_flag=True, help="Do not take the lock.")
_sql = click.option("--sql", is_flag=True, help="Write SQL instead of running it.")
_plan = click.option("--plan", is_flag=True, help="Show the steps only.")
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Run everything and roll it back."
)
_tag = click.option("--tag", help="Passed on to context.get_tag_argument().")
_resume = click.option(
    "--resume",
    is_flag=True,
    help="Go on with a revision that is half in effect (MySQL, MariaDB).",
)
_happened = click.option(
    "--happened/--not-happened",
    default=None,
    help="With --resume: whether the statement that was at work when the process ended "
    "is in effect.",
)
_force = click.option(
    "--force", is_flag=True, help="Go on although ALEMBIC['protected'] is set."
)


def _request(options: dict[str, Any]) -> dict[str, Any]:
    """Turn the flags of a command into the fields of a request."""
    modes = [
        mode
        for flag, mode in (("sql", "sql"), ("plan", "plan"), ("dry_run", "dry-run"))
        if options.pop(flag, False)
    ]
    if len(modes) > 1:
        raise UsageError(
            f"--{modes[0]} and --{modes[1]} exclude each other.", "Use one of them."
        )
    if options.get("happened") is not None and not options["resume"]:
        raise UsageError(
            "--happened and --not-happened are answers for --resume.",
            "Add --resume, or leave them out.",
        )
    if modes == ["sql"] and options.get("resume"):
        raise UsageError(
            "--sql and --resume exclude each other.",
            "Use --resume on the database that stopped half way.",
        )
    options["mode"] = modes[0] if modes else "online"
    options["lock"] = not options.pop("no_lock", False)
    options["x_arguments"] = tuple(options.pop("x_arguments", ()))
    return options


def _take(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Apply decorators in the order in which help shows them."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


@command("upgrade", context_settings={"ignore_unknown_options": True})
@click.argument("target", default="heads", type=REVISION)
@_take(
    databases,
    _plan,
    _dry_run,
    _sql,
    _no_lock,
    _resume,
    _happened,
    _tag,
    x_arguments,
    verbosity,
)
def upgrade(target: str, **options: Any) -> None:
    """Run migrations to upgrade the database.

    TARGET is a revision, +N for a number of steps, or heads.

    Example: flask db upgrade --plan
    """
    from . import base

    base.upgrade(_target(target), **_request(options))


@command("downgrade", context_settings={"ignore_unknown_options": True})
@click.argument("target", default="-1", type=REVISION)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@_take(
    databases,
    _plan,
    _dry_run,
    _sql,
    _no_lock,
    _resume,
    _happened,
    _force,
    _tag,
    x_arguments,
    verbosity,
)
def downgrade(target: str, yes: bool, **options: Any) -> None:
    """Run migrations to downgrade the database.

    TARGET is a revision, -N for a number of steps, or base. At a terminal the plan
    is shown first.

    Example: flask db downgrade -1 --yes
    """
    from . import base

    base.downgrade(_target(target), yes, **_request(options))


@command("stamp")
@click.argument("target", default="heads", type=REVISION)
@click.option(
    "--purge", is_flag=True, help="Delete what the version table holds first."
)
@_take(databases, _plan, _sql, _no_lock, _force, _tag, x_arguments, verbosity)
def stamp(target: str, **options: Any) -> None:
    """Set the current revision without running migrations.

    Example: flask db stamp head
    """
    from . import base

    base.stamp(_target(target), **_request(options))


@command("plan", context_settings={"ignore_unknown_options": True})
@click.argument("target", default="heads", type=REVISION)
@_take(databases)
def plan(target: str, **options: Any) -> None:
    """Show the steps that an upgrade would run; nothing is executed.

    Example: flask db plan +1
    """
    from . import base

    base.upgrade(_target(target), **_request({**options, "plan": True}))


def _target(target: str) -> str:
    if target.startswith("-") and not target[1:].isdigit():
        raise UsageError(
            f"There is no option {target!r}.", "Use --help to see the options."
        )
    return target


COMMANDS = (upgrade, downgrade, stamp, plan)
"""What this module adds to the group."""
