"""Whether the script directory is there, told without reading the settings.

Every process of an app asks this when it starts, though only commands need the
settings, and making the directory happens once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def is_there(app: Flask) -> bool:
    """Return whether there is a script directory with a template, for sure.

    :param app: The application.
    :return: ``False`` too where only the settings can tell.

    .. versionadded:: 4.0
    """
    given = app.config.get("ALEMBIC") or {}
    if not isinstance(given, Mapping) or given.get("version_locations"):
        return False
    folder = _folder(app, given.get("script_location"), given.get("relative_to"))
    return folder is not None and os.path.isfile(os.path.join(folder, "script.py.mako"))


def _folder(app: Flask, path: object, relative_to: object) -> str | None:
    """Return the directory as :func:`.locations.locate` finds it, if that is simple."""
    if relative_to not in (None, "instance", "root"):
        return None
    if path is None:
        return os.path.join(app.root_path, "migrations")
    if not isinstance(path, str) or not path or ":" in path:
        return None
    if os.path.isabs(path):
        return path
    instance = os.path.join(app.instance_path, path)
    root = os.path.join(app.root_path, path)
    if relative_to == "root":
        return root
    if relative_to is None and not os.path.exists(instance):
        return root
    return instance
