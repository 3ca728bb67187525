"""The commands of ``flask db``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl
from .command_list import add_commands

if TYPE_CHECKING:
    from ..cli.group import AlembicGroup


@hookimpl(trylast=True)
def register_commands(cli: AlembicGroup) -> None:
    """Add each of our commands that is not there yet, without importing it.

    The group has added them itself before it asks plugins: without one, ``flask db``
    has no need of pluggy.
    """
    add_commands(cli)
