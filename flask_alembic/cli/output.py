"""Where the words of a command go, in which format and how many of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from ..errors import HookError, UsageError

if TYPE_CHECKING:
    from ..environment.objects import Environment
    from ..hooks.payloads import Format


@dataclass(frozen=True, slots=True)
class Output:
    """How the command at work writes."""

    format: str = "table"
    """The name of the format; ``table`` is text for people."""

    quiet: bool = False
    """Whether only results and errors are written."""

    verbosity: int = 0
    """How much more than usual is written."""


_output: ContextVar[Output] = ContextVar("output", default=Output())  # noqa: B039
_stdout: ContextVar[IO[str] | None] = ContextVar("stdout", default=None)


def current_output() -> Output:
    """Return how the command at work writes."""
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


def echo(text: str = "", **style: Any) -> None:
    """Write a line for people; silent in machine formats.

    :param text: The line.
    :param style: Colours, as for :func:`click.secho`; used on a terminal only.
    """
    if current_output().format == "table":
        say(text, file=_stdout.get(), **style)


def note(text: str, **style: Any) -> None:
    """Write a line about what goes on, to stderr; silent with ``--quiet``.

    :param text: The line.
    :param style: Colours, as for :func:`click.secho`.
    """
    output = current_output()
    if output.format == "table" and not output.quiet:
        say(text, err=True, **style)


def say(text: str, **options: Any) -> None:
    """Write a line with colours, which a terminal shows unless it is told not to.

    :param text: The line.
    :param options: Colours and where to, as for :func:`click.secho`.
    """
    click.secho(text, color=None if may_colour() else False, **options)


def may_colour() -> bool:
    """Return whether colours may be used: see https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def emit(document: Any) -> None:
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
) -> Format | None:
    """Return the format of a name; ``None`` for text for people.

    :param environment: The app's environment.
    :param name: What follows ``--format``.
    :param more: What the command at work takes beside the formats.
    :raises UsageError: When there is none.
    :raises HookError: When two plugins give one name.
    """
    if name == "table":
        return None
    formats = formats_of(environment)
    if name not in formats:
        known = ", ".join(["table", *more, *sorted(formats)])
        raise UsageError(f"There is no format {name!r}.", f"Use one of: {known}.")
    return formats[name][1]


def formats_of(environment: Environment) -> dict[str, tuple[str, Format]]:
    """Return every format but text for people, each with the plugin that offers it.

    :param environment: The app's environment.
    :raises HookError: When two plugins give one name.
    """
    from ..hooks import specs
    from ..hooks.payloads import Format
    from .documents import as_json, as_jsonl

    formats = {
        "json": ("defaults", Format("json", as_json, "one JSON document")),
        "jsonl": ("defaults", Format("jsonl", as_jsonl, "one JSON object a line")),
    }
    for plugin, offered in environment.hooks.gather(specs.output_formats):
        for one in offered:
            if one.name in formats or one.name == "table":
                other = formats[one.name][0] if one.name in formats else "defaults"
                raise HookError(
                    f"Plugins {other!r} and {plugin!r} both offer the format "
                    f"{one.name!r}.",
                    "Disable one of them.",
                    plugin=plugin,
                    hook="output_formats",
                )
            formats[one.name] = (plugin, one)
    return formats
