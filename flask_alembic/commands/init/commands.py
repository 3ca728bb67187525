"""The Click commands ``flask db init``, ``mkdir`` and ``list-templates``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from ...cli.base_command import command
from ...cli.context import get_extension
from ...cli.params import Offered
from ...errors import UsageError
from ...runtime.overrides import call_command

if TYPE_CHECKING:
    from ...runtime.environment import Environment

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType


class TemplateName(Offered):
    """The name of a template, or a file."""

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return the templates that there are, those of plugins included."""
        from .scaffold import templates_of

        for template in templates_of(environment).values():
            yield template.name, template.about

    def _complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        completions = super()._complete(ctx, incomplete)
        return completions or [CompletionItem(incomplete, type="file")]


TEMPLATE = TemplateName()

_TEMPLATE = click.option(
    "-t",
    "--template",
    type=TEMPLATE,
    metavar="NAME",
    help="Use this template for new revision files: a name that list-templates shows, "
    "a file, or a folder with a script.py.mako.",
)
_PACKAGE = click.option(
    "--package", is_flag=True, help="Add an empty __init__.py to each folder."
)


@command("mkdir")
@_TEMPLATE
@_PACKAGE
def mkdir(template: str | None, package: bool) -> None:
    """Create the migration directory if it does not exist.

    Example: flask db mkdir --package
    """
    call_command(get_extension().mkdir, package=package, template=template)


@command("init")
@_TEMPLATE
@click.option("--multidb", is_flag=True, help="The same as --template multidb.")
@_PACKAGE
def init(multidb: bool, template: str | None, package: bool) -> None:
    """Create the migration directory; the same as mkdir.

    Example: flask db init -t multidb
    """
    if multidb and template is not None:
        raise UsageError(
            "--multidb and --template exclude each other.", "Use one of them."
        )
    call_command(
        get_extension().mkdir,
        package=package,
        template="multidb" if multidb else template,
    )


@command("list-templates")
def list_templates() -> None:
    """Show the templates for new revision files.

    Example: flask db list-templates
    """
    get_extension().list_templates()
