"""What ``flask db lint`` prints: findings by file, counts by rule, one summary line."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .findings import RANK
from .rules import RULES

if TYPE_CHECKING:
    from flask_alembic.hooks import Problem, Report, ReportWriter

COLOURS: Final = {"error": "red", "warning": "yellow", "info": "cyan"}


def show_lint(report: Report, writer: ReportWriter) -> None:
    """Write what all linters found.

    :param report: Its ``problems`` are written; ``scripts`` are the revisions that were
        looked at.
    :param writer: What writes.
    """
    files: dict[str, list[Problem]] = {}
    for problem in report.problems:
        files.setdefault(_place(problem), []).append(problem)
    for place, problems in files.items():
        writer.line(f"{place}: {severities(problems)}", bold=True)
        for cause in causes(problems):
            _write(cause, writer)
        writer.line()
    for line in by_rule(report.problems):
        writer.line(line)
    revisions = len({problem.revision for problem in report.problems})
    total = len(report.scripts)
    noun = "revision" if total == 1 else "revisions"
    if report.problems:
        found = severities(report.problems)
        writer.line(f"{found} in {revisions} of {total} {noun}.")
    else:
        writer.line(f"No problems in {total} {noun}.")


def causes(problems: Iterable[Problem]) -> Iterator[list[Problem]]:
    """Give the problems of a file, those that have one cause together.

    They are of one rule and say the same, as in a loop or in both functions, or advise
    the same.

    :param problems: The problems of a file, by line.
    """
    found: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        said = problem.advice or problem.message
        key = (problem.code, problem.severity, said)
        found.setdefault(key, []).append(problem)
    yield from found.values()


def severities(problems: Iterable[Problem]) -> str:
    """Return how many errors, warnings and notes there are.

    :param problems: The problems.
    """
    counts = Counter(problem.severity for problem in problems)
    nouns = {"error": "error", "warning": "warning", "info": "note"}
    return ", ".join(
        f"{counts[each]} {nouns[each]}{'' if counts[each] == 1 else 's'}"
        for each in sorted(counts, key=RANK.__getitem__)
    )


def by_rule(problems: Iterable[Problem]) -> Iterator[str]:
    """Give how often each rule found something, the most frequent first.

    :param problems: The problems.
    """
    counts = Counter(problem.code for problem in problems)
    for code, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        title = f"  {RULES[code].title}" if code in RULES else ""
        yield f"{count:>4}  {code}{title}"


def _place(problem: Problem) -> str:
    """Return the file of a problem, seen from the working directory."""
    if problem.path is None:
        return f"revision {problem.revision}"
    try:
        return str(problem.path.relative_to(Path.cwd()))
    except ValueError:
        return str(problem.path)


def _write(cause: list[Problem], writer: ReportWriter) -> None:
    """Write problems of one cause: each message once, and the advice once."""
    messages: dict[str, list[Problem]] = {}
    for problem in cause:
        messages.setdefault(problem.message, []).append(problem)
    for message, problems in messages.items():
        first = problems[0]
        lines = dict.fromkeys(str(each.line) for each in problems if each.line)
        noun = "line" if len(lines) == 1 else "lines"
        where = f"{noun} {', '.join(lines)}: " if lines else ""
        names = dict.fromkeys(each.database for each in problems if each.database)
        of = f" [{', '.join(names)}]" if names else ""
        writer.line(
            f"  {where}{first.severity}: {first.code}: {message}{of}",
            fg=COLOURS[first.severity],
        )
    if cause[0].advice:
        writer.line(textwrap.indent(cause[0].advice, "    "))
