"""Where the words of a command go, in which format and how many of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

import click

from ..errors import AlembicError, HookError, UsageError

if TYPE_CHECKING:
    from ..hooks.payloads import OutputFormat, Report
    from ..runtime.environment import Environment


@dataclass(frozen=True, slots=True)
class Output:
    """How the running command writes."""

    format: str = "table"
    """The name of the format; ``table`` is text for people."""

    quiet: bool = False
    """Whether only results and errors are written."""

    verbosity: int = 0
    """How much more than usual is written."""


_output: ContextVar[Output] = ContextVar("output", default=Output())  # noqa: B039
_stdout: ContextVar[IO[str] | None] = ContextVar("stdout", default=None)


def current_output() -> Output:
    """Return how the running command writes."""
    return _output.get()


@contextmanager
def writing(output: Output) -> Iterator[None]:
    """Write in that way inside.

    :param output: How.
    """
    token = _output.set(output)
    try:
        yield
    finally:
        _output.reset(token)


@contextmanager
def prints_to_stderr() -> Iterator[None]:
    """Keep stdout for what the command itself writes: a document, or SQL.

    Revisions, hooks and models may print too; inside, that goes to stderr.
    """
    token = _stdout.set(_stdout.get() or sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stderr.flush()
        _stdout.reset(token)


@contextmanager
def shown() -> Iterator[None]:
    """Show the progress of what runs inside, in the way that the options ask for.

    The built-in plugin ``progress`` writes it.
    """
    from ..runtime.progress import displayed

    output = current_output()
    if output.format == "jsonl" or (output.format == "table" and not output.quiet):
        with displayed(statements=output.verbosity > 1):
            yield
    else:
        yield


def echo(
    text: str = "",
    *,
    fg: str | None = None,
    bg: str | None = None,
    bold: bool | None = None,
    dim: bool | None = None,
) -> None:
    """Write a line for people; silent in machine formats.

    :param text: The line.
    :param fg: Its colour, as for :func:`click.style`; used on a terminal only.
    :param bg: The colour behind it.
    :param bold: Whether it is bold.
    :param dim: Whether it is dim.
    """
    if current_output().format == "table":
        say(text, file=_stdout.get(), fg=fg, bg=bg, bold=bold, dim=dim)


def note(
    text: str,
    *,
    fg: str | None = None,
    bg: str | None = None,
    bold: bool | None = None,
    dim: bool | None = None,
) -> None:
    """Write a line about what goes on, to stderr; silent with ``--quiet``.

    :param text: The line.
    :param fg: Its colour, as for :func:`click.style`.
    :param bg: The colour behind it.
    :param bold: Whether it is bold.
    :param dim: Whether it is dim.
    """
    output = current_output()
    if output.format == "table" and not output.quiet:
        say(text, err=True, fg=fg, bg=bg, bold=bold, dim=dim)


def say(
    text: str,
    *,
    file: IO[str] | None = None,
    nl: bool = True,
    err: bool = False,
    fg: str | None = None,
    bg: str | None = None,
    bold: bool | None = None,
    dim: bool | None = None,
) -> None:
    """Write a line with colours, which a terminal shows unless ``NO_COLOR`` is set.

    :param text: The line.
    :param file: Where to; stdout by default.
    :param nl: Whether the line ends here.
    :param err: Whether it goes to stderr.
    :param fg: Its colour, as for :func:`click.style`.
    :param bg: The colour behind it.
    :param bold: Whether it is bold.
    :param dim: Whether it is dim.
    """
    click.secho(
        text,
        file=file,
        nl=nl,
        err=err,
        color=None if may_colour() else False,
        fg=fg,
        bg=bg,
        bold=bold,
        dim=dim,
    )


def may_colour() -> bool:
    """Return whether colours may be used: see https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def emit(document: Mapping[str, object]) -> None:
    """Write one JSON object on a line of its own, in ``jsonl`` format.

    :param document: What JSON can hold.
    """
    if current_output().format == "jsonl":
        write(json.dumps(document, default=str))


def write(text: str) -> None:
    """Write what a machine reads to stdout.

    :param text: A document, or a line of one.
    """
    click.echo(text, file=_stdout.get())


def resolve_format(
    environment: Environment, name: str, more: Sequence[str] = ()
) -> OutputFormat | None:
    """Return the format of a name; ``None`` for text for people.

    :param environment: The app's environment.
    :param name: What follows ``--format``.
    :param more: What the running command takes beside the formats.
    :raises UsageError: When there is none.
    :raises HookError: When two plugins give one name.
    """
    if name == "table":
        return None
    formats = formats_of(environment)
    if name not in formats:
        known = ", ".join(["table", *more, *sorted(formats)])
        raise UsageError(f"There is no format {name!r}.", f"Use one of: {known}.")
    plugin, format_ = formats[name]
    if environment.registry.record(plugin).source == "core":
        return format_
    return replace(format_, render=_named(environment, plugin, format_.render))


def _named(
    environment: Environment, plugin: str, render: Callable[[Report], str]
) -> Callable[[Report], str]:
    """Return what renders a report, and names the plugin where it fails."""

    def named(report: Report) -> str:
        from ..hooks.dispatcher import failed_in, is_failure

        try:
            text = render(report)
        except AlembicError:
            raise
        except BaseException as error:
            if not is_failure(error):
                raise
            who = environment.registry.describe(plugin)
            where = "what it gave to output_formats"
            raise failed_in(where, error, who, plugin) from error
        return text

    return named


def formats_of(environment: Environment) -> dict[str, tuple[str, OutputFormat]]:
    """Return every format but text for people, each with the plugin that offers it.

    :param environment: The app's environment.
    :raises HookError: When two plugins give one name.
    """
    from ..hooks import specs

    formats: dict[str, tuple[str, OutputFormat]] = {}
    for plugin, offered in environment.hooks.collect(specs.output_formats):
        for format_ in offered:
            if format_.name == "table":
                raise HookError(
                    f"Plugin {plugin!r} offers a format 'table', which is what "
                    "report_views write.",
                    "Rename the format, or implement report_views instead.",
                    plugin=plugin,
                    hook="output_formats",
                )
            if format_.name in formats:
                raise HookError(
                    f"Plugins {formats[format_.name][0]!r} and {plugin!r} both offer "
                    f"the format {format_.name!r}.",
                    "Disable one of them.",
                    plugin=plugin,
                    hook="output_formats",
                )
            formats[format_.name] = (plugin, format_)
    return formats
