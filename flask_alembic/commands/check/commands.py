"""The Click command ``flask db check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...cli.base_command import command, databases
from ...cli.context import get_extension
from ...errors import CheckFailed
from .text import FIX_LISTED, listed, sole_error

if TYPE_CHECKING:
    from ...cli.extension_api import Strings


@command("check")
@databases
def check(databases: tuple[str, ...]) -> None:
    """Check if models and databases differ, and how.

    Exits with 1 if they do. Example: flask db check
    """
    run_check(databases)


def run_check(databases: Strings = ()) -> None:
    """Compare models and databases, and fail if they differ.

    :param databases: Only these databases.
    :raises CheckFailed: When they differ, or an error was found.
    """
    result = get_extension().check(databases)
    if result.ok:
        return
    error = sole_error(result.problems, result.diffs)
    if error is not None:
        raise CheckFailed(error.message, error.advice)
    errors = [each for each in result.problems if each.severity == "error"]
    if result.diffs:
        more = f" {listed(errors)}." if errors else ""
        raise CheckFailed(
            f"Changes detected.{more}", "flask db revision 'message' writes them."
        )
    raise CheckFailed(f"{listed(errors)}.", FIX_LISTED)
