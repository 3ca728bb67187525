"""What ``flask db check`` prints, and how every command prints problems."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Problem, Report
    from ...schema.diff import Difference

COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}

FIX_LISTED = "Fix what is listed, then run the command again."


class WriteLine(Protocol):
    """What writes a line: :meth:`Writer.line` or :meth:`Writer.note`."""

    def __call__(self, text: str, *, fg: str | None = None) -> None:
        """Write a line in a colour."""


def show_check(report: Report, writer: Writer) -> None:
    """Write in what models and databases differ, and other problems.

    :param report: Its ``problems`` and ``data`` are written.
    :param writer: What writes.
    """
    # A single reason is the error itself; it is not written twice.
    error = sole_error(report.problems, report.diffs)
    write_problems([each for each in report.problems if each is not error], writer.line)
    differences: Mapping[str, Sequence[Difference]] = report.data["differences"]
    for name, texts in differences.items():
        writer.line(f"Database {name!r} differs from the models:")
        for each in texts:
            writer.line(f"  - {each.text}")
        writer.line("A revision would hold:\n")
        writer.line(textwrap.indent(report.data["operations"][name], "    "))
    for name, reason in report.data.get("alembic_only", {}).items():
        writer.note(f"Database {name!r} was compared by Alembic alone: {reason}")
    if report.ok:
        writer.line("No changes detected.")


def sole_error(
    problems: Iterable[Problem], diffs: Mapping[str, tuple[object, ...]]
) -> Problem | None:
    """Return the error that alone makes a check fail; ``None`` if there is more.

    :param problems: What the check found.
    :param diffs: In what models and databases differ.
    """
    errors = [each for each in problems if each.severity == "error"]
    return errors[0] if len(errors) == 1 and not diffs else None


def listed(errors: Sequence[Problem]) -> str:
    """Return how many errors were found.

    :param errors: The errors, which a view has listed.
    """
    noun = "error" if len(errors) == 1 else "errors"
    return f"Found {len(errors)} {noun} (listed above)"


def write_problems(problems: Iterable[Problem], write: WriteLine) -> None:
    """Write problems, each with where it is and what to do.

    :param problems: The problems.
    :param write: What writes a line.
    """
    for each in problems:
        where = ""
        if each.path is not None and str(each.path) not in each.message:
            where = f"{each.path}{f':{each.line}' if each.line else ''}: "
        write(
            f"{each.severity}: {where}{each.code}: {each.message}",
            fg=COLOURS[each.severity],
        )
        if each.advice:
            write(textwrap.indent(each.advice, "  "))
