"""The Click command class: format, errors and exit codes of every command."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import (
    Callable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict

import click
from flask.cli import with_appcontext

from ..errors import AlembicError, UsageError
from .context import get_environment
from .lazy import CommandRoot
from .output import (
    Output,
    current_output,
    prints_to_stderr,
    resolve_format,
    say,
    write,
    writing,
)
from .params import DATABASE, FORMAT
from .text import readable

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..hooks.manager import Registry
    from ..hooks.payloads import Report


class CommandOptions(TypedDict, total=False):
    """What :class:`click.Command` takes beside the name, in every supported version."""

    context_settings: MutableMapping[str, Any] | None
    callback: Callable[..., Any] | None
    params: list[click.Parameter] | None
    help: str | None
    epilog: str | None
    short_help: str | None
    options_metavar: str | None
    add_help_option: bool
    no_args_is_help: bool
    hidden: bool
    deprecated: bool


class AlembicCommand(click.Command):
    """A command whose callback is run in an app context and may raise our errors.

    At its end the report of what ran is printed by the view of the command's name.

    :param name: The name after ``flask db``.
    :param options: As for :class:`click.Command`.
    """

    def __init__(
        self, name: str | None = None, **options: Unpack[CommandOptions]
    ) -> None:
        options["params"] = [*(options.get("params") or []), *_common()]
        super().__init__(name, **options)
        if self.callback is not None:
            self.callback = _reporting(self.callback, self.name or "")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; name an option that is not there, where -1 may be an argument."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError:
            if self.context_settings.get("ignore_unknown_options"):
                _require_options(self, ctx, given)
            raise

    def invoke(self, ctx: click.Context) -> object:
        """Run the callback; write the report in machine formats."""
        output = Output(
            ctx.params.pop("format_", "table"),
            ctx.params.pop("quiet", False),
            ctx.params.pop("verbosity", 0),
        )
        show = ctx.params.pop("traceback", False)
        with _receiver(), errors_shown(show), _diagnosis(_path(ctx)):
            with_appcontext(show_warnings)()
            if output.quiet and output.verbosity:
                raise UsageError(
                    "--quiet and --verbose exclude each other.", "Use one of them."
                )
            if output.format == "table":
                with writing(output):
                    return super().invoke(ctx)
            # Said as text: there is no format yet to say it in.
            with_appcontext(_require_format)(output.format)
            with writing(output), prints_to_stderr():
                return self._as_document(ctx, output, show)

    def _as_document(self, ctx: click.Context, output: Output, show: bool) -> object:
        """Run the callback and write its report instead of what a view writes."""
        from ..runtime.invocation import report_receiver

        write_report = with_appcontext(_write_report)
        with report_receiver() as received:
            try:
                value = super().invoke(ctx)
            except click.exceptions.Exit as stop:
                write_report(output.format, received.report, None, stop.exit_code)
                raise
            except (click.ClickException, click.Abort):
                raise
            except (Exception, KeyboardInterrupt, SystemExit) as error:
                as_ours = to_alembic_error(error)
                write_report(output.format, received.report, as_ours)
                _fail(error, as_ours, show)
            write_report(output.format, received.report, None)
        return value


def _receiver() -> AbstractContextManager[object]:
    from ..runtime.invocation import report_receiver

    return report_receiver()


def _diagnosis(command: str) -> AbstractContextManager[None]:
    from ..runtime.diagnosis import diagnosis

    return diagnosis(command)


def show_warnings() -> None:
    """Write what every command says first: plugins that did not load, and so on."""
    from ..runtime.environment import is_in_terminal

    token = is_in_terminal.set(True)
    try:
        warnings = get_environment().warnings
    finally:
        is_in_terminal.reset(token)
    for text in warnings:
        say(f"Warning: {readable(text)}", err=True, fg="yellow")


def _path(ctx: click.Context) -> str:
    """Return the words after ``flask db`` that name a command: ``tenants add``."""
    names: list[str] = []
    here: click.Context | None = ctx
    while here is not None:
        if isinstance(here.command, CommandRoot):
            return " ".join(names)
        names.insert(0, here.command.name or "")
        here = here.parent
    return ctx.command.name or ""


def _reporting(
    callback: Callable[..., Any], name: str, *, builtin: bool = True
) -> Callable[..., Any]:
    """Return a callback that runs in an app context and prints its report at the end.

    :param callback: What the command does.
    :param name: The name of the view that prints the report.
    :param builtin: Whether a built-in view may print it.
    """

    @with_appcontext
    @wraps(callback)
    def run(*args: Any, **options: Any) -> Any:
        from .writer import printed

        # context.invoke() gives the options that every command has, too.
        for option in ("format_", "quiet", "traceback"):
            options.pop(option, None)
        verbosity = options.pop("verbosity", 0) or int(options.get("verbose") is True)
        with printed(name, verbosity=verbosity or None, builtin=builtin):
            return callback(*args, **options)

    run.reporting = (run, callback)  # type: ignore[attr-defined]
    return run


def _work_of(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a command of a plugin does, without what prints its report.

    A command of ours that a plugin has changed and added again prints its own.
    """
    run, work = getattr(callback, "reporting", (None, callback))
    is_ours = work.__module__.startswith("flask_alembic.commands.")
    return callback if run is not callback or is_ours else work


def _require_options(
    command: click.Command, ctx: click.Context, args: list[str]
) -> None:
    """Refuse the first long option that a command does not have."""
    known = [name for option in command.get_params(ctx) for name in option.opts]
    known += [
        name for option in command.get_params(ctx) for name in option.secondary_opts
    ]
    for word in args[: args.index("--") if "--" in args else None]:
        name = word.partition("=")[0]
        if name.startswith("--") and name not in known:
            close = difflib.get_close_matches(name, known)
            raise click.NoSuchOption(name, possibilities=close, ctx=ctx)


def _common() -> list[click.Parameter]:
    """Return the options that every command has."""
    return [
        click.Option(
            ["--format", "format_"],
            default="table",
            type=FORMAT,
            metavar="NAME",
            help="table, json, jsonl or a format of a plugin.",
        ),
        click.Option(["-q", "--quiet"], is_flag=True, help="Write results only."),
        click.Option(
            ["--traceback"], is_flag=True, help="Show the traceback of an error."
        ),
    ]


def _require_format(name: str) -> None:
    resolve_format(get_environment(), name)


def _write_report(
    name: str, report: Report | None, error: AlembicError | None, exit_code: int = 0
) -> None:
    from dataclasses import replace

    from ..hooks.payloads import Command, Report

    chosen = resolve_format(get_environment(), name)
    if report is None:
        context = click.get_current_context()
        command = Command(context.info_name or "")
        report = Report(command, ok=not exit_code, exit_code=exit_code)
    if error is not None:
        report = replace(report, ok=False, exit_code=error.exit_code, error=error)
    if chosen is not None:
        write(chosen.render(report))


@contextmanager
def errors_shown(show_traceback: bool = False) -> Iterator[None]:
    """Turn errors into a message and an exit code.

    :param show_traceback: Whether the traceback is shown too.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        # Click's own, and a reader that has seen enough: Click ends silently.
        raise
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        _fail(error, to_alembic_error(error), show_traceback)


def to_alembic_error(error: BaseException) -> AlembicError:
    """Return our error for whatever stopped a command.

    :param error: What was raised.
    """
    from ..hooks.redaction import first_line
    from ..runtime.error_translation import translate
    from ..runtime.invocation import INTERRUPTED

    if isinstance(error, AlembicError):
        return error
    changed = _after_change(error)
    if changed is not None:
        return changed
    if isinstance(error, KeyboardInterrupt):
        interrupted = AlembicError("Interrupted.")
        interrupted.exit_code = INTERRUPTED
        return interrupted
    if isinstance(error, SystemExit):
        # What stops a command half way is no success, whatever code it gives.
        return AlembicError(
            f"Something called sys.exit({error.code!r}) while the command ran.",
            "Run it again with --traceback to see what.",
        )
    return translate(error) or AlembicError(
        f"An unexpected error: {type(error).__name__}: {first_line(error)}.",
        "Run it again with --traceback.",
    )


def _after_change(error: BaseException) -> AlembicError | None:
    """Return the error for what stopped the output of a run that changed a database."""
    from ..runtime.invocation import INTERRUPTED, received_report
    from ..runtime.run_state import changed_message

    report = received_report()
    if report is None or report.error is not None or report.result is None:
        return None
    if not report.result.changed:
        return None
    as_ours = AlembicError(
        changed_message(error, report.result),
        "Do not run the command again to repair this.",
    )
    if isinstance(error, KeyboardInterrupt):
        as_ours.exit_code = INTERRUPTED
    return as_ours


def _fail(error: BaseException, as_ours: AlembicError, show: bool) -> NoReturn:
    """Write an error for people, and end with its exit code."""
    from ..hooks.redaction import hide_parameters, hide_passwords, hide_secrets

    if show:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        text = hide_parameters("".join(lines))
        click.echo("\n".join(map(hide_secrets, text.split("\n"))), err=True)
    if current_output().format == "table":
        say("Error: ", fg="red", nl=False, err=True)
        click.echo(readable(hide_passwords(as_ours.message)), err=True)
        if as_ours.advice:
            click.echo(readable(hide_passwords(as_ours.advice)), err=True)
    raise click.exceptions.Exit(as_ours.exit_code) from error


def with_command_events(
    command: click.Command, path: str | None = None, plugin: str = ""
) -> click.Command:
    """Return a command that sends ``before_command`` and ``after_command`` too.

    The given object is left as it is: plugins often keep it in a module, and several
    apps of one process get it.

    :param command: What a plugin added; of a group each command in it.
    :param path: Its name in the events, such as ``tenants add``; its own by default.
    :param plugin: The plugin that added it, which is named where the command fails.

    .. versionadded:: 4.0
    """
    name = path or command.name or ""
    again = copy(command)
    if isinstance(again, click.Group):
        again.commands = {
            each: with_command_events(inner, f"{name} {each}", plugin)
            for each, inner in again.commands.items()
        }
        if not again.invoke_without_command:
            return again
    if again.callback is not None:
        again.callback = _announced(name, again, plugin)
    return again


def _announced(name: str, command: click.Command, plugin: str) -> Any:
    """Return a command's callback between the guard and the report."""
    assert command.callback is not None
    callback = _work_of(command.callback)
    prints_itself = callback is command.callback and hasattr(callback, "reporting")
    hidden = [
        option.name
        for option in command.params
        if isinstance(option, click.Option) and option.hide_input
    ]

    @wraps(callback)
    def run(*args: Any, **options: Any) -> Any:
        from ..runtime.invocation import invoked, mark_printed, report_receiver

        if not isinstance(command, AlembicCommand):
            show_warnings()
        with invoked(get_environment(), name, **_shown(options, hidden)) as call:
            value = None
            with report_receiver() as received:
                try:
                    value = callback(*args, **options)
                except click.exceptions.Exit as stop:
                    call.exit_code = stop.exit_code
                except (
                    click.ClickException,
                    click.Abort,
                    AlembicError,
                    BrokenPipeError,
                ):
                    raise
                except Exception as error:
                    raise _named(error, name, plugin, call.hooks.registry) from error
            if call.data is None and _is_plain(value):
                call.data = value
            if received.report is not None:
                # What it did through the API is what it reports.
                call.adopt(received.report)
        if prints_itself:
            mark_printed()
        exit_code = call.report().exit_code
        if exit_code:
            raise click.exceptions.Exit(exit_code)
        return value

    return _reporting(run, name, builtin=False)


def _named(error: Exception, name: str, plugin: str, registry: Registry) -> Exception:
    """Return the error of a command that names who added it."""
    from ..hooks.dispatcher import failed_in
    from ..runtime.error_translation import translate

    known = translate(error)
    if known is not None or not plugin:
        return known or error
    failed = failed_in(
        f"its command {name!r}", error, registry.describe(plugin), plugin
    )
    failed.hook = "register_commands"
    return failed


def _is_plain(value: object) -> bool:
    """Return whether a callback returned data for its report, and not something else."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) for key in value) and all(
            part is None or _is_plain(part) for part in value.values()
        )
    if isinstance(value, list | tuple):
        return all(part is None or _is_plain(part) for part in value)
    return isinstance(value, str | int | float)


def _shown(options: Mapping[str, Any], hidden: Sequence[str | None]) -> dict[str, Any]:
    """Return what plugins may see: nothing whose input is hidden."""
    return {key: value for key, value in options.items() if key not in hidden}


def command(
    name: str, **options: Unpack[CommandOptions]
) -> Callable[[Callable[..., object]], AlembicCommand]:
    """Return a decorator that makes a command of a function.

    It runs in an app context, has ``--format``, ``--quiet`` and ``--traceback``, and
    may raise :exc:`~flask_alembic.errors.AlembicError`. Its report is
    :func:`current_command`.

    :param name: The name after ``flask db``.
    :param options: As for :func:`click.command`.

    .. versionadded:: 4.0
    """
    return click.command(name, cls=AlembicCommand, **options)


database_option = click.option(
    "--database",
    "databases",
    multiple=True,
    type=DATABASE,
    metavar="NAME",
    help="Only this database; may be repeated.",
)
"""``--database NAME``, which may be repeated; the callback gets ``databases``."""

databases = database_option

verbose = click.option("-v", "--verbose", is_flag=True, help="Show details of each.")

verbosity_option = click.option(
    "-v",
    "--verbose",
    "verbosity",
    count=True,
    help="Also show files and transactions; -vv also shows SQL statements as they are sent.",
)
"""``-v`` and ``-vv``; they are for what the terminal shows, the callback gets nothing."""

verbosity = verbosity_option

x_argument_option = click.option(
    "-x",
    "--x-arg",
    "x_arguments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Passed to context.get_x_argument(); may be repeated.",
)
"""``-x KEY=VALUE``, which may be repeated; the callback gets ``x_arguments``."""

x_arguments = x_argument_option

rev_id = click.option("--rev-id", metavar="ID", help="Use this id for the revision.")

message = click.option("-m", "--message", metavar="TEXT", help="Revision message.")


def several(value: str | Sequence[str] | None) -> str | list[str] | None:
    """Return what a repeatable option gives: nothing, one or a list.

    :param value: The values; ``context.invoke()`` may give a string, or ``None``.
    """
    if not value:
        return None
    if isinstance(value, str):
        return value
    return value[0] if len(value) == 1 else list(value)
