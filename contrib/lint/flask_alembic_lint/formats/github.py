"""Annotations for GitHub Actions, which shows them beside the lines of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .paths import repository_path

if TYPE_CHECKING:
    from flask_alembic.hooks import Problem, Report

LEVELS: Final = {"error": "error", "warning": "warning", "info": "notice"}
"""What GitHub calls the severities."""


def render(report: Report) -> str:
    """Return a workflow command for each problem.

    :param report: The report of a command.
    """
    return "\n".join(annotation(problem) for problem in report.problems)


def annotation(problem: Problem) -> str:
    """Return the workflow command for a problem.

    :param problem: The problem.
    """
    given = {}
    if problem.path is not None:
        given["file"] = repository_path(problem.path)
    if problem.line is not None:
        given["line"] = str(problem.line)
    given["title"] = problem.code
    listed = ",".join(f"{key}={_property(value)}" for key, value in given.items())
    text = problem.message
    if problem.database:
        text += f" [{problem.database}]"
    if problem.advice:
        text += f"\n\nSafe:\n{problem.advice}"
    if problem.url:
        text += f"\n\n{problem.url}"
    return f"::{LEVELS[problem.severity]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
