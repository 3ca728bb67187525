"""Commands whose module is imported when they are run, not when they are listed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, ItemsView, Iterator, ValuesView
from copy import copy
from functools import cached_property
from typing import Any

import click


class CommandRoot(click.Group):
    """The group that the path of a command begins below: ``flask db``."""


class LazyCommand:
    """A command that is known by its name and its help until it is run.

    :param name: The name after ``flask db``.
    :param target: Where it is: ``package.module:attribute``.
    :param help: What the list of commands says about it.
    :param hidden: Whether the list leaves it out.
    """

    def __init__(
        self, name: str, target: str, help: str = "", *, hidden: bool = False
    ) -> None:
        self.name = name
        self.target = target
        self.help = help
        self.hidden = hidden
        self.plugin = ""
        """Who added it; empty for our own."""

        self.announce: Callable[[click.Command, str], click.Command] | None = None
        """Makes a command of that name that ``before_command`` and ``after_command``
        are sent around."""

    def listed(self) -> click.Command:
        """Return what stands for the command in a list; nothing is imported."""
        return click.Command(self.name, help=self.help, hidden=self.hidden)

    @cached_property
    def command(self) -> click.Command:
        """The command itself, imported when it is first asked for.

        :raises HookError: When it cannot be imported, or is no command.
        """
        command = self._imported()
        if self.announce is not None:
            return self.announce(command, self.name)
        # A plugin may add options: to the command of this group, not of every app's.
        again = copy(command)
        again.params = list(command.params)
        return again

    def _imported(self) -> click.Command:
        from ..errors import HookError
        from ..hooks.redaction import redacted

        module, _, attribute = self.target.partition(":")
        try:
            command = getattr(importlib.import_module(module), attribute)
        except (Exception, SystemExit) as error:
            raise HookError(
                f"The command {self.name!r} of plugin {self.plugin!r} cannot be "
                f"imported from {self.target!r}: {redacted(error)}.",
                "Fix the module or disable the plugin.",
                plugin=self.plugin,
                hook="register_commands",
            ) from error
        if not isinstance(command, click.Command):
            raise HookError(
                f"{self.target!r}, which plugin {self.plugin!r} gave to add_lazy(), is "
                f"not a Click command but {command!r}.",
                "Fix or disable the plugin.",
                plugin=self.plugin,
                hook="register_commands",
            )
        return command


class Commands(dict[str, click.Command]):
    """The commands of a group by name; a lazy one is imported when it is read."""

    def __getitem__(self, name: str) -> click.Command:
        command: click.Command = _resolved(super().__getitem__(name))
        return command

    def get(self, name: str, default: Any = None) -> Any:
        """Return a command by name.

        :param name: The name.
        :param default: What to return when there is none.
        """
        return _resolved(super().get(name, default))

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a command and return it.

        :param name: The name.
        :param default: What to return when there is none.
        """
        return _resolved(super().pop(name, *default))

    def values(self) -> ValuesView[click.Command]:  # type: ignore[override]
        """Return the commands."""
        return ValuesView(self)

    def items(self) -> ItemsView[str, click.Command]:  # type: ignore[override]
        """Return names and commands."""
        return ItemsView(self)

    def add_lazy(self, command: LazyCommand) -> None:
        """Add a command that is imported later.

        :param command: The command.
        """
        self.add(command.name, command)

    def add(self, name: str, command: click.Command | LazyCommand) -> None:
        """Add a command as it is.

        :param name: Its name.
        :param command: The command.
        """
        super().__setitem__(name, command)  # type: ignore[assignment]

    def unresolved(self) -> Iterator[tuple[str, click.Command | LazyCommand]]:
        """Return names and commands, the lazy ones as they are."""
        yield from super().items()

    def lazy(self, name: str) -> LazyCommand | None:
        """Return a command by name if it is lazy.

        :param name: The name.
        """
        value: object = super().get(name)
        return value if isinstance(value, LazyCommand) else None


def _resolved(value: Any) -> Any:
    return value.command if isinstance(value, LazyCommand) else value
