"""The ``db`` group: our commands, and those that plugins add."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo

if TYPE_CHECKING:
    from ..extension import Alembic
    from .commands import AlembicCommand

MODULES = {
    "read_commands": (
        "current",
        "heads",
        "branches",
        "log",
        "history",
        "show",
        "check",
    ),
    "run_commands": ("upgrade", "downgrade", "stamp", "plan"),
    "write_commands": (
        "mkdir",
        "init",
        "list-templates",
        "revision",
        "migrate",
        "merge",
        "edit",
    ),
    "plugin_commands": ("plugins", "hooks"),
    "state_commands": ("status", "wait"),
    "check_commands": ("lint",),
    "mend_commands": ("doctor", "drift", "adopt", "squash"),
    "new_plugin": ("new-plugin",),
    "graph_commands": ("graph",),
}
"""Where our commands are, so that a command need not import the others."""


def builtin_commands(
    modules: Iterable[str] = tuple(MODULES),
) -> dict[str, click.Command]:
    """Return our own commands by name.

    :param modules: Only those of these modules.
    """
    import importlib

    commands: dict[str, click.Command] = {}
    for name in modules:
        module = importlib.import_module(f"{__package__}.{name}")
        for command in module.COMMANDS:
            commands[command.name] = command
    return commands


class _CommandClass:
    """The class of our commands, imported when it is first asked for."""

    def __get__(self, instance: object, owner: type) -> type[AlembicCommand]:
        from .commands import AlembicCommand

        return AlembicCommand


class AlembicGroup(click.Group):
    """A group that asks plugins for commands when it is first listed or resolved.

    :param extension: The extension it works on; the current app's by default.
    """

    command_class = _CommandClass()
    """What ``@cli.command()`` makes, so that commands of plugins run in an app context
    and have ``--format``, ``--quiet`` and ``--traceback`` too."""

    def __init__(
        self, *args: Any, extension: Alembic | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.extension = extension
        self._is_filled = False
        self._filled_for: WeakSet[Flask] = WeakSet()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        self._fill(ctx)
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name; ours do not need the plugins."""
        self._add_builtin(cmd_name)
        if cmd_name not in self.commands or self._is_extended(ctx):
            self._fill(ctx)
        return super().get_command(ctx, cmd_name)

    def _add_builtin(self, name: str) -> None:
        """Add a command of ours and those beside it, without importing the others."""
        for module, names in MODULES.items():
            if name in names and not self._is_filled:
                for each, command in builtin_commands([module]).items():
                    self.commands.setdefault(each, command)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words for the hooks as they were before they are taken apart."""
        from ..commands.words import argv
        from .output import may_colour

        if not may_colour():
            ctx.color = False  # for commands that plugins add too
        words = tuple(args)
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            # Not before: after --help the context is never closed, nor is it after
            # completion.
            token = argv.set(words)
            ctx.call_on_close(lambda: argv.reset(token))
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; the errors of commands that plugins add are shown too."""
        from .commands import errors_shown

        with errors_shown(ctx.params.get("traceback", False)):
            return super().invoke(ctx)

    def _is_extended(self, ctx: click.Context) -> bool:
        """Whether plugins may add options to our commands."""
        if ctx.resilient_parsing:
            return False
        app = _app(ctx)
        extension = self.extension or (app and app.extensions.get("alembic"))
        return bool(extension and extension.has_plugins())

    def _fill(self, ctx: click.Context) -> None:
        """Add what is missing: our commands once, the plugins' once per app."""
        if not self._is_filled:
            self._is_filled = True
            for name, command in builtin_commands().items():
                self.commands.setdefault(name, command)
        app = _app(ctx)
        if app is not None and app not in self._filled_for:
            self._filled_for.add(app)
            self._ask_plugins(app)

    def _ask_plugins(self, app: Flask) -> None:
        extension = self.extension or app.extensions.get("alembic")
        if extension is None or not extension.has_plugins():
            return
        from ..errors import AlembicError
        from ..hooks import specs
        from .added import heard

        try:
            hooks = extension.environment_for(app).hooks
        except AlembicError as error:
            # The command that is run says it again; --help goes on working.
            from .output import say

            say(f"Warning: {error}", err=True, fg="yellow")
            return
        known = dict(self.commands)
        for plugin, failed in hooks.edit_each(specs.register_commands, cli=self):
            if failed is not None:
                # A command that works is not replaced by one that does not.
                name = f"{plugin}-plugin" if plugin in self.commands else plugin
                known[name] = _broken(name, failed)
                self.add_command(known[name])
        for name, command in self.commands.items():
            if known.get(name) is not command:
                self.commands[name] = heard(command)


def _broken(name: str, error: Exception) -> click.Command:
    """Return a command that stands for what a plugin could not add."""

    def fail() -> None:
        raise error

    return click.Command(
        name,
        callback=fail,
        help=f"Broken: {error}",
        short_help="Broken; run it to see why.",
    )


def _app(ctx: click.Context) -> Flask | None:
    if current_app:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        return app
    info = ctx.find_object(ScriptInfo)
    return info.load_app() if info is not None else None


def _without_plugins(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        # The app may not be loaded yet, and this process runs one command.
        os.environ["FLASK_ALEMBIC_NO_PLUGINS"] = "1"
        ctx.call_on_close(lambda: os.environ.pop("FLASK_ALEMBIC_NO_PLUGINS", None))


def make_group(extension: Alembic | None = None) -> AlembicGroup:
    """Return a ``db`` group.

    :param extension: The extension it works on; the current app's by default.
    """
    return AlembicGroup(
        "db",
        extension=extension,
        help="Perform database migrations.",
        params=[
            click.Option(
                ["--no-plugins"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_without_plugins,
                help="Leave installed plugins out.",
            ),
            click.Option(
                ["--traceback"], is_flag=True, help="Show the traceback of an error."
            ),
        ],
        callback=lambda traceback: None,
    )


alembic_click = make_group()
"""The group for apps that add it themselves."""
