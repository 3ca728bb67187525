"""What plugins add to an environment: folders of revisions, options of contexts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import HookError
from ..hooks import specs

if TYPE_CHECKING:
    from ..hooks.dispatch import Hooks
    from ..settings import Location


def plugin_locations(hooks: Hooks) -> list[Location]:
    """Return the folders that plugins bring along.

    :param hooks: The dispatcher of the app.
    :raises HookError: When a plugin gave something else.
    """
    from ..hooks.payloads import VersionLocation

    found: list[Location] = []
    for name, locations in hooks.gather(specs.version_locations):
        for location in locations:
            if not isinstance(location, VersionLocation):
                raise HookError(
                    f"{hooks.registry.describe(name)} gave {location!r} to "
                    "version_locations.",
                    "Return flask_alembic.hooks.VersionLocation objects.",
                    plugin=name,
                    hook="version_locations",
                )
            found.append((location.branch, str(location.path)))
    return found


def plugin_options(hooks: Hooks, database: str) -> dict[str, Any]:
    """Return the arguments that plugins want for the context of a database.

    :param hooks: The dispatcher of the app.
    :param database: The name of the database.
    :raises HookError: When two plugins disagree, or one gave something else.
    """
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, options in hooks.gather(specs.context_options, database=database):
        if not isinstance(options, Mapping):
            raise HookError(
                f"{hooks.registry.describe(name)} gave {options!r} to context_options.",
                "Return a dict.",
                plugin=name,
                hook="context_options",
            )
        for key, value in options.items():
            if key in merged and merged[key] != value:
                raise HookError(
                    f"{hooks.registry.describe(origin[key])} and "
                    f"{hooks.registry.describe(name)} disagree on the context option "
                    f"{key!r} of database {database!r}.",
                    "Disable one of them, or set the option in ALEMBIC_CONTEXT.",
                    plugin=name,
                    hook="context_options",
                )
            merged[key] = value
            origin[key] = name
    return merged
