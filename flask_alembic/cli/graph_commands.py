"""The command that draws the history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .commands import AlembicCommand
from .completion import FormatName
from .graphs import FORMATS
from .options import databases


class GraphCommand(AlembicCommand):
    """A command whose ``--format`` can be a kind of drawing too.

    A drawing is made from the graph itself, not from a report, so it is no format
    for other commands.
    """

    more_formats = tuple(FORMATS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in self.params:
            if parameter.name == "format_" and isinstance(parameter, click.Option):
                parameter.type = FormatName(*FORMATS)
                parameter.help = (
                    f"Draw as table (text), {', '.join(FORMATS)}; or write the report "
                    "as json, jsonl or what a plugin adds."
                )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the callback; a drawing is its words."""
        if ctx.params.get("format_") in FORMATS:
            ctx.params["drawing"] = ctx.params.pop("format_")
        return super().invoke(ctx)


@click.command("graph", cls=GraphCommand)
@databases
@click.option(
    "--no-databases",
    is_flag=True,
    help="Draw the history alone; no database is asked.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file.",
)
def graph(**options: Any) -> None:
    """Draw the history, the newest revision first, with what is applied where.

    --format mermaid, dot, svg or html makes something else of it than text; the page
    is one file that needs no network, and can be searched and zoomed.

    Example: flask db graph --format html --output history.html
    """
    from . import drawing

    drawing.graph(**options)


COMMANDS = (graph,)
"""What this module adds to the group."""
