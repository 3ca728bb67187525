"""Commands that plugins add: heard by every plugin, as ours are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import wraps
from typing import Any

import click
from flask.cli import with_appcontext


def heard(command: click.Command, path: str | None = None) -> click.Command:
    """Return a command that sends ``before_command`` and ``after_command`` too.

    The given object is left as it is: plugins often keep it in a module, and several
    apps of one process get it.

    :param command: What a plugin added; of a group each command in it.
    :param path: Its name in the events, such as ``tenants add``; its own by default.

    .. versionadded:: 4.0
    """
    name = path or command.name or ""
    again = copy(command)
    if isinstance(again, click.Group):
        again.commands = {
            each: heard(inner, f"{name} {each}")
            for each, inner in again.commands.items()
        }
        if not again.invoke_without_command:
            return again
    if again.callback is not None:
        again.callback = _announced(name, again)
    return again


def _announced(name: str, command: click.Command) -> Any:
    """Return a command's callback between the guard and the report."""
    callback = command.callback
    assert callback is not None
    hidden = [
        each.name
        for each in command.params
        if isinstance(each, click.Option) and each.hide_input
    ]

    @with_appcontext
    @wraps(callback)
    def run(*args: Any, **options: Any) -> Any:
        from flask import current_app

        from ..commands.invocation import invoked, last_report
        from .base import get_extension

        app = current_app._get_current_object()  # type: ignore[attr-defined]
        environment = get_extension().environment_for(app)
        with invoked(environment, name, **_shown(options, hidden)) as call:
            last_report.set(None)
            value = callback(*args, **options)
            inner = last_report.get()
            if inner is not None:
                # What it did through the API is what it reports.
                call.adopt(inner)
        return value

    return run


def _shown(options: Mapping[str, Any], hidden: Sequence[str | None]) -> dict[str, Any]:
    """Return what plugins may see: nothing whose input is hidden."""
    return {key: value for key, value in options.items() if key not in hidden}
