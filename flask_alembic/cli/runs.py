"""Running migrations at a terminal: asking first, showing how it goes and what was done."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import click

from . import render
from .base import get_extension
from .output import echo, prints_to_stderr


def confirm_downgrade(target: Any, options: Mapping[str, Any]) -> None:
    """Show a person at a terminal what would be undone, and ask whether to go on.

    :param target: The revision to go down to.
    :param options: As for :meth:`flask_alembic.Alembic.downgrade`.
    :raises Abort: When they do not want to.
    """
    if options.get("mode", "online") != "online" or not sys.stdin.isatty():
        return
    plan = get_extension().downgrade(target, **{**options, "mode": "plan"})
    if plan.run.plan:
        echo("This will be undone, and data in it may be lost:")
        echo(render.steps(plan.run.plan))
        click.confirm("Go on?", abort=True, err=True)


def run(command: str, target: Any, options: Mapping[str, Any]) -> None:
    """Run migrations, and write what was done, or the SQL, or the plan.

    :param command: ``upgrade``, ``downgrade`` or ``stamp``.
    :param target: The revision to go to.
    :param options: As for :meth:`flask_alembic.Alembic.upgrade`.
    """
    from .progress import shown

    # SQL is redirected to a file, so nothing else may be written there.
    keep = prints_to_stderr if options.get("mode") == "sql" else nullcontext
    with keep(), shown():
        result = getattr(get_extension(), command)(target, **options)
    if result.run.mode == "sql":
        echo(result.sql or "")
    elif result.run.mode == "plan":
        echo(render.steps(result.run.plan) or "Nothing to do.")
    else:
        echo(render.outcome(result))
