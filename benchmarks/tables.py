"""Results as tables: in the terminal, in Markdown, and for the docs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Rows = dict[str, dict[str, float]]


@dataclass
class Table:
    """What was measured of one thing.

    :param title: What.
    :param unit: Of the numbers.
    :param base: The column that the ratios in parentheses refer to, if any.
    :param rows: Numbers by row and column.
    :param note: What a reader has to know.
    """

    title: str
    unit: str
    base: str | None = None
    rows: Rows = field(default_factory=dict)
    note: str = ""

    def put(self, row: str, column: str, number: float) -> None:
        """Add a number.

        :param row: The name of the row.
        :param column: The name of the column.
        :param number: In the table's unit.
        """
        self.rows.setdefault(row, {})[column] = number

    def columns(self) -> list[str]:
        """Return the names of the columns, in the order they came in."""
        return list(dict.fromkeys(name for row in self.rows.values() for name in row))

    def cell(self, row: str, column: str) -> str:
        """Return a number and its ratio to the base.

        :param row: The name of the row.
        :param column: The name of the column.
        """
        number = self.rows[row].get(column)
        if number is None:
            return "-"
        base = self.rows[row].get(self.base) if self.base else None
        text = _short(number)
        if not base or column == self.base:
            return text
        return f"{text} (x {_short(number / base)})"

    def grid(self) -> list[list[str]]:
        """Return the table as texts, the heading first."""
        columns = self.columns()
        lines = [["", *columns]]
        for row in self.rows:
            lines.append([row, *(self.cell(row, column) for column in columns)])
        return lines

    def caption(self) -> str:
        """Return the title, with the unit and what the ratios refer to."""
        ratio = f"; in parentheses: against *{self.base}*" if self.base else ""
        return f"{self.title} ({self.unit}{ratio})"


def _short(number: float) -> str:
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def rst(tables: Iterable[Table], heading: Sequence[str]) -> str:
    """Return reStructuredText.

    :param tables: The tables.
    :param heading: Lines about the machine and the versions.
    """
    lines = [".. Written by benchmarks/run.py --rst.", "", *heading, ""]
    for table in tables:
        lines += [f".. list-table:: {table.caption()}", "    :header-rows: 1", ""]
        for row in table.grid():
            for number, cell in enumerate(row):
                lines.append(f"    {'*' if number == 0 else ' '} - {cell}".rstrip())
        lines.append("")
        if table.note:
            lines += [table.note, ""]
    return "\n".join(lines)


def markdown(tables: Iterable[Table], heading: Sequence[str]) -> str:
    """Return Markdown.

    :param tables: The tables.
    :param heading: Lines about the machine and the versions.
    """
    lines = [*heading, ""]
    for table in tables:
        lines += [table.caption(), ""]
        first, *others = table.grid()
        lines += [_line(first), _line(["---"] * len(first)), *map(_line, others), ""]
        if table.note:
            lines += [table.note, ""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def plain(table: Table) -> str:
    """Return a table for the terminal.

    :param table: The table.
    """
    grid = table.grid()
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    lines = [table.caption()]
    for row in grid:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, ""])


def to_json(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Return tables as plain data.

    :param tables: The tables.
    """
    return [asdict(table) for table in tables]


def from_json(found: Iterable[dict[str, Any]]) -> list[Table]:
    """Return the tables that :func:`to_json` made into data.

    :param found: The data.
    """
    return [Table(**table) for table in found]
