"""The Click command class: format, errors and exit codes of every command."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import click
from flask.cli import with_appcontext

from ..errors import AlembicError, UsageError
from .completion import FORMAT
from .output import (
    Output,
    current_output,
    prints_to_stderr,
    resolve_format,
    say,
    write,
    writing,
)
from .render import readable

F = TypeVar("F", bound=Callable[..., Any])


class AlembicCommand(click.Command):
    """A command whose callback is run in an app context and may raise our errors."""

    more_formats: tuple[str, ...] = ()
    """What ``--format`` takes beside the formats of every command."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["params"] = [*(kwargs.get("params") or []), *_common()]
        if kwargs.get("callback") is not None:
            kwargs["callback"] = with_appcontext(kwargs["callback"])
        super().__init__(*args, **kwargs)

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

    def invoke(self, ctx: click.Context) -> Any:
        """Run the callback; write the report in machine formats."""
        output = Output(
            ctx.params.pop("format_", "table"),
            ctx.params.pop("quiet", False),
            ctx.params.pop("verbosity", 0),
        )
        show = ctx.params.pop("traceback", False)
        with errors_shown(show):
            if output.quiet and output.verbosity:
                raise UsageError(
                    "--quiet and --verbose exclude each other.", "Use one of them."
                )
            if output.format == "table":
                with writing(output):
                    return super().invoke(ctx)
            # Said as text: there is no format yet to say it in.
            with_appcontext(_require_format)(output.format, self.more_formats)
            with writing(output), prints_to_stderr():
                return self._as_document(ctx, output, show)

    def _as_document(self, ctx: click.Context, output: Output, show: bool) -> Any:
        """Run the callback and write its report instead of its words."""
        from ..commands.invocation import last_report

        last_report.set(None)
        try:
            value = super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            as_ours = told(error)
            with_appcontext(_write_report)(output.format, as_ours)
            _fail(error, as_ours, show)
        with_appcontext(_write_report)(output.format, None)
        return value


def _require_options(
    command: click.Command, ctx: click.Context, args: list[str]
) -> None:
    """Refuse the first long option that a command does not have."""
    known = [name for each in command.get_params(ctx) for name in each.opts]
    known += [name for each in command.get_params(ctx) for name in each.secondary_opts]
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
            help="Write as table, json, jsonl or what a plugin adds.",
        ),
        click.Option(["-q", "--quiet"], is_flag=True, help="Write results only."),
        click.Option(
            ["--traceback"], is_flag=True, help="Show the traceback of an error."
        ),
    ]


def _environment() -> Any:
    from flask import current_app

    from .base import get_extension

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return get_extension().environment_for(app)


def _require_format(name: str, more: tuple[str, ...]) -> None:
    resolve_format(_environment(), name, more)


def _write_report(name: str, error: AlembicError | None) -> None:
    from dataclasses import replace

    from ..commands.invocation import last_report
    from ..hooks.payloads import Command, Report

    chosen = resolve_format(_environment(), name)
    report = last_report.get()
    if report is None:
        context = click.get_current_context()
        report = Report(Command(context.info_name or ""), ok=error is None)
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
        _fail(error, told(error), show_traceback)


def told(error: BaseException) -> AlembicError:
    """Return our error for whatever stopped a command.

    :param error: What was raised.
    """
    from ..commands.invocation import INTERRUPTED
    from ..environment.translation import first_line, translate

    if isinstance(error, AlembicError):
        return error
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


def _fail(error: BaseException, told: AlembicError, show: bool) -> NoReturn:
    """Write an error for people, and end with its exit code."""
    from ..hooks.passwords import hide_passwords

    if show:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        click.echo(hide_passwords("".join(lines)), err=True)
    if current_output().format == "table":
        say("Error: ", fg="red", nl=False, err=True)
        click.echo(readable(hide_passwords(told.message)), err=True)
        if told.advice:
            click.echo(readable(hide_passwords(told.advice)), err=True)
    raise click.exceptions.Exit(told.exit_code) from error
