"""What hooks hand over from higher floors: only what a plugin may use of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ReportWriter(Protocol):
    """What a report view writes with: :class:`flask_alembic.cli.Writer`."""

    @property
    def verbosity(self) -> int:
        """How often ``-v`` was given."""

    def line(
        self,
        text: str = "",
        *,
        fg: str | None = None,
        bg: str | None = None,
        bold: bool | None = None,
        dim: bool | None = None,
    ) -> None:
        """Write a line of the result to stdout.

        :param text: The line.
        :param fg: Its colour, one of those of :func:`click.style`.
        :param bg: The colour behind it.
        :param bold: Whether it is bold.
        :param dim: Whether it is dim.
        """

    def note(
        self,
        text: str,
        *,
        fg: str | None = None,
        bg: str | None = None,
        bold: bool | None = None,
        dim: bool | None = None,
    ) -> None:
        """Write a line that is no result to stderr.

        :param text: The line.
        :param fg: Its colour, one of those of :func:`click.style`.
        :param bg: The colour behind it.
        :param bold: Whether it is bold.
        :param dim: Whether it is dim.
        """

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[object]],
        colours: Sequence[str] = (),
    ) -> None:
        """Write a table to stdout.

        :param header: The names of the columns.
        :param rows: The cells of each row.
        :param colours: The colour of each row.
        """
