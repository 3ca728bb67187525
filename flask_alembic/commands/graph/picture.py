"""The history as a picture: on the terminal, or in a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...cli.context import get_environment, get_extension
from ...cli.output import current_output, echo, note
from ...cli.text import terminal_width
from ...errors import DatabaseError, UsageError
from ...hooks.history_graph import HistoryGraph, Node
from ...runtime.invocation import mark_printed
from ...script.atomic_write import replace
from .. import graph as graphs
from ..status.status import names_in_short
from . import text

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report

COLOURS = {"applied": "green", "pending": "yellow", "partly": "cyan"}


def draw_graph(
    databases: Sequence[str] = (),
    no_databases: bool = False,
    output: Path | None = None,
    drawing: str | None = None,
) -> None:
    """Draw the history, with what is applied where.

    :param databases: Only these databases.
    :param no_databases: Ask no database.
    :param output: Write to this file instead of the terminal.
    :param drawing: The name of a graph format; text with colours by default.
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
    environment = get_environment()
    formats = graphs.formats_of(environment)
    if drawing is None and output is not None:
        drawing = "text"
    drawn = None if drawing is None else formats[drawing][1]
    history = get_extension().graph(
        databases,
        state=not no_databases,
        operations=chosen != "table" if drawn is None else drawn.operations,
    )
    if drawn is None:
        _require_read(history)
        return
    picture = graphs.draw(environment, history, drawn)
    # It is another format than the one of the view.
    mark_printed()
    if output is None:
        if drawn.is_file and sys.stdout.isatty():
            note(f"This is a file; write it with --output history.{drawn.name}.")
        echo(picture)
    else:
        write(output, picture + "\n")
        note(f"Wrote {output}: {len(history.nodes)} revisions.")
    for name, reason in history.errors.items():
        note(f"{name}: {reason}")
    _require_read(history)


def _require_read(history: HistoryGraph) -> None:
    """Exit with an error after the drawing when a database is missing in it."""
    if history.errors:
        raise DatabaseError(
            f"Cannot be read: {names_in_short('database', list(history.errors))}.",
            "The reason is above. flask db wait --for database waits until it answers.",
        )


def show_graph(report: Report, writer: Writer) -> None:
    """Write the history as text with colours, as wide as the terminal.

    :param report: Its ``data`` holds the ``revisions``, and the ids by database as
        ``databases`` and ``unknown``.
    :param writer: What writes.
    """
    data = report.data
    nodes = tuple(Node(**fields) for fields in data["revisions"])
    history = HistoryGraph(nodes, data["databases"], data["unknown"])
    signs = text.UNICODE if _can_write(text.UNICODE) else text.ASCII
    for line in text.draw(history, signs, terminal_width()):
        writer.line(line.text, fg=COLOURS.get(line.state))
    if not nodes:
        writer.note("There are no revisions yet.")
    legend = text.legend(history, signs)
    if legend:
        writer.note(legend)
    for name, ids in history.unknown.items():
        if ids:
            shown = ", ".join(id_ or "an empty row" for id_ in ids)
            writer.note(
                f"{name}: no revision file matches {shown}; run flask db doctor."
            )
    for name, reason in data["errors"].items():
        writer.note(f"{name}: {reason}")


def _can_write(signs: dict[str, str]) -> bool:
    try:
        "".join(signs.values()).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


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
