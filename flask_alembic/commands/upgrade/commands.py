"""Commands that change databases, and what they ask before they do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from ...cli import text
from ...cli.base_command import command, databases, verbosity, x_arguments
from ...cli.context import get_extension, require_revisions
from ...cli.output import echo, note, prints_to_stderr, shown
from ...cli.params import REVISION
from ...errors import UsageError
from ...runtime.overrides import call_command, takes

if TYPE_CHECKING:
    from ...cli.extension_api import Revision, Strings
    from ...hooks.payloads import Mode, ModeName, RunResult

_no_lock = click.option("--no-lock", is_flag=True, help="Do not take the lock.")
_sql = click.option("--sql", is_flag=True, help="Write SQL instead of running it.")
_plan = click.option("--plan", is_flag=True, help="Only show the steps.")
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Run everything and roll it back."
)
_tag = click.option("--tag", help="Passed to context.get_tag_argument().")
_resume = click.option(
    "--resume",
    is_flag=True,
    help="Resume a partially applied revision (MySQL, MariaDB).",
)
_last_statement = click.option(
    "--last-statement-applied/--last-statement-not-applied",
    default=None,
    help="With --resume: whether the interrupted statement took effect.",
)
_force = click.option(
    "--force", is_flag=True, help="Run although ALEMBIC['protected'] is set."
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
    if options.get("last_statement_applied") is not None and not options["resume"]:
        raise UsageError(
            "--last-statement-applied and --last-statement-not-applied are answers for --resume.",
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
    _last_statement,
    _tag,
    x_arguments,
    verbosity,
)
def upgrade(target: str, **options: Any) -> None:
    """Run migrations to upgrade the database.

    TARGET is a revision, +N for a number of steps, or heads.

    Example: flask db upgrade --plan
    """
    run_upgrade(_target(target), **_request(options))


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
    _last_statement,
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
    run_downgrade(_target(target), yes=yes, **_request(options))


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
    run_stamp(_target(target), **_request(options))


@command("plan", context_settings={"ignore_unknown_options": True})
@click.argument("target", default="heads", type=REVISION)
@_take(databases)
def plan(target: str, **options: Any) -> None:
    """Show the steps that an upgrade would run; nothing is executed.

    Example: flask db plan +1
    """
    run_upgrade(_target(target), **_request({**options, "plan": True}))


def _target(target: Revision) -> Revision:
    if isinstance(target, str) and target.startswith("-") and not target[1:].isdigit():
        raise UsageError(
            f"There is no option {target!r}.", "Use --help to see the options."
        )
    return target


# What they do; the base functions of flask_alembic.cli.base do the same.


def run_upgrade(
    target: Revision = "heads",
    *,
    mode: Mode | ModeName = "online",
    databases: Strings = (),
    lock: bool = True,
    resume: bool = False,
    last_statement_applied: bool | None = None,
    tag: str | None = None,
    x_arguments: Strings = (),
) -> None:
    """Run migrations to upgrade databases, and show their progress.

    The arguments are those of :meth:`flask_alembic.Alembic.upgrade`.

    :raises UsageError: When there is no revision file, but for a project that has none
        anywhere yet.
    """
    with _with_revisions(mode), _shown(mode):
        call_command(
            get_extension().upgrade,
            target,
            mode=mode,
            databases=databases,
            lock=lock,
            resume=resume,
            last_statement_applied=last_statement_applied,
            tag=tag,
            x_arguments=x_arguments,
        )


def run_downgrade(
    target: Revision = -1,
    *,
    yes: bool = True,
    mode: Mode | ModeName = "online",
    databases: Strings = (),
    lock: bool = True,
    force: bool = False,
    resume: bool = False,
    last_statement_applied: bool | None = None,
    tag: str | None = None,
    x_arguments: Strings = (),
) -> None:
    """Run migrations to downgrade databases, and show their progress.

    The other arguments are those of :meth:`flask_alembic.Alembic.downgrade`.

    :param yes: Do not ask. Without it a person at a terminal sees the plan first.
    :raises UsageError: When there is no revision file.
    :raises Abort: When the person does not want to.
    """
    require_revisions()

    def downgrade(mode: Mode | ModeName) -> RunResult:
        result: RunResult = call_command(
            get_extension().downgrade,
            target,
            mode=mode,
            databases=databases,
            lock=lock,
            force=force,
            resume=resume,
            last_statement_applied=last_statement_applied,
            tag=tag,
            x_arguments=x_arguments,
        )
        return result

    if not yes and mode == "online" and sys.stdin.isatty():
        extension = get_extension()
        _confirm(
            downgrade("plan")
            if takes(extension.downgrade, "mode")
            else extension.plan(target, direction="downgrade", databases=databases)
        )
    with _shown(mode):
        downgrade(mode)


def _confirm(plan: RunResult) -> None:
    """Show which revisions would be reverted, and ask for confirmation."""
    if plan.run.plan:
        echo("These revisions will be reverted; data may be lost:")
        echo(text.steps(plan.run.plan))
        click.confirm("Continue?", abort=True, err=True)


def run_stamp(
    target: Revision = "heads",
    *,
    purge: bool = False,
    force: bool = False,
    mode: Mode | ModeName = "online",
    databases: Strings = (),
    lock: bool = True,
    tag: str | None = None,
    x_arguments: Strings = (),
) -> None:
    """Set the current revision of databases without running migrations.

    The arguments are those of :meth:`flask_alembic.Alembic.stamp`.

    :raises UsageError: When there is no revision file, but for ``base`` and for a
        project that has none anywhere yet.
    """
    needed = nullcontext() if target == "base" else _with_revisions(mode)
    with needed, _shown(mode):
        call_command(
            get_extension().stamp,
            target,
            purge=purge,
            force=force,
            mode=mode,
            databases=databases,
            lock=lock,
            tag=tag,
            x_arguments=x_arguments,
        )


@contextmanager
def _with_revisions(mode: Mode | ModeName) -> Iterator[None]:
    """Refuse a folder that was forgotten; a new project may start its app like any.

    A database that revisions were applied to is refused by the run itself, as none of
    them has a file. SQL is written without looking at one.
    """
    has_files = require_revisions(allow_new=mode != "sql")
    yield
    if not has_files:
        note("There are no revision files yet. Create one with flask db revision.")


@contextmanager
def _shown(mode: Mode | ModeName) -> Iterator[None]:
    """Show the progress of what runs inside; keep stdout for SQL where it is written."""
    if mode == "sql":
        # It is redirected to a file, so nothing else may be written there.
        with prints_to_stderr(), shown():
            yield
    else:
        with shown():
            yield
