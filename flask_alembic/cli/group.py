"""The ``db`` group: our commands, and those that plugins add."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo

from .lazy import CommandRoot, Commands, LazyCommand

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from typing_extensions import Unpack

    from .base_command import AlembicCommand, CommandOptions
    from .extension_api import ExtensionAPI

_LISTING = "flask_alembic.cli.is_listing"
"""The key in a context's ``meta`` while commands are listed and not run."""


class _CommandClass:
    """The class of our commands, imported when it is first asked for."""

    def __get__(self, instance: object, owner: type) -> type[AlembicCommand]:
        from .base_command import AlembicCommand

        return AlembicCommand


class AlembicGroup(CommandRoot):
    """The ``db`` group, which ``register_commands`` gets.

    Plugins are asked for commands when it is first listed or resolved. Add a command
    with ``@cli.command("name")``, with ``cli.add_command(command)``, or without
    importing its module with :meth:`add_lazy`.

    :param name: What it is called: ``db``.
    :param extension: The extension it works on; the current app's by default.
    :param builtin: Adds the built-in commands, called when the group is first used.
    :param shared: The group whose commands are in this one too, but for those of
        plugins: ``alembic_click``.
    :param options: As for :class:`click.Group`.

    .. versionadded:: 4.0
    """

    command_class = _CommandClass()
    """What ``@cli.command()`` makes, so that commands of plugins run in an app context
    and have ``--format``, ``--quiet`` and ``--traceback`` too."""

    def __init__(
        self,
        name: str | None = None,
        *,
        extension: ExtensionAPI | None = None,
        builtin: Callable[[AlembicGroup], None] | None = None,
        shared: Callable[[], AlembicGroup] | None = None,
        **options: Unpack[CommandOptions],
    ) -> None:
        self._commands = Commands()
        self._add: Callable[[AlembicGroup], None] | None = None
        self._shared: Callable[[], AlembicGroup] | None = None
        super().__init__(name, **options)
        self.extension = extension
        self._add = builtin
        self._shared = shared
        self._builtin: dict[str, LazyCommand] = {}
        self._of_plugins: set[str] = set()
        self._of_shared: dict[str, click.Command | LazyCommand] = {}
        self._filled_for: WeakSet[Flask] = WeakSet()

    @property
    def commands(self) -> Commands:
        """The commands by name; reading one imports it, reading their names does not."""
        self._fill()
        return self._commands

    @commands.setter
    def commands(self, commands: Mapping[str, click.Command]) -> None:
        self._commands = Commands(commands)

    def add_lazy(
        self, name: str, target: str, *, help: str = "", hidden: bool = False
    ) -> None:
        """Add a command whose module is imported when the command is used.

        ``flask db --help`` shows its name and ``help`` without importing it::

            @hookimpl
            def register_commands(cli):
                cli.add_lazy("report", "my_plugin.commands:report", help="Show it.")

        :param name: The name after ``flask db``.
        :param target: Where the command is: ``package.module:attribute``.
        :param help: What ``flask db --help`` says about it, in one sentence.
        :param hidden: Whether ``flask db --help`` leaves it out.
        :raises ValueError: When the target is not of that form.
        """
        module, colon, attribute = target.partition(":")
        if not (module and colon and attribute.isidentifier()):
            raise ValueError(
                f"the target of {name!r} must be 'package.module:attribute', "
                f"not {target!r}"
            )
        self.commands.add_lazy(LazyCommand(name, target, help, hidden=hidden))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands that are not disabled, sorted."""
        self._ask_plugins(ctx)
        disabled = self._disabled(ctx)
        return [name for name in super().list_commands(ctx) if name not in disabled]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name; ours do not need the plugins."""
        if cmd_name not in self.commands or self._is_extended(ctx):
            self._ask_plugins(ctx)
        if cmd_name in self._disabled(ctx):
            return None
        lazy = self.commands.lazy(cmd_name)
        if lazy is not None and ctx.meta.get(_LISTING):
            return lazy.listed()
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was typed; say so where it is disabled."""
        name = str(args[0])
        is_unknown = not ctx.resilient_parsing and self.get_command(ctx, name) is None
        if is_unknown and name in self._disabled(ctx):
            ctx.fail(f"No such command {name!r}: ALEMBIC_PLUGINS_DISABLED disables it.")
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the list of commands without importing those that are lazy."""
        with _listing(ctx):
            super().format_commands(ctx, formatter)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Return the commands that begin so, without importing those that are lazy."""
        with _listing(ctx):
            return super().shell_complete(ctx, incomplete)

    def _fill(self) -> None:
        """Add our commands once, and those of the shared group, importing none."""
        if self._add is not None:
            add, self._add = self._add, None
            add(self)
            self._builtin = {
                name: command
                for name, command in self._commands.unresolved()
                if isinstance(command, LazyCommand)
            }
        if self._shared is not None:
            for name, command in self._shared().added():
                if name not in self._commands or self._is_replaced(name):
                    self._commands.add(name, command)
                    self._of_shared[name] = command

    def added(self) -> Iterator[tuple[str, click.Command | LazyCommand]]:
        """Yield the commands that are neither ours nor of a plugin, by name."""
        self._fill()
        for name, command in self._commands.unresolved():
            if not self._is_builtin(name) and name not in self._of_plugins:
                yield name, command

    def _is_builtin(self, name: str) -> bool:
        command = self._commands.lazy(name)
        return command is not None and self._builtin.get(name) is command

    def _is_replaced(self, name: str) -> bool:
        """Whether the shared group's command takes the place of the one here."""
        known = self._of_shared.get(name)
        here = dict(self._commands.unresolved())[name]
        return self._is_builtin(name) or (known is not None and here is known)

    def _disabled(self, ctx: click.Context) -> frozenset[str]:
        """Return the names of our commands that the app has disabled."""
        app = _current_app() if ctx.resilient_parsing else _app(ctx)
        if app is None or not app.config.get("ALEMBIC_PLUGINS_DISABLED"):
            return frozenset()
        from ..errors import AlembicError
        from ..hooks.manager import is_named, names

        try:
            disabled = names("ALEMBIC_PLUGINS_DISABLED", app.config)
        except AlembicError:
            return frozenset()  # The command that is run says it.
        self._fill()
        every = is_named(disabled, "commands", "")
        return frozenset(
            name
            for name in self._builtin
            if (every or is_named(disabled, name, "")) and self._is_builtin(name)
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words for the hooks as they were before they are taken apart."""
        from ..runtime.invocation import argv
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

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; the errors of commands that plugins add are shown too."""
        from .base_command import errors_shown

        with errors_shown(ctx.params.get("traceback", False)):
            return super().invoke(ctx)

    def _is_extended(self, ctx: click.Context) -> bool:
        """Whether plugins may add options to our commands."""
        if ctx.resilient_parsing:
            return False
        app = _app(ctx)
        extension = self.extension or (app and app.extensions.get("alembic"))
        return bool(extension and extension.has_plugins())

    def _ask_plugins(self, ctx: click.Context) -> None:
        """Add the commands of plugins, once per app."""
        app = _app(ctx)
        if app is None or app in self._filled_for:
            return
        self._filled_for.add(app)
        extension = self.extension or app.extensions.get("alembic")
        if extension is None or not extension.has_plugins():
            return
        from ..errors import AlembicError
        from ..hooks import specs
        from ..runtime.diagnosis import diagnosing

        token = diagnosing.set(True)  # what is wrong with one hides no other
        try:
            hooks = extension.environment_for(app).hooks
            if hooks.registry.refusal is not None:
                raise hooks.registry.refusal
        except AlembicError as error:
            # The command that is run says it again; --help goes on working.
            from .output import say

            say(f"Warning: {error}", err=True, fg="yellow")
            return
        finally:
            diagnosing.reset(token)
        known = dict(self.commands.unresolved())
        for plugin, failed in hooks.modify_each(specs.register_commands, cli=self):
            if failed is not None:
                # A command that works is not replaced by one that does not.
                name = f"{plugin}-plugin" if plugin in self.commands else plugin
                self.add_command(_broken(name, failed))
                self._of_plugins.add(name)
                known[name] = self.commands[name]
            for name, command in list(self.commands.unresolved()):
                if known.get(name) is not command:
                    known[name] = self._announce(name, command, plugin)

    def _announce(
        self, name: str, command: click.Command | LazyCommand, plugin: str
    ) -> click.Command | LazyCommand:
        """Let a command that a plugin added be heard, and return it."""
        self._of_plugins.add(name)
        if isinstance(command, LazyCommand):
            command.plugin = plugin
            command.announce = partial(_with_events, plugin)
            return command
        self.commands[name] = _with_events(plugin, command)
        return self.commands[name]


def _with_events(
    plugin: str, command: click.Command, path: str | None = None
) -> click.Command:
    from .base_command import with_command_events

    return with_command_events(command, path, plugin)


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


def _current_app() -> Flask | None:
    app: Flask | None = current_app._get_current_object() if current_app else None  # type: ignore[attr-defined]
    return app


def _app(ctx: click.Context) -> Flask | None:
    if current_app:
        return _current_app()
    info = ctx.find_object(ScriptInfo)
    return info.load_app() if info is not None else None


@contextmanager
def _listing(ctx: click.Context) -> Iterator[None]:
    """Let commands be listed inside, which imports none of them."""
    ctx.meta[_LISTING] = True
    try:
        yield
    finally:
        del ctx.meta[_LISTING]


def _without_plugins(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        # The app may not be loaded yet, and this process runs one command.
        os.environ["FLASK_ALEMBIC_NO_PLUGINS"] = "1"
        ctx.call_on_close(lambda: os.environ.pop("FLASK_ALEMBIC_NO_PLUGINS", None))


def make_group(
    extension: ExtensionAPI | None = None,
    builtin: Callable[[AlembicGroup], None] | None = None,
    shared: Callable[[], AlembicGroup] | None = None,
) -> AlembicGroup:
    """Return a ``db`` group.

    :param extension: The extension it works on; the current app's by default.
    :param builtin: Adds the built-in commands.
    :param shared: The group whose commands are in this one too.
    """
    return AlembicGroup(
        "db",
        extension=extension,
        builtin=builtin,
        shared=shared,
        help="Perform database migrations.",
        params=[
            click.Option(
                ["--no-plugins"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_without_plugins,
                help="Skip installed plugins.",
            ),
            click.Option(
                ["--traceback"], is_flag=True, help="Show the traceback of an error."
            ),
        ],
        callback=lambda traceback: None,
    )
