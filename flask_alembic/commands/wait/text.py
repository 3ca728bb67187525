"""What ``flask db wait`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_wait(report: Report, writer: Writer) -> None:
    """Write the state of each database.

    :param report: Its ``data`` holds the ``states``.
    :param writer: What writes.
    """
    states: dict[str, str] = report.data["states"]
    writer.line("; ".join(f"{name} is {state}" for name, state in states.items()))
