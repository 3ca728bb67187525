"""The Alembic ``Config`` object, filled from the settings without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..settings import Settings
from .locations import Locations

if TYPE_CHECKING:
    from alembic.config import Config


def make_config(settings: Settings, locations: Locations) -> Config:
    """Build Alembic's configuration.

    :param settings: What ``app.config`` says.
    :param locations: The folders, as absolute paths.
    """
    from alembic.config import Config

    config = Config()
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
    return config


def escape(value: str) -> str:
    """Double the percent signs, which mean interpolation to ``ConfigParser``.

    Those that are doubled already, as in an ``alembic.ini``, are left.

    :param value: The text as the app gives it.
    """
    return value.replace("%%", "%").replace("%", "%%")
