"""``flask db`` before there is an app: one sentence when the app cannot be loaded.

With Flask-SQLAlchemy the engines are made while the app is set up. A missing driver or
a URL that cannot be read fails there, before any command of the app's, and Flask shows
a traceback. So ``db`` is also an entry point in the group ``flask.commands``: it loads
the app itself, and hands over to the command ``db`` that the app has, whosever it is.

Every ``flask`` process imports this module, so it imports nothing but Click and Flask.
"""

from __future__ import annotations

import inspect
import traceback
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import NoAppException, ScriptInfo

NAME = "db"
"""The name of the entry point."""


class AppCommand(click.Group):
    """Stands for the command ``db`` of an app that is not loaded yet.

    .. versionadded:: 4.0
    """

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Return a context of the app's own command; Click runs what it belongs to.

        :param info_name: The name that was typed.
        :param args: What was typed after it.
        :param parent: The context of the group ``flask``.
        :raises click.exceptions.Exit: When the app cannot be loaded.
        :raises click.UsageError: When it has no such command.
        """
        if parent is None or parent.resilient_parsing:
            command = self._find(parent) or click.Group(NAME)
        else:
            command = self._require(parent, "--traceback" in args)
        # Not through super(): the context has to belong to the app's command.
        return command.make_context(info_name, args, parent, **extra)

    def _require(self, ctx: click.Context, show_traceback: bool) -> click.Command:
        """Return the app's command, in its app context, or say why there is none."""
        from .base_command import errors_shown

        with errors_shown(show_traceback):
            app = load(ctx)
        if not current_app or current_app._get_current_object() is not app:  # type: ignore[attr-defined]
            # As flask.cli.FlaskGroup does it for the commands of an app.
            ctx.with_resource(app.app_context())
        command = app.cli.get_command(ctx, NAME)
        if command is None:
            ctx.fail(f"No such command {NAME!r}. {_instead(app)}")
        text = _rivalry(app, command)
        if text:
            click.echo(f"Note: {text}", err=True)
        return command

    def _find(self, ctx: click.Context | None = None) -> click.Command | None:
        """Return the app's command; ``None`` when there is none or no app."""
        ctx = ctx or click.get_current_context(silent=True)
        info = ctx.find_object(ScriptInfo) if ctx is not None else None
        try:
            app = (info or ScriptInfo()).load_app()
            return app.cli.get_command(ctx or click.Context(app.cli), NAME)
        except (Exception, SystemExit):
            # Flask has shown it, or the command that is run will.
            return None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands of the app's group."""
        command = self._find(ctx)
        return command.list_commands(ctx) if isinstance(command, click.Group) else []

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the app's group."""
        command = self._find(ctx)
        if isinstance(command, click.Group):
            return command.get_command(ctx, cmd_name)
        return None

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return what ``flask --help`` says about the app's command.

        :param limit: How many characters there is room for.
        """
        command = self._find()
        return command.get_short_help_str(limit) if command is not None else ""

    @property
    def hidden(self) -> bool:
        """Whether ``flask --help`` leaves it out: where the app has no such command."""
        command = self._find()
        return command is None or command.hidden

    @hidden.setter
    def hidden(self, value: bool) -> None:
        """Ignore what Click's own initializer sets."""


def load(ctx: click.Context) -> Flask:
    """Load the app, with errors that say in one sentence what is wrong.

    :param ctx: A context below the one of ``flask``.
    :raises AlembicError: When its code fails while it is loaded.
    :raises NoAppException: When there is no app; Flask's own words.
    """
    try:
        return ctx.ensure_object(ScriptInfo).load_app()
    except NoAppException as error:
        # Flask puts the traceback of an ImportError into the message.
        cause = error.__context__
        if not isinstance(cause, ImportError) or "Traceback" not in error.message:
            raise
        raise _not_loaded(cause) from cause
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except (Exception, SystemExit) as error:
        raise _not_loaded(error) from error


def _not_loaded(error: BaseException) -> Exception:
    """Return our error for what stopped the app from loading."""
    from ..backends.connection_errors import unusable_url
    from ..errors import AlembicError
    from ..hooks.redaction import first_line
    from ..runtime.error_translation import translate

    advice = "Fix it; flask db --traceback shows more."
    as_ours = error if isinstance(error, AlembicError) else translate(error)
    if as_ours is None and isinstance(error, ValueError) and _is_about_url(error):
        as_ours = unusable_url("", error)
    if as_ours is not None:
        reason, advice = as_ours.message, as_ours.advice or advice
    elif isinstance(error, SystemExit):
        reason = f"it calls sys.exit({error.code!r})."
    else:
        name = type(error).__name__
        text = first_line(error)
        reason = f"{name}." if text == name else f"{name}: {text}."
    return AlembicError(f"The app cannot be loaded{_place(error)}: {reason}", advice)


def _is_about_url(error: BaseException) -> bool:
    """Whether SQLAlchemy raised it when it took a URL apart."""
    frames = traceback.extract_tb(error.__traceback__)
    return Path(frames[-1].filename).parts[-3:] == ("sqlalchemy", "engine", "url.py")


def _place(error: BaseException) -> str:
    """Return the last line of code that is no library's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.suffix == ".py" and not _is_library(path):
            return f" ({path.name}, line {frame.lineno})"
    return ""


def _is_library(path: Path) -> bool:
    import sysconfig

    folders = {Path(sysconfig.get_path("stdlib")), Path(__file__).parents[1]}
    return (
        bool(folders & set(path.parents))
        or not path.is_absolute()
        or bool({"site-packages", "dist-packages"} & set(path.parts))
    )


def _instead(app: Flask) -> str:
    """Say under which name the migrations of an app are, or why they are not."""
    for name, command in app.cli.commands.items():
        if hasattr(command, "extension"):
            return f"The migrations of this app are under 'flask {name}'."
    return "Flask-Alembic is installed, but this app does not use it: Alembic(app)."


def _rivalry(app: Flask, command: click.Command) -> str:
    """Say which of two packages has the command, where both have added one.

    The one that was initialized last has it.
    """
    name, before = app.extensions.get("alembic_command", ("", None))
    if name != NAME:
        return ""
    rival = before if hasattr(command, "extension") else command
    owner = getattr(getattr(rival, "callback", None), "__module__", None)
    if rival is None or owner is None or hasattr(rival, "extension"):
        return ""
    other = owner.partition(".")[0]
    if rival is command:
        return (
            f"'flask {NAME}' is the command of {other}, which was initialized after "
            "Flask-Alembic. Alembic(app, command_name='alembic') gives ours another name."
        )
    return (
        f"'flask {NAME}' is the command of Flask-Alembic, which has replaced that of "
        f"{other}. Alembic(app, command_name='alembic') keeps both."
    )


def _group_that_asks() -> click.Group | None:
    """Return the group that loads the entry point right now.

    A group of an app's own, made with :class:`flask.cli.FlaskGroup`, may have a
    command ``db``. Flask puts the entry point in its place without looking, and hands
    nothing to it that tells which group it is for. So the caller is looked at;
    ``tests/bad_input/test_flask_command.py`` fails when Flask loads entry points otherwise.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "_load_plugin_commands":
            group = frame.f_locals.get("self")
            return group if isinstance(group, click.Group) else None
        frame = frame.f_back
    return None


_command = AppCommand(NAME)


def __getattr__(name: str) -> Any:
    """Return the command, or the one that a group has under its name already."""
    if name != "command":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    group = _group_that_asks()
    return _command if group is None else group.commands.get(NAME, _command)
