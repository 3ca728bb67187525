"""Script directories that are there, found by looking at paths alone.

What starts with the app looks here: no settings are imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..config_defaults import is_set

if TYPE_CHECKING:
    from flask import Flask


def is_there(app: Flask) -> bool:
    """Return whether there is a script directory with a template, for sure.

    :param app: The application.
    :return: ``False`` too where only the settings can tell.

    .. versionadded:: 4.0
    """
    given = app.config.get("ALEMBIC") or {}
    if not isinstance(given, Mapping):
        return False
    location = given.get("script_location")
    path = location if is_set(location) else None
    folder = _folder(app, path, given.get("relative_to"))
    return folder is not None and os.path.isfile(os.path.join(folder, "script.py.mako"))


def _folder(app: Flask, path: object, relative_to: object) -> str | None:
    """Return the directory as :func:`.locations.locate` finds it, if that is simple."""
    if relative_to not in (None, "instance", "root"):
        return None
    if path is None:
        root = os.path.join(app.root_path, "migrations")
        if relative_to is not None or os.path.exists(root):
            return root
        return beside_package(app, "migrations") or root
    if not isinstance(path, str) or not path or ":" in path:
        return None
    if os.path.isabs(path):
        return path
    instance = os.path.join(app.instance_path, path)
    root = os.path.join(app.root_path, path)
    if relative_to == "root":
        return root
    if relative_to is None and not os.path.exists(instance):
        return root if os.path.exists(root) else beside_package(app, path)
    return instance


def beside_package(app: Flask, path: str) -> str | None:
    """Return a directory of Alembic or Flask-Migrate beside the app's package.

    They start at the folder that commands are run from, which is mostly the one that
    holds the package, or holds the ``src`` that holds it.

    :param app: The application.
    :param path: The directory, relative to that folder.
    :return: The directory, if there is one that they have laid out.

    .. versionadded:: 4.0
    """
    for folder in _above(app.root_path):
        found = os.path.normpath(os.path.join(folder, path))
        if is_laid_out_by_alembic(found):
            return found
    return None


def is_laid_out_by_alembic(folder: str) -> bool:
    """Return whether a directory is one of Alembic or Flask-Migrate.

    :param folder: The directory.

    .. versionadded:: 4.0
    """
    return os.path.isdir(os.path.join(folder, "versions")) and any(
        os.path.isfile(os.path.join(folder, name)) for name in ("env.py", "alembic.ini")
    )


def _above(root: str) -> list[str]:
    """Return the folder that holds the app's package, and that of ``src``."""
    folder = os.path.abspath(root)
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            break
    if os.path.basename(folder) == "src":
        return [folder, os.path.dirname(folder)]
    return [folder]


def elsewhere(app: Flask, folder: Path) -> str | None:
    """Return a directory of Alembic or Flask-Migrate that holds revisions.

    :param app: The application.
    :param folder: Where revisions were looked for.

    .. versionadded:: 4.0
    """
    beside = beside_package(app, "migrations")
    for found in (os.path.abspath("migrations"), beside):
        if found is None or not is_laid_out_by_alembic(found):
            continue
        versions = os.path.join(found, "versions")
        if versions != str(folder) and any(
            name.endswith(".py") for name in os.listdir(versions)
        ):
            return found
    return None
