"""What a report view writes with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import click
from flask import current_app

from ..errors import HookError
from . import output
from .context import get_environment

if TYPE_CHECKING:
    from flask import Flask

    from ..hooks.payloads import Report
    from ..runtime.environment import Environment
    from ..runtime.invocation import ReportReceiver

View = Callable[["Report", "Writer"], None]
"""What writes the report of a command for people."""


class Writer:
    """Writes to the terminal in the way that the command's options ask for.

    .. versionadded:: 4.0
    """

    @property
    def verbosity(self) -> int:
        """How often ``-v`` was given."""
        return output.current_output().verbosity

    def line(
        self,
        text: str = "",
        *,
        fg: str | None = None,
        bg: str | None = None,
        bold: bool | None = None,
        dim: bool | None = None,
    ) -> None:
        """Write a line of the result to stdout.

        :param text: The line.
        :param fg: Its colour, one of those of :func:`click.style`; a terminal shows it.
        :param bg: The colour behind it.
        :param bold: Whether it is bold.
        :param dim: Whether it is dim.
        """
        output.echo(text, fg=fg, bg=bg, bold=bold, dim=dim)

    def note(
        self,
        text: str,
        *,
        fg: str | None = None,
        bg: str | None = None,
        bold: bool | None = None,
        dim: bool | None = None,
    ) -> None:
        """Write a line that is no result to stderr, unless ``--quiet`` is given.

        :param text: The line.
        :param fg: Its colour, as for :meth:`line`.
        :param bg: The colour behind it.
        :param bold: Whether it is bold.
        :param dim: Whether it is dim.
        """
        output.note(text, fg=fg, bg=bg, bold=bold, dim=dim)

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[object]],
        colours: Sequence[str] = (),
    ) -> None:
        """Write a table to stdout, which is narrow enough for the terminal.

        :param header: The names of the columns.
        :param rows: The cells of each row.
        :param colours: The colour of each row.
        """
        from .text import show

        show(header, rows, colours)


def views_of(environment: Environment) -> dict[str, tuple[str, View]]:
    """Return the view of each command that has one, with the plugin that gives it.

    A view of another plugin takes the place of a built-in one.

    :param environment: The app's environment.
    :raises HookError: When two plugins give a view of one command, or something else
        than views.
    """
    from ..hooks import specs

    views: dict[str, tuple[str, View]] = {}
    registry = environment.registry
    for plugin, answer in environment.hooks.collect(specs.report_views):
        if not isinstance(answer, Mapping) or not all(map(callable, answer.values())):
            raise HookError(
                f"Plugin {plugin!r} gave {answer!r} to report_views.",
                "Return a dict of command name and function(report, writer).",
                plugin=plugin,
                hook="report_views",
            )
        for command, view in answer.items():
            if command not in views:
                views[command] = (plugin, view)
            elif registry.record(plugin).source != "core":
                raise HookError(
                    f"Plugins {views[command][0]!r} and {plugin!r} both give a view of "
                    f"the command {command!r}.",
                    "Disable one of them.",
                    plugin=plugin,
                    hook="report_views",
                )
    return views


@contextmanager
def printed(
    name: str, *, verbosity: int | None = None, builtin: bool = True
) -> Iterator[None]:
    """Write the report of the command that runs inside for people, once it has ended.

    A check that says no raises after its report is complete: it is written first. In a
    machine format nothing is written here; the report goes on to the command around.

    :param name: The command whose view writes, by its name after ``flask db``.
    :param verbosity: How often ``-v`` was given; by default what was typed.
    :param builtin: Whether a built-in view may write: not the report of a command that
        a plugin has put in place of ours, which holds something else.
    :raises HookError: When the view of a plugin fails.
    """
    from ..runtime.invocation import report_receiver

    app = current_app._get_current_object() if current_app else None  # type: ignore[attr-defined]

    current = output.current_output()
    chosen = current if verbosity is None else replace(current, verbosity=verbosity)
    with output.writing(chosen), report_receiver() as received:
        try:
            yield
        except (click.ClickException, click.Abort):
            raise
        except (Exception, KeyboardInterrupt, SystemExit):
            _print(name, received, app, builtin)
            raise
        _print(name, received, app, builtin)


def _print(
    name: str, received: ReportReceiver, app: Flask | None, builtin: bool
) -> None:
    report = received.report
    if (
        app is None
        or report is None
        or report.error is not None
        or received.is_printed
        or output.current_output().format != "table"
    ):
        return
    received.is_printed = True
    # ctx.exit() has ended the app context of the command.
    with nullcontext() if current_app else app.app_context():
        show(get_environment(), name, report, builtin=builtin)


def show(
    environment: Environment, command: str, report: Report, *, builtin: bool = True
) -> None:
    """Write a report for people, if there is a view of the command.

    :param environment: The app's environment.
    :param command: The name of the command after ``flask db``.
    :param report: How it ended.
    :param builtin: Whether a built-in view may write it.
    :raises HookError: When the view of a plugin fails.
    """
    from ..errors import AlembicError
    from ..hooks.redaction import redacted

    plugin, view = views_of(environment).get(command, ("", None))
    if view is None:
        return
    is_core = environment.registry.record(plugin).source == "core"
    if not builtin and is_core:
        return
    try:
        view(report, Writer())
    except (AlembicError, click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except (Exception, SystemExit) as error:
        if is_core:
            raise  # where it writes to is at fault, a full disk for example
        raise HookError(
            f"Plugin {plugin!r} failed in its view of {command!r}: {redacted(error)}. "
            "The command itself has ended.",
            "Fix or disable the plugin.",
            plugin=plugin,
            hook="report_views",
        ) from error
