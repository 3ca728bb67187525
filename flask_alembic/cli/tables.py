"""Tables that fit the terminal: columns where there is room, else a block a row."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import zip_longest

from . import render
from .live import width_of
from .output import echo


def show(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    colours: Sequence[str] = (),
) -> None:
    """Write rows under the names of their columns.

    :param header: The names of the columns.
    :param rows: The cells.
    :param colours: The colour of each row, for a terminal.
    """
    lines = render.table(header, rows).splitlines()
    width = terminal_width()
    if width is not None and max(map(len, lines)) > width:
        _show_blocks(header, rows, colours)
        return
    echo(lines[0], bold=True)
    for line, colour in zip_longest(lines[1:], colours):
        echo(line, fg=colour)


def _show_blocks(
    header: Sequence[str], rows: Sequence[Sequence[object]], colours: Sequence[str]
) -> None:
    widest = max(map(len, header))
    for number, (row, colour) in enumerate(zip_longest(rows, colours)):
        if number:
            echo()
        for name, cell in zip(header, row, strict=True):
            echo(f"{name.ljust(widest)}  {cell}", fg=colour)


def terminal_width() -> int | None:
    """Return how many columns stdout has; ``None`` where it is no terminal.

    A pipe and a file get whole lines, whatever terminal is behind them.
    """
    return width_of(sys.stdout) if sys.stdout.isatty() else None
