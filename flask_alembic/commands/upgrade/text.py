"""What ``flask db upgrade``, ``downgrade``, ``stamp`` and ``plan`` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...cli import text
from ..check.text import write_problems

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_run(report: Report, writer: Writer) -> None:
    """Write what a run did, or its SQL, or its plan.

    :param report: Its ``result`` is written.
    :param writer: What writes.
    """
    result = report.result
    assert result is not None
    if result.run.mode == "sql":
        writer.line(result.sql or "")
    elif result.run.mode == "plan":
        writer.line(text.steps(result.run.plan) or "Nothing to do.")
    else:
        write_problems(report.problems, writer.note)
        writer.line(text.outcome(result))
