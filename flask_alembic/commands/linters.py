"""Asking the plugins that look at revisions."""

from __future__ import annotations

from ..errors import CheckFailed, HookError
from ..hooks import specs
from ..hooks.payloads import LintTarget, Problem
from .invocation import Invocation


def refuse_errors(
    call: Invocation, target: LintTarget, advice: str, *, force: bool = False
) -> None:
    """Ask the linters about a new revision; errors keep it from being written.

    :param call: The command at work; it tells of what they find.
    :param target: The revision.
    :param advice: What to do about errors.
    :param force: Whether to write it in spite of them.
    :raises CheckFailed: When there are errors.
    """
    problems = gather_problems(call, target)
    call.problems = (*call.problems, *problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors and not force:
        raise CheckFailed(
            "The revision was not written: "
            + "; ".join(f"{problem.code} {problem.message}" for problem in errors),
            advice,
        )


def gather_problems(call: Invocation, target: LintTarget) -> list[Problem]:
    """Return what the linters find in a revision.

    :param call: The command at work.
    :param target: The revision.
    :raises HookError: When a plugin gave something else than problems.
    """
    found: list[Problem] = []
    for name, problems in call.hooks.gather(specs.lint_problems, target=target):
        for problem in problems:
            if not isinstance(problem, Problem):
                raise HookError(
                    f"{call.hooks.registry.describe(name)} gave {problem!r} to "
                    "lint_problems.",
                    "Return flask_alembic.hooks.Problem objects.",
                    plugin=name,
                    hook="lint_problems",
                )
            found.append(problem)
    return found
