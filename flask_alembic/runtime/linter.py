"""Asking the plugins that look at revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..errors import CheckFailed, HookError
from ..hooks import specs
from ..hooks.payloads import LintTarget, Problem
from .invocation import Invocation

if TYPE_CHECKING:
    from ..hooks.dispatcher import Hooks


def refuse_errors(
    call: Invocation, target: LintTarget, advice: str, *, force: bool = False
) -> None:
    """Ask the linters about a new revision; errors keep it from being written.

    :param call: The running command, which reports what they find.
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

    :param call: The running command.
    :param target: The revision.
    :raises HookError: When a plugin gave something else than problems.
    """
    found: list[Problem] = []
    for name, problems in call.hooks.collect(specs.lint_problems, target=target):
        require_payloads(call.hooks, name, specs.lint_problems, problems, Problem)
        found += problems
    return found


def require_payloads(
    hooks: Hooks,
    plugin: str,
    spec: Callable[..., object],
    answers: Iterable[object],
    payload: type,
) -> None:
    """Refuse what a plugin gave to a hook, unless all of it is what the hook asks for.

    :param hooks: The dispatcher.
    :param plugin: The name of the plugin.
    :param spec: The spec function.
    :param answers: What the plugin gave.
    :param payload: What each of them has to be.
    :raises HookError: When one is something else.
    """
    hook = spec.__name__
    for answer in answers:
        if not isinstance(answer, payload):
            raise HookError(
                f"{hooks.registry.describe(plugin)} gave {answer!r} to {hook}.",
                f"Return flask_alembic.hooks.{payload.__name__} objects.",
                plugin=plugin,
                hook=hook,
            )
