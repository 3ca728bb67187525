"""Base functions that show what differs and what is wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import CheckFailed
from ..hooks.payloads import Problem
from .base import get_extension
from .output import echo, note

if TYPE_CHECKING:
    from ..commands.comparing import CheckResult

COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def check(databases: Sequence[str] = ()) -> None:
    """Show what differs between models and databases, and fail if anything does.

    :param databases: Only these databases.
    """
    result = get_extension().check(databases)
    errors = [each for each in result.problems if each.severity == "error"]
    # A single reason is the error itself; it is not said twice.
    alone = errors[0] if len(errors) == 1 and not result.diffs else None
    problems([each for each in result.problems if each is not alone])
    _differences(result)
    if result.ok:
        echo("No changes detected.")
    elif alone is not None:
        raise CheckFailed(alone.message, alone.advice)
    elif result.diffs:
        more = f" {_counted(errors)} besides." if errors else ""
        raise CheckFailed(
            f"Changes detected.{more}", "flask db revision 'message' writes them."
        )
    else:
        raise CheckFailed(f"{_counted(errors)}.", "They are listed above.")


def _counted(errors: Sequence[Problem]) -> str:
    return "There is 1 error" if len(errors) == 1 else f"There are {len(errors)} errors"


def _differences(result: CheckResult) -> None:
    for name, differences in result.differences.items():
        echo(f"Database {name!r} differs from the models:")
        for each in differences:
            echo(f"  - {each.text}")
        echo("A revision would hold:\n")
        echo(textwrap.indent(result.operations[name], "    "))


def problems(found: Iterable[Problem], write: Any = echo) -> None:
    """Write problems, each with where it is and what to do.

    :param found: The problems.
    :param write: What writes a line.
    """
    for each in found:
        where = ""
        if each.path is not None and str(each.path) not in each.message:
            where = f"{each.path}{f':{each.line}' if each.line else ''}: "
        write(
            f"{each.severity}: {where}{each.code}: {each.message}",
            fg=COLOURS[each.severity],
        )
        if each.advice:
            write(textwrap.indent(each.advice, "  "))


def require_one_head() -> None:
    """Fail if the last command found several heads that nobody meant to have."""
    from ..commands.invocation import last_report

    report = last_report.get()
    for problem in report.problems if report is not None else ():
        raise CheckFailed(problem.message, problem.advice)


def tell_problems() -> None:
    """Write what the last command found beside its work, to stderr."""
    from ..commands.invocation import last_report

    report = last_report.get()
    if report is not None:
        problems(report.problems, note)


def lint(revisions: Any = (), pending: bool = False) -> None:
    """Show what the linters of plugins find, and fail on errors.

    :param revisions: Ids, labels or ranges; all for none.
    :param pending: Only those that a database does not have yet.
    """
    from ..commands.invocation import last_report

    found = get_extension().lint(revisions, pending=pending)
    problems(found)
    report = last_report.get()
    assert report is not None
    if not report.data["linters"]:
        note("There is no linter: flask-alembic-lint is one.")
    errors = [each for each in found if each.severity == "error"]
    if errors:
        raise CheckFailed(f"{_counted(errors)}.", "They are listed above.")
    count = len(report.scripts)
    noun = "revision" if count == 1 else "revisions"
    echo(f"{len(found) or 'No'} problems in {count} {noun}; no errors.")
