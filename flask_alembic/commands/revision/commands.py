"""The Click commands that write revision files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ...cli.base_command import command, message, rev_id, several
from ...cli.context import get_extension
from ...cli.params import BRANCH, REVISION
from ...cli.questions import asking
from ...errors import UsageError
from ...runtime.arguments import parse_items
from ...runtime.overrides import call_command

_FORCE = click.option("--force", is_flag=True, help="Write it despite lint errors.")
_ALLOW_DROP = click.option(
    "--allow-drop",
    is_flag=True,
    help="Also drop tables that no revision has created.",
)
_RENAME = click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD:NEW",
    help="What was renamed, as table.old:new for a column, old:new for a table or "
    "type.old:new for an enum value; repeatable.",
)


def _renames(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return the new names by the old ones."""
    renames: dict[str, str] = {}
    for pair in pairs:
        old, _, new = pair.partition(":")
        if not old or not new:
            raise UsageError(
                f"{pair!r} is no rename.", "Write --rename old:new, with both names."
            )
        if renames.setdefault(old, new) != new:
            raise UsageError(f"{old!r} is renamed twice.", "Give it one new name.")
    return renames


_NO_PROVE = click.option(
    "--no-prove",
    is_flag=True,
    help="Do not run it on a scratch database first.",
)
_KEEP = click.option(
    "--keep", is_flag=True, help="Leave the file although its proof fails."
)


def _place(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where a revision goes."""
    for option in (
        click.option("--path", "--version-path", "path", help="Where to store it."),
        click.option(
            "-l",
            "--label",
            "--branch-label",
            "label",
            multiple=True,
            help="Label(s) to apply to the revision.",
        ),
        click.option(
            "-d",
            "--depend",
            "--depends-on",
            "depend",
            multiple=True,
            type=REVISION,
            metavar="REVISION",
            help="Revision(s) this revision depends on.",
        ),
        click.option("--splice", is_flag=True, help="Allow non-head parent revision."),
        click.option(
            "-p",
            "--parent",
            "--head",
            "parent",
            multiple=True,
            type=REVISION,
            metavar="REVISION",
            help="Parent revision(s) of this revision.",
        ),
        click.option(
            "-b",
            "--branch",
            default="default",
            type=BRANCH,
            help="Use this independent branch.",
        ),
    ):
        function = option(function)
    return function


def _options(options: dict[str, Any]) -> dict[str, Any]:
    for name in ("label", "depend", "parent"):
        options[name] = _named(name, options[name])
    options["parent"] = options["parent"] or "head"
    options["prove"] = not options.pop("no_prove")
    return options


def _named(name: str, values: str | tuple[str, ...] | None) -> str | list[str] | None:
    """Return what a repeatable option gives, and refuse an empty one."""
    given = (values,) if isinstance(values, str) else values or ()
    if not all(value.strip() for value in given):
        raise UsageError(f"--{name} is empty.", "Name something, or leave it out.")
    return several(values)


@command("revision")
@click.argument("words", required=False, metavar="MESSAGE")
@message
@click.option("--empty", is_flag=True, help="Write an empty revision.")
@click.option("--autogenerate", is_flag=True, help="Compare the models; the default.")
@_place
@rev_id
@_FORCE
@_ALLOW_DROP
@_RENAME
@_NO_PROVE
@_KEEP
def revision(
    words: str | None,
    message: str | None,
    autogenerate: bool,
    renames: tuple[str, ...],
    **options: Any,
) -> None:
    """Generate a new revision.

    Models and databases are compared; the differences become its operations.

    Example: flask db revision "add users"
    """
    if words is not None and message is not None:
        raise UsageError("The message is given twice.", "Give it once.")
    if autogenerate and options["empty"]:
        raise UsageError(
            "--empty and --autogenerate exclude each other.", "Use one of them."
        )
    if renames and options["empty"]:
        raise UsageError(
            "--empty and --rename exclude each other.",
            "Renames are found by comparing; leave out --empty.",
        )
    given = words if words is not None else message
    if given is None or not given.strip():
        raise UsageError(
            "The message is missing.", 'Write: flask db revision "what it does"'
        )
    with asking():
        call_command(
            get_extension().revision,
            given,
            renames=_renames(renames),
            **_options(options),
        )


@command("migrate")
@message
@_place
@rev_id
@_FORCE
@_ALLOW_DROP
@_RENAME
@_NO_PROVE
@_KEEP
def migrate(message: str | None, renames: tuple[str, ...], **options: Any) -> None:
    """Generate a new revision by comparing models and databases.

    Example: flask db migrate -m "add users"
    """
    with asking():
        call_command(
            get_extension().revision,
            message or "",
            renames=_renames(renames),
            **_options(options),
        )


@command("merge")
@click.argument("revisions", nargs=-1, type=REVISION)
@message
@click.option(
    "-l",
    "--label",
    "--branch-label",
    "label",
    multiple=True,
    help="Label(s) to apply to the revision.",
)
@rev_id
def merge(
    revisions: str | tuple[str, ...],
    message: str | None,
    label: tuple[str, ...],
    rev_id: str | None,
) -> None:
    """Generate a merge revision; joins all heads by default.

    Example: flask db merge -m "join the branches"
    """
    call_command(
        get_extension().merge,
        list(parse_items("revisions", revisions)) or "heads",
        message,
        _named("label", label),
        rev_id=rev_id,
    )


@command("edit")
@click.argument("revision", default="head", type=REVISION)
def edit(revision: str) -> None:
    """Open the file of a revision in an editor.

    Example: flask db edit head
    """
    get_extension().edit(revision)
