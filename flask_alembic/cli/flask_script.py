"""Integration with Flask-Script: the commands of ``flask db`` in a ``Manager``.

Nothing is defined twice. Whenever a command line is parsed, the Click group of the app is
walked, with what plugins have added to it, and each of its commands becomes one of
Flask-Script. What was typed is handed to Click, which checks it and runs the command.

The maintained distribution is ``flask-script-ng``; the original ``flask_script`` is
used where only that can be imported.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
from flask import Flask
from flask.cli import ScriptInfo

from ..errors import ConfigurationError

_WORDS = "alembic_words"
"""Where the parser of a command keeps what was typed after its name."""

_GROUP_WORDS = "alembic_group_words"
"""Where the parser of the group keeps what was typed before the name of a command."""

_NUMBER = re.compile(r"-\d+|-\d*\.\d+")
"""What ``argparse`` takes for an argument although it begins with a dash."""


class Forward(argparse.Action):
    """Keeps an option or argument as it was typed, in the order of the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add it to what is there.

        :param parser: The parser of the command.
        :param namespace: What holds the words.
        :param values: The values.
        :param option_string: The option; ``None`` for an argument.
        """
        given = [values] if isinstance(values, str) else list(values or ())
        typed = [*getattr(namespace, self.dest, ()), (option_string, given)]
        setattr(namespace, self.dest, typed)


def words(typed: Iterable[tuple[str | None, list[str]]], rest: list[str]) -> list[str]:
    """Return what is handed to Click.

    :param typed: Options and arguments as they were typed.
    :param rest: What ``argparse`` knows no option or argument for.
    """
    options: list[str] = []
    arguments: list[str] = []
    for option, values in typed:
        if option is None:
            arguments += values
        else:
            options += [option, *values]
    if any(word.startswith("-") and not _NUMBER.fullmatch(word) for word in arguments):
        return [*options, *rest, "--", *arguments]
    return [*options, *arguments, *rest]


def options_of(
    params: Iterable[click.Parameter],
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield the arguments of ``add_argument()`` for each parameter of a command.

    Defaults, types and choices are Click's: only what was typed is handed on.

    :param params: The parameters.
    """
    taken = {"-?", "--help"}
    for param in params:
        options: dict[str, Any] = {
            "action": Forward,
            "default": argparse.SUPPRESS,
            "dest": _WORDS,
            "help": _help(param),
            "nargs": _nargs(param),
        }
        if options["nargs"] != 0:
            options["metavar"] = _metavar(param)
        if isinstance(param, click.Argument):
            # A positional argument has no name of its own beside its dest.
            del options["dest"]
            yield (_WORDS,), options
            continue
        names = [*param.opts, *param.secondary_opts]
        names = [n for n in names if n.startswith("-") and n not in taken]
        taken.update(names)
        if names:
            yield tuple(names), options


def _help(param: click.Parameter) -> str | None:
    if getattr(param, "hidden", False):
        return argparse.SUPPRESS
    text: str | None = getattr(param, "help", None)
    return None if text is None else text.replace("%", "%%")


def _nargs(param: click.Parameter) -> int | str | None:
    """Return how many words a parameter takes, as ``argparse`` counts them."""
    if isinstance(param, click.Option):
        if param.is_flag or param.count:
            return 0
        if isinstance(param.flag_value, str):
            return "?"
        return None if param.nargs == 1 else param.nargs
    if param.nargs == -1:
        return "+" if param.required else "*"
    if param.nargs == 1:
        return None if param.required else "?"
    return param.nargs


def _metavar(param: click.Parameter) -> str:
    if isinstance(param.type, click.Choice):
        return "{" + ",".join(map(str, param.type.choices)) + "}"
    kind = param.name if isinstance(param, click.Argument) else param.type.name
    # argparse adds brackets and dots of its own, and cannot wrap lines with others.
    return (param.metavar or str(kind).upper()).strip("[].")


def _library() -> Any:
    """Import the Flask-Script library that is there.

    :raises ConfigurationError: When there is none.
    """
    try:
        import flask_script_ng

        return flask_script_ng
    except ImportError:
        pass
    try:
        import flask_script

        return flask_script
    except ImportError:
        raise ConfigurationError(
            "alembic_script needs Flask-Script, which is not installed.",
            "pip install flask-script-ng",
        ) from None


def _script_info(app: Flask) -> ScriptInfo:
    return ScriptInfo(create_app=lambda: app, set_debug_flag=False)


def _app_of(manager: Any) -> Flask | None:
    """Return the app of the outermost manager, if it can be known before parsing.

    A factory that takes no options is called now instead of a moment later; the
    manager keeps the app.
    """
    while manager.parent is not None:
        manager = manager.parent
    if isinstance(manager.app, Flask) or manager.app is None:
        return manager.app
    if manager.get_options():
        return None
    app = manager()
    return app if isinstance(app, Flask) else None


def _group_of(app: Flask | None) -> click.Group:
    """Return the Click group of an app, or a new one where it has none."""
    from ..builtin import make_db_group

    if app is None or "alembic" not in app.extensions:
        return make_db_group()
    extension = app.extensions["alembic"]
    for command in app.cli.commands.values():
        if getattr(command, "extension", None) is extension:
            assert isinstance(command, click.Group)
            return command
    return make_db_group(extension)


def _text(command: click.Command) -> str:
    """Return the help of a command without the marks that are for Click."""
    return (command.help or "").partition("\f")[0].replace("\b", "").strip()


class CommandLine:
    """What was typed before the name of a command: the group, and its options."""

    def __init__(self) -> None:
        self.name = ""
        self.options: list[str] = []

    def run(self, app: Flask, args: Sequence[str]) -> None:
        """Run a command of the group, as ``flask db`` runs it.

        :param app: The app.
        :param args: The command and its arguments.
        :raises SystemExit: When the exit code is not 0.
        """
        program = os.path.basename(sys.argv[0])
        try:
            _group_of(app).main(
                [*self.options, *args],
                prog_name=f"{program} {self.name}".strip(),
                obj=_script_info(app),
                auto_envvar_prefix="FLASK_DB",
            )
        except SystemExit as ended:
            if ended.code:
                raise


def _command_class(library: Any, line: CommandLine) -> Any:
    """Return the class of a Flask-Script command that runs one of Click's."""

    class ClickCommand(library.Command):  # type: ignore[misc]
        """Runs a command of the Click group."""

        capture_all_args = True
        """What ``argparse`` does not know is handed to Click, which refuses it."""

        def __init__(self, path: Sequence[str], command: click.Command) -> None:
            super().__init__()
            self.path = path
            self.__doc__ = _text(command)
            self.help = command.get_short_help_str(100).replace("%", "%%")
            for names, options in options_of(command.params):
                self.add_option(library.Option(*names, **options))

        def __call__(
            self, app: Any = None, rest: Sequence[str] = (), **options: Any
        ) -> None:
            """Run the command on the app.

            :param app: The app.
            :param rest: What was typed and is no option or argument.
            :param options: The words that were typed.
            """
            typed = words(options.get(_WORDS) or (), list(rest))
            line.run(app, [*self.path, *typed])

    return ClickCommand


def _group_class(library: Any, line: CommandLine) -> Any:
    """Return the class of a manager with the commands of a Click group."""
    command_class = _command_class(library, line)

    class GroupManager(library.Manager):  # type: ignore[misc]
        """Holds the commands of a Click group while one command line is parsed."""

        def __init__(
            self, group: click.Group, context: click.Context, path: Sequence[str] = ()
        ) -> None:
            text = _text(group)
            super().__init__(description=text, help=text, with_default_commands=False)
            self.subparser_kwargs = {"metavar": "COMMAND", "title": "commands"}
            for name in group.list_commands(context):
                command = _resolved(group, context, name)
                here = (*path, name)
                if (
                    isinstance(command, click.Group)
                    and not command.invoke_without_command
                ):
                    inner = click.Context(command, context, info_name=name)
                    self.add_command(name, GroupManager(command, inner, here))
                else:
                    self.add_command(name, command_class(here, command))

        def add_flags(self, params: Iterable[click.Parameter]) -> None:
            """Add the options that stand before the name of a command.

            :param params: The parameters of the group.
            """
            for param in params:
                if isinstance(param, click.Option) and param.is_flag:
                    self.add_option(
                        *param.opts,
                        action="append_const",
                        const=param.opts[0],
                        dest=_GROUP_WORDS,
                        help=_help(param),
                    )

        def __call__(self, app: Any = None, **options: Any) -> Any:
            """Return the app; keep the options of the group.

            :param app: The app.
            :param options: The words that were typed before the name of a command.
            """
            line.options.extend(options.pop(_GROUP_WORDS, None) or ())
            return super().__call__(app, **options)

    return GroupManager


def _resolved(group: click.Group, context: click.Context, name: str) -> click.Command:
    """Return a command of a group; one that cannot be imported fails when it is run."""
    try:
        command = group.get_command(context, name)
    except Exception as error:
        return click.Command(name, help=f"Broken: {error}")
    return command or click.Command(name)


def make_manager() -> Any:
    """Return a Flask-Script manager with the commands of ``flask db``.

    :raises ConfigurationError: When Flask-Script is not installed.
    """
    library = _library()
    line = CommandLine()
    group_class = _group_class(library, line)

    class AlembicManager(library.Manager):  # type: ignore[name-defined,misc]
        """The manager that is added to others; what is added to it wins over ours."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.added: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

        def add_command(self, *args: Any, **options: Any) -> None:
            """Add a command of the project's own.

            :param args: The name and the command, or the command alone.
            :param options: As for ``Manager``.
            """
            super().add_command(*args, **options)
            self.added.append((args, options))

        def create_parser(
            self, prog: str, func_stack: tuple[Any, ...] = (), parent: Any = None
        ) -> argparse.ArgumentParser:
            """Return the parser for what the Click group holds now.

            :param prog: The name under which the manager was added.
            :param func_stack: The managers around.
            :param parent: The manager around.
            """
            line.name = "" if parent is None else prog
            line.options.clear()
            app = _app_of(self)
            info = None if app is None else _script_info(app)
            group = _group_of(app)
            manager = group_class(group, click.Context(group, info_name=prog, obj=info))
            manager.app, manager.parent = self.app, self.parent
            manager.add_flags(group.params)
            for args, options in self.added:
                manager.add_command(*args, **options)
            parser: argparse.ArgumentParser = manager.create_parser(
                prog, func_stack=func_stack, parent=parent
            )
            self.parser = parser
            return parser

    # Its ``usage`` would stand in place of the command: "usage: Perform database ...".
    what = "Perform database migrations."
    return AlembicManager(description=what, help=what, with_default_commands=False)


def __getattr__(name: str) -> Any:
    if name != "alembic_script":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    manager = make_manager()
    globals()[name] = manager
    return manager
