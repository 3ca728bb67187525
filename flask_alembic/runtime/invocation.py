"""What is around every command: the guard before it and the report after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..errors import AlembicError, HookFailures, UsageError
from ..hooks.payloads import Command, Report
from .diagnosis import DIAGNOSIS, diagnosis
from .error_translation import translated
from .logging import configure_logging

if TYPE_CHECKING:
    from alembic.script import Script

    from ..hooks.dispatcher import Hooks
    from ..hooks.payloads import Problem, Run, RunResult
    from .environment import Environment

argv: ContextVar[tuple[str, ...] | None] = ContextVar("argv", default=None)
"""The words after ``flask db``, set by the terminal."""

INTERRUPTED = 130
"""The exit code after an interrupt from the keyboard."""


class CommandContext:
    """The command that is running; what is assigned to it becomes the report.

    The report is what ``after_command`` gets and what ``--format json`` writes. See
    :func:`current_command`.

    :param command: What was asked for.

    .. versionadded:: 4.0
    """

    def __init__(self, command: Command) -> None:
        self.command = command
        """What was asked for: name, options and the words typed."""
        self.run: Run | None = None
        """The run, for a command that runs migrations."""
        self.result: RunResult | None = None
        """What the run did."""
        self.scripts: Sequence[Script] = ()
        """The revisions that were listed or written."""
        self.problems: Sequence[Problem] = ()
        """What was found by checks."""
        self.diffs: Mapping[str, tuple[Any, ...]] = {}
        """By database: differences between models and database."""
        self.data: Any = None
        """The rest of the answer: dicts, lists, texts and numbers, or dataclasses."""
        self.ok = True
        """``False`` for a check that says no: the exit code is 1."""
        self.exit_code: int | None = None
        """Another exit code; by default ``ok`` and the error decide."""


class Invocation(CommandContext):
    """One running command, with what calls its hooks.

    :param environment: The app's environment.
    :param command: What was asked for.
    """

    def __init__(self, environment: Environment, command: Command) -> None:
        super().__init__(command)
        self.environment = environment
        self.hooks = environment.hooks.for_command()
        self._started = time.perf_counter()

    def report(self, error: BaseException | None = None) -> Report:
        """Return how the command ended.

        :param error: What stopped it, if anything did.
        """
        ok = self.ok and error is None and not self.exit_code
        return Report(
            command=self.command,
            ok=ok,
            exit_code=_exit_code(error) if error else self.exit_code or int(not ok),
            error=error,
            run=self.run,
            result=self.result,
            scripts=tuple(self.scripts),
            problems=tuple(self.problems),
            diffs=self.diffs,
            data=self.data,
            hook_failures=tuple(self.hooks.failures),
            elapsed=time.perf_counter() - self._started,
            warnings=self.environment.warnings,
        )

    def adopt(self, report: Report) -> None:
        """Take over what another command found inside this one, where nothing is set.

        :param report: The other's.
        """
        self.run = self.run or report.run
        self.result = self.result or report.result
        self.scripts = self.scripts or report.scripts
        self.problems = self.problems or report.problems
        self.diffs = self.diffs or report.diffs
        if self.data is None:
            self.data = report.data


def _exit_code(error: BaseException) -> int:
    if isinstance(error, AlembicError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return 3


_current: ContextVar[CommandContext | None] = ContextVar("current", default=None)


def current_command() -> CommandContext:
    """Return the command that is running, to fill its report.

    A command that a plugin adds assigns to it what it found::

        from flask_alembic.cli import command, current_command

        @command("sizes")
        def sizes():
            current = current_command()
            current.data = {"tables": 3}
            current.ok = False  # a check that says no: exit code 1

    What the callback returns becomes ``data`` if it is plain and nothing was assigned.

    :raises UsageError: Where no command is running.

    .. versionadded:: 4.0
    """
    current = _current.get()
    if current is None:
        raise UsageError(
            "current_command() was called where no command is running.",
            "Call it in the callback of a command that register_commands added.",
        )
    return current


def hooks_of(environment: Environment) -> Hooks:
    """Return the dispatcher of the command that is running, or else of the app.

    :param environment: The app's environment.
    """
    current = _current.get()
    if isinstance(current, Invocation) and current.environment is environment:
        return current.hooks
    return environment.hooks


class ReportReceiver:
    """Gets the report of each command that ends inside :func:`report_receiver`."""

    def __init__(self) -> None:
        self.report: Report | None = None
        """The report of the command that ended last; ``None`` before the first."""
        self.is_printed = False
        """Whether that report has been written for people already."""

    def receive(self, report: Report, *, is_printed: bool = False) -> None:
        """Keep a report in place of the one before.

        :param report: How a command ended.
        :param is_printed: Whether it has been written already.
        """
        self.report = report
        self.is_printed = is_printed


_receiver: ContextVar[ReportReceiver | None] = ContextVar("receiver", default=None)


@contextmanager
def report_receiver() -> Iterator[ReportReceiver]:
    """Receive the reports of the commands that run inside.

    Threads that are started with a copy of the context, as for async engines, report
    to the same receiver. The last report goes on to the receiver around this one.
    """
    receiver, outer = ReportReceiver(), _receiver.get()
    token = _receiver.set(receiver)
    try:
        yield receiver
    finally:
        _receiver.reset(token)
        if outer is not None and receiver.report is not None:
            outer.receive(receiver.report, is_printed=receiver.is_printed)


def received_report() -> Report | None:
    """Return the report of the command that ended last; ``None`` if none is received."""
    receiver = _receiver.get()
    return receiver.report if receiver is not None else None


def mark_printed() -> None:
    """Note that the last report is written already, so that no view is asked."""
    receiver = _receiver.get()
    if receiver is not None:
        receiver.is_printed = True


@contextmanager
def invoked(
    environment: Environment,
    name: str,
    failed: Callable[[Invocation, BaseException], BaseException] | None = None,
    /,
    **options: Any,
) -> Iterator[Invocation]:
    """Run a command between its guard and its report.

    :param environment: The app's environment.
    :param name: The command's name.
    :param failed: Called before the report with what stopped the command; it returns
        what is raised instead.
    :param options: Its arguments.
    :raises Vetoed: When a plugin refused it.
    :raises HookFailures: In strict mode, when a listener failed.
    """
    from ..hooks import specs  # not above: flask db --help has no need of pluggy

    configure_logging()
    with diagnosis(name), translated():
        call = Invocation(environment, Command(name, options, argv.get()))
    # What changes something is refused by a guard that fails.
    call.hooks.is_lenient = name in DIAGNOSIS and not options.get("fix")
    token = _current.set(call)
    try:
        with diagnosis(name), environment.active(), translated():
            call.hooks.guard(specs.before_command, command=call.command)
            yield call
    except BaseException as error:
        raised = failed(call, error) if failed is not None else error
        if call.result is None:
            call.result = getattr(raised, "result", None)
        _finish(call, raised)
        if raised is error:
            raise
        raise raised from error
    else:
        _finish(call, None)
    finally:
        _current.reset(token)
    if call.hooks.failures and environment.app.config.get("ALEMBIC_HOOKS_STRICT"):
        raise _strict(call)


def _finish(call: Invocation, error: BaseException | None) -> None:
    from ..hooks import specs

    receiver = _receiver.get() or ReportReceiver()
    receiver.receive(call.report(error))  # Also when a listener is interrupted.
    call.hooks.event(specs.after_command, report=call.report(error))
    receiver.receive(call.report(error))


def _strict(call: Invocation) -> HookFailures:
    failed = "; ".join(
        f"{failure.plugin} in {failure.hook} ({failure.error})"
        for failure in call.hooks.failures
    )
    changed = call.result is not None and call.result.changed
    state = "The database was changed" if changed else "The database was not changed"
    return HookFailures(
        f"{state}, but listeners failed: {failed}.",
        "Fix the plugins; do not run the command again to repair this."
        if changed
        else "Fix the plugins.",
    )
