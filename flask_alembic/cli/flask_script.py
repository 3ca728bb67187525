"""Integration with Flask-Script: the same commands in a ``Manager``.

The maintained distribution is ``flask-script-ng``; the original ``flask_script`` is
used where only that can be imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import AlembicError, ConfigurationError
from ..hooks.redaction import hide_passwords
from . import base
from .base_command import to_alembic_error


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


def _exits(function: Callable[..., None]) -> Callable[..., None]:
    """Turn our errors into a message and an exit code."""

    def run(**arguments: Any) -> None:
        try:
            function(**arguments)
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            _exit(to_alembic_error(error))

    run.__name__ = function.__name__
    run.__doc__ = (function.__doc__ or "").partition("\n\n")[0]
    return run


def _exit(error: AlembicError) -> NoReturn:
    import sys

    print(hide_passwords(f"Error: {error.message}"), file=sys.stderr)
    if error.advice:
        print(hide_passwords(error.advice), file=sys.stderr)
    raise SystemExit(error.exit_code)


def make_manager() -> Any:
    """Return a Flask-Script manager with our commands.

    :raises ConfigurationError: When Flask-Script is not installed.
    """
    library = _library()
    what = "Perform database migrations."
    # Its ``usage`` would stand in place of the command: "usage: Perform database ...".
    manager = library.Manager(description=what, help=what, with_default_commands=False)
    option = library.Option
    verbose = option("-v", "--verbose", action="store_true", help="Show more.")
    target = option("target", nargs="?", default="heads", help="The revision.")
    label = option("-l", "--label", action="append", help="Label(s) to apply.")
    message = option("-m", "--message", help="Description.")

    def add(name: str, function: Callable[..., None], *options: Any) -> None:
        command = library.Command(_exits(function))
        command.option_list = list(options)
        manager.add_command(name, command)

    add("mkdir", base.mkdir)
    add(
        "current",
        base.current,
        verbose,
        option("--check-heads", action="store_true", help="Fail unless at head."),
    )
    add(
        "heads",
        base.heads,
        option("--resolve-dependencies", action="store_true", help="No dependencies."),
        verbose,
    )
    add("branches", base.branches, verbose)
    add(
        "log",
        base.log,
        option("--start", default="base", help="Show since this revision."),
        option("--end", default="heads", help="Show until this revision."),
        verbose,
    )
    add("show", base.show, option("revisions", nargs="*", help="The revisions."))
    add("check", base.check)
    add("stamp", base.stamp, target)
    add("upgrade", base.upgrade, target)
    add(
        "downgrade",
        base.downgrade,
        option("target", nargs="?", default="-1", help="The revision."),
    )
    add(
        "revision",
        base.revision,
        option("message", help="Description of revision."),
        option("--empty", action="store_true", help="Create empty script."),
        option("-b", "--branch", default="default", help="Independent branch."),
        option("-p", "--parent", default="head", help="Parent revision(s)."),
        option("--splice", action="store_true", help="Allow non-head parent."),
        option("-d", "--depend", action="append", help="Dependencies."),
        label,
        option("--path", help="Where to store the revision."),
    )
    add(
        "merge",
        base.merge,
        option("revisions", nargs="*", help="Revisions to merge."),
        message,
        label,
    )
    return manager


def __getattr__(name: str) -> Any:
    if name != "alembic_script":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    manager = make_manager()
    globals()[name] = manager
    return manager
