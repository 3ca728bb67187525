"""Base function that draws the history."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment.replacement import replace
from ..errors import UsageError
from . import graphs
from .base import get_extension
from .graphs import text
from .output import current_output, echo, note
from .tables import terminal_width

if TYPE_CHECKING:
    from ..commands.graphing import HistoryGraph

COLOURS = {"applied": "green", "pending": "yellow", "partly": "cyan"}


def graph(
    databases: Sequence[str] = (),
    no_databases: bool = False,
    output: Path | None = None,
    drawing: str | None = None,
) -> None:
    """Draw the history, with what is applied where.

    :param databases: Only these databases.
    :param no_databases: Ask no database.
    :param output: Write to this file instead of the terminal.
    :param drawing: ``mermaid``, ``dot``, ``svg`` or ``html``; text by default.
    """
    chosen = current_output().format
    if output is not None and chosen != "table":
        raise UsageError(
            f"--output is for drawings; --format {chosen} is a report.",
            "Redirect it: flask db graph --format "
            f"{chosen} > {output.name}, or choose another format.",
        )
    if no_databases and databases:
        raise UsageError(
            "--no-databases and --database exclude each other.",
            "Leave one of them out.",
        )
    found = get_extension().graph(
        databases,
        state=not no_databases,
        # Text and Mermaid show none; everything else does.
        operations=drawing != "mermaid" if drawing else chosen != "table",
    )
    if drawing is None and output is None:
        _show(found)
        return
    made = graphs.draw(found, drawing) if drawing else _as_text(found)
    if output is None:
        echo(made)
        return
    write(output, made + "\n")
    note(f"Wrote {output}: {len(found.nodes)} revisions.")


def _show(found: HistoryGraph) -> None:
    signs = text.UNICODE if _can_write(text.UNICODE) else text.ASCII
    for line in text.draw(found, signs, terminal_width()):
        echo(line.text, fg=COLOURS.get(line.state))
    if not found.nodes:
        note("There are no revisions yet.")
    legend = text.legend(found, signs)
    if legend:
        note(legend)
    for name, ids in found.unknown.items():
        if ids:
            note(
                f"{name}: no file has {', '.join(ids)}; see what flask db doctor says."
            )


def _can_write(signs: dict[str, str]) -> bool:
    try:
        "".join(signs.values()).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _as_text(found: HistoryGraph) -> str:
    return "\n".join(line.text for line in text.draw(found))


def write(path: Path, content: str) -> None:
    """Write a file as a whole or not at all; one that is there is replaced.

    :param path: Where to.
    :param content: All of it, written as UTF-8.
    :raises UsageError: When it cannot be written.
    """
    try:
        replace(path, content.encode())
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Name a file in a folder that is there and can be written to.",
        ) from error
