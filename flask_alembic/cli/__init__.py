"""The command line: integration with Click and Flask-Script, and commands of plugins.

Integration with Click, done automatically for ``app.cli``::

    from flask_alembic import alembic_click
    app.cli.add_command(alembic_click, "db")

Integration with Flask-Script::

    from flask_alembic import alembic_script
    manager.add_command("db", alembic_script)

What a plugin needs for a command of its own is imported from here::

    from flask_alembic.cli import command, current_command, database_option

    @command("sizes")
    @database_option
    def sizes(databases):
        current_command().data = {"bytes": 42}

A command that is added to ``alembic_click``, which is ``flask_alembic.cli.cli`` too, is
a command of ``flask db`` in each app.

Each Click command is an attribute of this package too (``flask_alembic.cli.upgrade``)
and can be added to a group whose ``ctx.obj`` is the extension.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..extension import Alembic
    from ..runtime.invocation import CommandContext, current_command
    from .base_command import (
        AlembicCommand,
        command,
        database_option,
        verbosity_option,
        x_argument_option,
    )
    from .group import AlembicGroup
    from .params import BranchType, DatabaseType, RevisionRangeType, RevisionType
    from .writer import Writer

    alembic_click: AlembicGroup
    """The group for apps that add it themselves; what is added to it, each app has."""

    cli: AlembicGroup
    """The same group under the name that it has in Flask-Alembic 3."""

    def get_extension() -> Alembic:
        """Return the extension that the command works on.

        :raises UsageError: When there is none.
        """


__all__ = [
    "AlembicCommand",
    "AlembicGroup",
    "BranchType",
    "CommandContext",
    "DatabaseType",
    "RevisionRangeType",
    "RevisionType",
    "Writer",
    "command",
    "current_command",
    "database_option",
    "get_extension",
    "verbosity_option",
    "x_argument_option",
]

_PUBLIC = {
    "AlembicCommand": "flask_alembic.cli.base_command",
    "AlembicGroup": "flask_alembic.cli.group",
    "BranchType": "flask_alembic.cli.params",
    "CommandContext": "flask_alembic.runtime.invocation",
    "DatabaseType": "flask_alembic.cli.params",
    "RevisionRangeType": "flask_alembic.cli.params",
    "RevisionType": "flask_alembic.cli.params",
    "Writer": "flask_alembic.cli.writer",
    "command": "flask_alembic.cli.base_command",
    "current_command": "flask_alembic.runtime.invocation",
    "database_option": "flask_alembic.cli.base_command",
    "get_extension": "flask_alembic.cli.context",
    "verbosity_option": "flask_alembic.cli.base_command",
    "x_argument_option": "flask_alembic.cli.base_command",
}
"""Where each public name is; it is imported when it is first used."""


def __getattr__(name: str) -> Any:
    # Asked for our own modules too, whenever one is imported for the first time.
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    if name in {"alembic_click", "cli"}:
        from ..builtin import shared_group

        globals()[name] = shared_group()
        return globals()[name]
    if not name.startswith("_"):
        from ..plugins.command_list import COMMANDS

        for command_name, target, _ in COMMANDS:
            if name in {command_name, command_name.replace("-", "_")}:
                module, _, attribute = target.partition(":")
                value = getattr(importlib.import_module(module), attribute)
                globals()[name] = value
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
