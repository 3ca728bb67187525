"""What is around every command: the guard before it and the report after it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..environment.translation import translated
from ..errors import AlembicError, HookFailures
from ..hooks.payloads import Command, Report
from .logs import configure_logging
from .words import argv

if TYPE_CHECKING:
    from alembic.script import Script

    from ..environment.objects import Environment
    from ..hooks.payloads import Problem, Run, RunResult

INTERRUPTED = 130
"""The exit code after an interrupt from the keyboard."""


class Invocation:
    """One command at work; what it finds out becomes the report.

    :param environment: The app's environment.
    :param command: What was asked for.
    """

    def __init__(self, environment: Environment, command: Command) -> None:
        self.environment = environment
        self.command = command
        self.hooks = environment.hooks.for_command()
        self.run: Run | None = None
        self.result: RunResult | None = None
        self.scripts: tuple[Script, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        self.diffs: Mapping[str, tuple[Any, ...]] = {}
        self.data: Any = None
        self.ok = True
        self._started = time.perf_counter()

    def report(self, error: BaseException | None = None) -> Report:
        """Return how the command ended.

        :param error: What stopped it, if anything did.
        """
        ok = self.ok and error is None
        return Report(
            command=self.command,
            ok=ok,
            exit_code=_exit_code(ok, error),
            error=error,
            run=self.run,
            result=self.result,
            scripts=self.scripts,
            problems=self.problems,
            diffs=self.diffs,
            data=self.data,
            hook_failures=tuple(self.hooks.failures),
            elapsed=time.perf_counter() - self._started,
        )

    def adopt(self, report: Report) -> None:
        """Take over what another command found out inside this one.

        :param report: The other's.
        """
        self.run, self.result = report.run, report.result
        self.scripts, self.problems = report.scripts, report.problems
        self.diffs, self.data = report.diffs, report.data
        self.ok = report.ok


def _exit_code(ok: bool, error: BaseException | None) -> int:
    if isinstance(error, AlembicError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if error is not None:
        return 3
    return 0 if ok else 1


last_report: ContextVar[Report | None] = ContextVar("last_report", default=None)
"""The report of the last command in this context, for the terminal to show."""


@contextmanager
def invoked(
    environment: Environment, name: str, /, **options: Any
) -> Iterator[Invocation]:
    """Run a command between its guard and its report.

    :param environment: The app's environment.
    :param name: The command's name.
    :param options: Its arguments.
    :raises Vetoed: When a plugin refused it.
    :raises HookFailures: In strict mode, when a listener failed.
    """
    from ..hooks import specs  # not above: flask db --help has no need of pluggy

    configure_logging()
    with translated():
        call = Invocation(environment, Command(name, options, argv.get()))
    try:
        with translated():
            call.hooks.guard(specs.before_command, command=call.command)
            yield call
    except BaseException as error:
        if call.result is None:
            call.result = getattr(error, "result", None)
        _finish(call, error)
        raise
    _finish(call, None)
    if call.hooks.failures and environment.app.config.get("ALEMBIC_HOOKS_STRICT"):
        raise _strict(call)


def _finish(call: Invocation, error: BaseException | None) -> None:
    from ..hooks import specs

    call.hooks.tell(specs.after_command, report=call.report(error))
    last_report.set(call.report(error))


def _strict(call: Invocation) -> HookFailures:
    failed = "; ".join(
        f"{failure.plugin} in {failure.hook} ({failure.error})"
        for failure in call.hooks.failures
    )
    changed = call.result is not None and call.result.changed
    state = "The database was changed" if changed else "The database was not changed"
    return HookFailures(
        f"{state}, but listeners failed: {failed}.",
        "Mend the plugins; do not run the command again to repair this."
        if changed
        else "Mend the plugins.",
    )
