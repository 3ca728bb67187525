"""Plugin objects that an app gives to its extension."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import PluginError
from .registry import CORE
from .signals import spec_functions
from .validation import validate


def plugin_name(plugin: object) -> str:
    """Return what a plugin object is called by default: its module or class.

    :param plugin: A module or an instance.
    """
    return str(getattr(plugin, "__name__", None) or type(plugin).__name__)


def accepted(plugin: object, name: str, known: Sequence[tuple[str, object]]) -> str:
    """Return the name for a plugin object, which no other one has.

    :param plugin: A module or an instance.
    :param name: What to call it; a number is added where that is taken.
    :param known: Pairs of name and plugin that there are.
    :raises PluginError: When it is wrong, or there already.
    """
    validate(plugin, name, spec_functions())
    if any(each is plugin for _, each in known):
        raise PluginError(f"Plugin {name!r} is registered twice.", "Register it once.")
    taken = {CORE, *(each for each, _ in known)}
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique
