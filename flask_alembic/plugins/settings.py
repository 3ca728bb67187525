"""What ``ALEMBIC`` and ``ALEMBIC_CONTEXT`` in ``app.config`` give to Alembic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..config_defaults import context_without
from ..hooks.markers import hookimpl
from ..hooks.payloads import VersionLocation

if TYPE_CHECKING:
    from alembic.config import Config
    from flask import Flask

    from ..config import Settings
    from ..script.locations import Locations


@hookimpl(tryfirst=True)
def configure(app: Flask, config: Config) -> None:
    """Fill the configuration; other plugins change what is there then."""
    from ..runtime.environment import environment_of

    environment = environment_of(app)
    fill_config(config, environment.settings, environment.own_locations)


@hookimpl(tryfirst=True)
def version_locations(app: Flask) -> list[VersionLocation]:
    """Give the folders of ``ALEMBIC["version_locations"]``; those of plugins follow."""
    from ..runtime.environment import environment_of

    locations = environment_of(app).settings.version_locations
    return [VersionLocation(path, branch) for branch, path in locations]


@hookimpl(trylast=True)
def context_options(app: Flask, database: str) -> dict[str, Any]:
    """Give ``ALEMBIC_CONTEXT``, which goes over what plugins give."""
    from ..runtime.environment import environment_of

    context = environment_of(app).settings.context_for(database)
    return context_without(app, context)


def why_needed(config: Mapping[str, Any]) -> str:
    """Return why the plugin cannot be disabled.

    :param config: ``app.config``.
    """
    return "it is what reads ALEMBIC and ALEMBIC_CONTEXT"


def fill_config(config: Config, settings: Settings, locations: Locations) -> None:
    """Write the settings into Alembic's configuration.

    :param config: Alembic's own object.
    :param settings: What ``app.config`` says.
    :param locations: The folders, as absolute paths.
    """
    config.set_main_option("script_location", escape(str(locations.script)))
    # One path a line: a path may hold a colon, a comma or a space.
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_path_separator", "newline")
    config.set_main_option(
        "version_locations", escape("\n".join(map(str, locations.paths)))
    )
    for key, value in settings.options.items():
        config.set_main_option(key, escape(value))
    for section, options in settings.sections.items():
        for key, value in options.items():
            config.set_section_option(section, key, escape(value))


def escape(value: str) -> str:
    """Double the percent signs, which mean interpolation to ``ConfigParser``.

    Those that are doubled already, as in an ``alembic.ini``, are left.

    :param value: The text as the app gives it.
    """
    return value.replace("%%", "%").replace("%", "%%")
