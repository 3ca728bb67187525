"""Commands that make and change files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..errors import UsageError
from .completion import BRANCH, REVISION, TEMPLATE
from .options import command, message, rev_id, several

_TEMPLATE = click.option(
    "-t",
    "--template",
    type=TEMPLATE,
    metavar="NAME",
    help="Make new revision files from this template: a name that list-templates "
    "shows, a file, or a folder with a script.py.mako.",
)
_PACKAGE = click.option(
    "--package", is_flag=True, help="Add an empty __init__.py to each folder."
)
_FORCE = click.option("--force", is_flag=True, help="Write it in spite of lint errors.")
_ALLOW_DROP = click.option(
    "--allow-drop",
    is_flag=True,
    help="Also drop tables that no revision has created.",
)


@command("mkdir")
@_TEMPLATE
@_PACKAGE
def mkdir(**options: Any) -> None:
    """Create the migration directory if it does not exist.

    Example: flask db mkdir --package
    """
    from . import base

    base.mkdir(**options)


@command("init")
@_TEMPLATE
@click.option("--multidb", is_flag=True, help="The same as --template several.")
@_PACKAGE
def init(multidb: bool, template: str | None, package: bool) -> None:
    """Create the migration directory; the same as mkdir.

    Example: flask db init -t several
    """
    from . import base

    if multidb and template is not None:
        raise UsageError(
            "--multidb and --template exclude each other.", "Use one of them."
        )
    base.mkdir(package, "several" if multidb else template)


@command("list-templates")
def list_templates() -> None:
    """Show the templates that new revision files can be made from.

    Example: flask db list-templates
    """
    from . import layout

    layout.list_templates()


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
    return options


def _named(name: str, values: tuple[str, ...]) -> Any:
    """Return what a repeatable option gives, and refuse an empty one."""
    if not all(value.strip() for value in values):
        raise UsageError(f"--{name} is empty.", "Name something, or leave it out.")
    return several(values)


@command("revision")
@click.argument("text", required=False, metavar="MESSAGE")
@message
@click.option("--empty", is_flag=True, help="Create empty script.")
@click.option("--autogenerate", is_flag=True, help="Compare models; the default.")
@_place
@rev_id
@_FORCE
@_ALLOW_DROP
def revision(
    text: str | None, message: str | None, autogenerate: bool, **options: Any
) -> None:
    """Generate a new revision.

    Models and databases are compared, and what differs becomes its operations.

    Example: flask db revision "add users"
    """
    from . import base

    if text is not None and message is not None:
        raise UsageError("The message is given twice.", "Give it once.")
    if autogenerate and options["empty"]:
        raise UsageError(
            "--empty and --autogenerate exclude each other.", "Use one of them."
        )
    given = text if text is not None else message
    if given is None or not given.strip():
        raise UsageError(
            "The message is missing.", 'Write: flask db revision "what it does"'
        )
    base.revision(given, **_options(options))


@command("migrate")
@message
@_place
@rev_id
@_FORCE
@_ALLOW_DROP
def migrate(message: str | None, **options: Any) -> None:
    """Generate a new revision by comparing models and databases.

    Example: flask db migrate -m "add users"
    """
    from . import base

    base.revision(message or "", **_options(options))


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
def merge(revisions: tuple[str, ...], label: tuple[str, ...], **options: Any) -> None:
    """Generate a merge revision; joins all heads by default.

    Example: flask db merge -m "join the branches"
    """
    from . import base

    base.merge(list(revisions) or "heads", label=_named("label", label), **options)


@command("edit")
@click.argument("revision", default="head", type=REVISION)
def edit(revision: str) -> None:
    """Open the file of a revision in an editor.

    Example: flask db edit head
    """
    from . import base

    base.edit(revision)


COMMANDS = (mkdir, init, list_templates, revision, migrate, merge, edit)
"""What this module adds to the group."""
