"""The command that draws the history."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from ...cli.base_command import AlembicCommand, databases, errors_shown
from ...cli.params import FormatName

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ...cli.base_command import CommandOptions
    from ...runtime.environment import Environment


class DrawingName(FormatName):
    """The name of a format, or of a way to draw the history."""

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return the formats of every command, and those of the graph."""
        from . import formats_of

        yield from super().offers(environment)
        for name, (_, offered) in formats_of(environment).items():
            yield name, offered.help


class GraphCommand(AlembicCommand):
    """A command whose ``--format`` can be a kind of drawing too.

    A drawing is made from the graph itself, not from a report, so it is no format
    for other commands.
    """

    def __init__(
        self, name: str | None = None, **options: Unpack[CommandOptions]
    ) -> None:
        super().__init__(name, **options)
        for parameter in self.params:
            if parameter.name == "format_" and isinstance(parameter, click.Option):
                parameter.type = DrawingName()
                parameter.help = (
                    "Draw as table (text with colours), text, mermaid, dot, svg, html; "
                    "or write the report as json, jsonl. Plugins add more of both."
                )

    def invoke(self, ctx: click.Context) -> object:
        """Run the callback; a drawing is its words."""
        chosen = ctx.params.get("format_", "table")
        if chosen != "table":
            with errors_shown(ctx.params.get("traceback", False)):
                is_drawing = with_appcontext(_is_drawing)(chosen)
            if is_drawing:
                ctx.params["drawing"] = ctx.params.pop("format_")
        return super().invoke(ctx)


def _is_drawing(name: str) -> bool:
    """Return whether a format is a drawing, and not one of reports.

    :raises UsageError: When it is neither.
    """
    from ...cli.context import get_environment
    from ...cli.output import resolve_format
    from . import formats_of

    environment = get_environment()
    drawings = formats_of(environment)
    if name in drawings:
        return True
    resolve_format(environment, name, list(drawings))
    return False


@click.command("graph", cls=GraphCommand)
@databases
@click.option(
    "--no-databases",
    is_flag=True,
    help="Draw the history only; no database is connected.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file.",
)
def graph(
    databases: tuple[str, ...],
    no_databases: bool,
    output: Path | None,
    drawing: str | None = None,
) -> None:
    """Draw the history, the newest revision first, with what is applied where.

    --format mermaid, dot, svg or html draws it in another form; the page is one file
    that needs no network and can be searched and zoomed.

    Example: flask db graph --format html --output history.html
    """
    from . import picture

    picture.draw_graph(databases, no_databases, output, drawing)
